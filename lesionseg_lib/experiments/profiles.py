"""Three sizes of the same work: ``smoke`` for tests, ``student`` for a lesson, ``full`` for the figures of the book.

A profile changes sizes, never code paths.
"""

import os
from dataclasses import dataclass, replace

from lesionseg_lib.training.recipes import Recipe
from lesionseg_lib.utils.lookup import look_up


@dataclass(frozen=True)
class Profile:
    """Sizes of a run. ``synthetic`` counts (train, validation, test); None: only real data will do."""

    name: str
    purpose: str
    size: tuple[int, int] | None
    """Size of the network's input, (height, width); None: the recipe's."""
    max_epochs: int | None
    batch_size: int | None
    synthetic: tuple[int, int, int] | None
    prefer_real_data: bool
    needs_weights: bool
    publishes: bool
    """Whether its records go to the published results."""
    uses_recorded_runs: bool
    """Whether a lesson takes a recorded run in place of training."""

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe cut down to this profile."""
        return replace(
            recipe,
            size=self.size or recipe.size,
            epochs=min(recipe.epochs, self.max_epochs or recipe.epochs),
            batch_size=self.batch_size or recipe.batch_size,
        )


PROFILES = {
    "smoke": Profile(
        "smoke",
        "a few drawn lesions, two epochs: shows that everything runs, not how well",
        size=(64, 64),
        max_epochs=2,
        batch_size=8,
        synthetic=(24, 8, 8),
        # The same pictures everywhere: a test must not depend on what a machine happens to hold.
        prefer_real_data=False,
        needs_weights=False,
        publishes=False,
        uses_recorded_runs=False,
    ),
    "student": Profile(
        "student",
        "the whole data set, five epochs: minutes on a free GPU, close to the figures of the book",
        size=None,
        max_epochs=5,
        batch_size=None,
        synthetic=(320, 40, 80),
        prefer_real_data=True,
        needs_weights=True,
        publishes=False,
        uses_recorded_runs=False,
    ),
    "full": Profile(
        "full",
        "the whole data set, all epochs: the figures of the book",
        size=None,
        max_epochs=None,
        batch_size=None,
        synthetic=None,
        prefer_real_data=True,
        needs_weights=True,
        publishes=True,
        uses_recorded_runs=True,
    ),
}


def get_profile(name: str | None = None) -> Profile:
    """The profile of that name; None: the one ``LESIONSEG_PROFILE`` names, else ``student``."""
    return look_up(PROFILES, name or os.environ.get("LESIONSEG_PROFILE") or "student", "profile")
