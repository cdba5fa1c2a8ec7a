"""The experiments as data: ``recipes.toml`` read into frozen dataclasses.

Reading them imports no torch, which takes seconds: the command line lists and compares recipes without.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from lesionseg_lib.utils.lookup import look_up

OPTIMIZERS = {"adam": "Adam", "nadam": "NAdam", "rmsprop": "RMSprop"}
"""Name in a recipe -> class of ``torch.optim``."""
SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": lambda epoch, epochs: 1.0,
    "cosine": lambda epoch, epochs: (1 + math.cos(math.pi * epoch / epochs)) / 2,
}
"""Name in a recipe -> factor on every learning rate after ``epoch`` of ``epochs``."""
STAGES = (1, 2, 3, 4)
"""The encoder's stages, from fine to coarse; their layers are in ``models.encoder.STAGES``."""


@dataclass(frozen=True)
class Claim:
    """What the write-up reported on its test set.

    ``approximate``: it says "about". ``loss`` is None where it gives none.
    """

    iou: float
    dice: float
    loss: float | None = None
    approximate: bool = False


@dataclass(frozen=True)
class Recipe:
    """All settings of one experiment. ``choices`` says what the write-up left open and we chose."""

    name: str
    family: str
    title: str
    decoder: str
    trainable_stages: tuple[int, ...]
    loss: str
    optimizer: str
    learning_rate: float
    batch_size: int
    epochs: int
    augmentation: str
    choices: str
    claimed: Claim | None = None
    encoder_learning_rate: float | None = None
    """Learning rate of the encoder; None: the same as the decoder's."""
    schedule: str = "constant"
    """Learning rate over the epochs: "constant", or "cosine" down to zero."""
    patience: int | None = None
    """Stop after this many epochs without a better validation Jaccard; None: run all epochs."""
    size: tuple[int, int] = (128, 128)
    threshold: float = 0.5

    @property
    def frozen_stages(self) -> tuple[int, ...]:
        return tuple(stage for stage in STAGES if stage not in self.trainable_stages)

    def settings(self) -> dict[str, Any]:
        """All fields as plain values, as they stand in a record."""
        values = asdict(self)
        for name in ("trainable_stages", "size"):
            values[name] = list(values[name])
        return values


@cache
def load_recipes() -> dict[str, Recipe]:
    """Every recipe by name, in the order of ``recipes.toml``."""
    text = (files("lesionseg_lib.training") / "recipes.toml").read_text(encoding="utf-8")
    return {name: _recipe(name, table) for name, table in tomllib.loads(text).items()}


def get_recipe(name: str) -> Recipe:
    """The recipe of that name. Raises ``UnknownNameError``, which suggests the nearest."""
    return look_up(load_recipes(), name, "recipe")


def _recipe(name: str, table: dict[str, Any]) -> Recipe:
    table = dict(table)
    table["trainable_stages"] = tuple(table["trainable_stages"])
    if "size" in table:
        table["size"] = tuple(table["size"])
    if "claimed" in table:
        table["claimed"] = Claim(**table["claimed"])
    recipe = Recipe(name=name, **table)
    look_up(OPTIMIZERS, recipe.optimizer, f"optimiser (recipe {name})")
    look_up(SCHEDULES, recipe.schedule, f"schedule (recipe {name})")
    return recipe
