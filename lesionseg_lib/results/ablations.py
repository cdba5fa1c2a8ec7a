"""What one change does: named pairs of recipes that differ in as little as possible, and who may be best.

Two chances move a score: which images are tested, and which seed the training began with. The first is bootstrapped, in
pairs. The second can be seen only where a recipe was trained with several seeds; its spread, pooled over those recipes,
is taken to hold for all. Both together say what may be said of two *recipes*; the first alone speaks of the *networks*
that were trained.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.comparison import Difference, difference
from lesionseg_lib.results.records import Records
from lesionseg_lib.results.seeds import seed_spread
from lesionseg_lib.results.significance import LEVEL, SIGNIFICANCE_DRAWS, holm, p_value, resampled_scores
from lesionseg_lib.training.recipes import Recipe


@dataclass(frozen=True)
class Step:
    """From one recipe to another. ``change`` is what the step is made for; see ``other_differences`` for the rest."""

    topic: str
    first: str
    second: str
    change: str

    @property
    def label(self) -> str:
        """Both names, what they begin with in common said once: "unet: frozen to finetuned"."""
        first, second = self.first.split("-"), self.second.split("-")
        same = 0
        while same < min(len(first), len(second)) - 1 and first[same] == second[same]:
            same += 1
        start = "-".join(first[:same]) + ": " if same else ""
        return f"{start}{'-'.join(first[same:])} to {'-'.join(second[same:])}"


STEPS = (
    Step("C: rate and stages", "dilated-frozen", "dilated-stage4", "trained stages"),
    Step("C: rate and stages", "dilated-frozen", "dilated-frozen-slow", "decoder's rate"),
    Step("C: rate and stages", "dilated-frozen-slow", "dilated-stage4", "trained stages"),
    Step("C: rate and stages", "dilated-stage4", "dilated-two-stages", "trained stages"),
    Step("C: rate and stages", "dilated-two-stages", "dilated-all", "trained stages"),
    Step("C: rate and stages", "dilated-frozen-slow", "dilated-all", "trained stages"),
    Step("C: rate and stages", "dilated-frozen", "dilated-all-two-rates", "trained stages"),
    Step("frozen or trained", "unet-frozen", "unet-finetuned", "trained stages"),
    Step("frozen or trained", "segnet-attention-frozen", "segnet-attention-finetuned", "trained stages"),
    Step("frozen or trained", "segnet-attention-atrous-frozen", "segnet-attention-atrous-finetuned", "trained stages"),
    Step("frozen or trained", "transposed-frozen", "transposed-finetuned", "trained stages"),
    Step("frozen or trained", "refine-bce-adam", "refine-finetuned", "trained stages"),
    Step("frozen or trained", "conv5-frozen", "conv5-finetuned", "trained stages"),
    Step("skips", "unet-without-skips", "unet-finetuned", "decoder"),
    Step("attention gates", "segnet-finetuned", "segnet-attention-finetuned", "decoder"),
    Step("atrous pyramid", "segnet-attention-frozen", "segnet-attention-atrous-frozen", "decoder"),
    Step("atrous pyramid", "segnet-attention-finetuned", "segnet-attention-atrous-finetuned", "decoder"),
    Step("optimiser", "refine-bce-rmsprop", "refine-bce-adam", "optimiser"),
    Step("loss", "refine-bce-adam", "refine-iou-adam", "loss"),
    Step("peer", "unet-finetuned", "smp-unet", "decoder"),
    Step("peer", "segnet-attention-atrous-finetuned", "smp-unet", "decoder"),
    Step("own", "smp-unet", "light", "decoder"),
    Step("own", "dilated-all", "light", "decoder"),
    Step("own", "unet-finetuned", "unet-as-light", "loss"),
    Step("own", "unet-as-light", "light", "decoder"),
)


def settings(recipe: Recipe) -> dict[str, object]:
    """What can move a score, by a readable name. A frozen encoder has no rate."""
    return {
        "decoder": recipe.decoder,
        "trained stages": recipe.trainable_stages,
        "loss": recipe.loss,
        "optimiser": f"{recipe.optimizer}, decay {recipe.weight_decay:g}" if recipe.weight_decay else recipe.optimizer,
        "decoder's rate": recipe.learning_rate,
        "encoder's rate": (recipe.encoder_learning_rate or recipe.learning_rate) if recipe.trainable_stages else None,
        "schedule": recipe.schedule,
        "batch size": recipe.batch_size,
        "epochs": recipe.epochs,
        "patience": recipe.patience,
        "augmentation": recipe.augmentation,
        "input size": recipe.size,
        "threshold": recipe.threshold,
        "last stage": recipe.last_stage,
        "clipping": recipe.clip_norm,
        "average of weights": recipe.average_decay,
        "kept epoch": recipe.kept_epoch,
        "extra data": recipe.extra_data,
        "masks": recipe.masks,
        "teacher": (recipe.teacher, recipe.teacher_weight) if recipe.teacher else None,
    }


def other_differences(step: Step, recipes: Mapping[str, Recipe]) -> tuple[str, ...]:
    """In what the two recipes of a step differ besides its change."""
    first, second = (settings(recipes[name]) for name in (step.first, step.second))
    different = [name for name, value in first.items() if value != second[name] and name != step.change]
    if None in (first["encoder's rate"], second["encoder's rate"]):  # it comes with training the encoder
        different = [name for name in different if name != "encoder's rate"]
    return tuple(different)


@dataclass(frozen=True)
class Effect:
    """What a step did to mean Jaccard on test, second minus first."""

    step: Step
    other_differences: tuple[str, ...]
    difference: Difference
    """Of the means over the recorded seeds; its interval is over images alone, however many seeds there are."""
    low: float
    high: float
    """95 % interval over images and over seeds as they spread elsewhere; over images alone without several seeds."""
    p: float
    holm: float
    """``p`` after Holm's correction for the number of steps."""
    seeded: bool
    """Whether seeds are counted in."""

    @property
    def verdict(self) -> str:
        """What may be said, in three words."""
        if self.seeded and self.holm < LEVEL:
            return "shown"
        if self.seeded and (self.low > 0 or self.high < 0):
            return "not after Holm"
        return "these networks only" if self.difference.shown else "not shown"

    def sentence(self) -> str:
        """What may be said."""
        d, s = self.difference, self.step
        gain = f"{s.first} -> {s.second}: {100 * d.mean:+.1f} points ({100 * self.low:+.1f} to {100 * self.high:+.1f})"
        verdict = {
            "shown": "a difference, also with seeds and the number of comparisons counted in",
            "not after Holm": "the interval leaves out zero, but among so many comparisons one may do so by chance",
            "these networks only": "these trained networks differ on images like these; other seeds could undo it",
            "not shown": "no difference can be shown",
        }[self.verdict]
        return f"{gain}: {verdict}."


def measure(
    recipes: Mapping[str, Recipe], records: Records, results: Path, steps: Sequence[Step] = STEPS
) -> list[Effect]:
    """The effect of each step whose two recipes are recorded.

    Model of ``low`` and ``high``: as for ``SeedSpread.draw``, with one deviation between seeds for all recipes; images
    are resampled in pairs, seeds are drawn. How often such an interval holds the true difference of two recipes, in
    percent of 2,000 simulations, +-1, with skewed scores, missed lesions, and a spread pooled from four recipes of
    three seeds (``pooled`` under ``both`` in ``results/coverage.json``):

    ======== ==== ==== ==== ====
    images     20   50  100  379
    ======== ==== ==== ==== ====
    1 seed   96.9 96.0 94.3 95.3
    3 seeds  95.8 94.9 95.7 94.5
    ======== ==== ==== ==== ====

    So with fifty images or more it holds what it promises to within a point, with twenty it is up to two points too
    careful.

    The two-sided p value is twice the share of draws on the other side of zero. Source of its correction: Holm 1979,
    *A simple sequentially rejective multiple test procedure*. Raises ``RecordError`` like ``resampled_scores``.
    """
    known = [step for step in steps if step.first in records and step.second in records]
    if not known:
        return []
    names = list(dict.fromkeys(name for step in known for name in (step.first, step.second)))
    means, spread = resampled_scores(names, records, results), seed_spread(records, results)
    rng = np.random.default_rng(1)
    found = []
    for step in known:
        draws: npt.NDArray[np.float64] = (means[step.second] - means[step.first]).to_numpy()
        if spread.recipes:
            draws = draws + spread.draw(
                SIGNIFICANCE_DRAWS, [len(records[step.first]), len(records[step.second])], rng
            ) @ [-1, 1]
        found.append((step, *np.quantile(draws, [LEVEL / 2, 1 - LEVEL / 2]), p_value(draws)))
    corrected = holm([p for *_, p in found])
    return [
        Effect(
            step,
            other_differences(step, recipes),
            difference(results, records, step.second, step.first, "jaccard", over_seeds=False),
            float(low),
            float(high),
            p,
            adjusted,
            bool(spread.recipes),
        )
        for (step, low, high, p), adjusted in zip(found, corrected, strict=True)
    ]


BASE = "light"


def ablation_steps(recipes: Mapping[str, Recipe], base: str = BASE) -> list[Step]:
    """A step from ``base`` to every recipe of family "study"; topic and change are the one setting that differs.

    Raises ``RecordError`` where it is not one.
    """
    steps = []
    for name, recipe in recipes.items():
        if recipe.family == "study":
            changed = other_differences(Step("", base, name, ""), recipes)
            if len(changed) != 1:
                what = ", ".join(changed) or "nothing"
                raise RecordError(f"{name} differs from {base} in {what}; expected one setting.")
            steps.append(Step(changed[0], base, name, changed[0]))
    return steps


def ablation_table(names: Iterable[str], records: Records) -> pd.DataFrame:
    """One row a recipe that has a record: its settings, and at the best epoch its losses and validation Jaccard.

    Of the lowest seed. Losses of different kinds have no common unit: do not compare them down a column.
    """
    rows = {}
    for name in names:
        if name in records:
            record = records[name][min(records[name])]
            best = record["history"][record["best_epoch"] - 1]
            rows[name] = {
                "loss": record["recipe"]["loss"],
                "optimiser": record["recipe"]["optimizer"],
                "best epoch": record["best_epoch"],
                "training loss": best["train_loss"],
                "validation loss": best["validation_loss"],
                "validation J": best["validation_jaccard"],
            }
    return pd.DataFrame.from_dict(rows, orient="index")
