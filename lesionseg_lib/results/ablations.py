"""What one change does: named pairs of recipes that differ in as little as possible, and who may be best.

Two chances move a score: which images are tested, and which seed the training began with. The first is bootstrapped, in
pairs. The second can be seen only where a recipe was trained with several seeds; its spread, pooled over those recipes,
is taken to hold for all. Both together say what may be said of two *recipes*; the first alone speaks of two *networks*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.comparison import Difference, difference, image_scores
from lesionseg_lib.results.records import Record
from lesionseg_lib.training.recipes import Recipe

DRAWS = 10_000  # so that the smallest p value, 2e-4, is small enough to be multiplied by the number of steps
LEVEL = 0.05
Records = Mapping[str, Mapping[int, Record]]


@dataclass(frozen=True)
class Step:
    """From one recipe to another. ``change`` is what the step is made for; ``besides`` finds what else differs."""

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
        "optimiser": recipe.optimizer,
        "decoder's rate": recipe.learning_rate,
        "encoder's rate": (recipe.encoder_learning_rate or recipe.learning_rate) if recipe.trainable_stages else None,
        "schedule": recipe.schedule,
        "batch size": recipe.batch_size,
        "epochs": recipe.epochs,
        "patience": recipe.patience,
        "augmentation": recipe.augmentation,
        "input size": recipe.size,
        "threshold": recipe.threshold,
    }


def besides(step: Step, recipes: Mapping[str, Recipe]) -> tuple[str, ...]:
    """In what the two recipes of a step differ besides its change."""
    first, second = (settings(recipes[name]) for name in (step.first, step.second))
    different = [name for name, value in first.items() if value != second[name] and name != step.change]
    if None in (first["encoder's rate"], second["encoder's rate"]):  # it comes with training the encoder
        different = [name for name in different if name != "encoder's rate"]
    return tuple(different)


@dataclass(frozen=True)
class SeedSpread:
    """Standard deviation of mean Jaccard between seeds of one recipe, pooled over recipes with several seeds."""

    deviation: float
    degrees: int
    """Of freedom: seeds minus one, summed over the recipes."""
    recipes: tuple[str, ...]

    def draw(self, n: int, seeds: Sequence[int], rng: np.random.Generator) -> npt.NDArray[np.float64]:
        """What other seeds would change in means of so many seeds, (n, len(seeds)).

        Normal, with a deviation that is drawn too, as it is estimated from few: differences follow Student's t.
        """
        deviation = self.deviation * np.sqrt(self.degrees / rng.chisquare(self.degrees, size=(n, 1)))
        noise: npt.NDArray[np.float64] = deviation * rng.standard_normal((n, len(seeds))) / np.sqrt(seeds)
        return noise


def seed_spread(records: Records) -> SeedSpread:
    """Of no recipes, with a deviation that is not a number, where none was trained with several seeds."""
    means = {
        name: [record["test"]["jaccard"]["mean"] for record in seeds.values()]
        for name, seeds in records.items()
        if len(seeds) > 1
    }
    if not means:
        return SeedSpread(float("nan"), 0, ())
    degrees = sum(len(scores) - 1 for scores in means.values())
    squares = sum(float(np.var(scores)) * len(scores) for scores in means.values())
    return SeedSpread(float(np.sqrt(squares / degrees)), degrees, tuple(means))


def resampled_scores(names: Sequence[str], records: Records, results: Path, n: int = DRAWS) -> pd.DataFrame:
    """Mean Jaccard of each recipe (columns) on n draws of images (rows), the same draws for all.

    Raises ``RecordError`` when a table is missing, or the tables list different images.
    """
    tables = {name: image_scores(results, name, records[name], "jaccard").mean() for name in names}
    scores = pd.DataFrame(tables)
    if scores.isna().any(axis=None):
        raise RecordError(f"The tables in {results} list different images, so they cannot be paired. Train again.")
    images = len(scores)
    drawn = np.random.default_rng(0).integers(0, images, size=(n, images)) + images * np.arange(n)[:, None]
    weights = np.bincount(drawn.ravel(), minlength=n * images).reshape(n, images) / images
    return pd.DataFrame(weights @ scores.to_numpy(), columns=list(names))


@dataclass(frozen=True)
class Effect:
    """What a step did to mean Jaccard on test, second minus first."""

    step: Step
    besides: tuple[str, ...]
    difference: Difference
    """Its interval is over images (and seeds, where there are several)."""
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
            "these networks only": "these two networks differ on images like these; other seeds could undo it",
            "not shown": "no difference can be shown",
        }[self.verdict]
        return f"{gain}: {verdict}."


def measure(
    recipes: Mapping[str, Recipe], records: Records, results: Path, steps: Sequence[Step] = STEPS
) -> list[Effect]:
    """The effect of each step whose two recipes are recorded.

    The two-sided p value is twice the share of draws on the other side of zero. Source of its correction: Holm 1979,
    *A simple sequentially rejective multiple test procedure*. Raises ``RecordError`` like ``resampled_scores``.
    """
    known = [step for step in steps if step.first in records and step.second in records]
    if not known:
        return []
    names = list(dict.fromkeys(name for step in known for name in (step.first, step.second)))
    means, spread, rng = resampled_scores(names, records, results), seed_spread(records), np.random.default_rng(1)
    found = []
    for step in known:
        draws: npt.NDArray[np.float64] = (means[step.second] - means[step.first]).to_numpy()
        if spread.recipes:
            draws = draws + spread.draw(DRAWS, [len(records[step.first]), len(records[step.second])], rng) @ [-1, 1]
        found.append((step, *np.quantile(draws, [LEVEL / 2, 1 - LEVEL / 2]), p_value(draws)))
    corrected = holm([p for *_, p in found])
    return [
        Effect(
            step,
            besides(step, recipes),
            difference(results, records, step.second, step.first, "jaccard"),
            float(low),
            float(high),
            p,
            adjusted,
            bool(spread.recipes),
        )
        for (step, low, high, p), adjusted in zip(found, corrected, strict=True)
    ]


def p_value(draws: npt.NDArray[np.float64]) -> float:
    """Two-sided, of resampled differences (n,); at least 2 / (n + 1), as so many draws cannot say less."""
    beyond = min(int((draws <= 0).sum()), int((draws >= 0).sum()))
    return min(1.0, 2 * (1 + beyond) / (1 + len(draws)))


def holm(p: Sequence[float]) -> list[float]:
    """The smallest times their number, the next times one less, and so on; never below one before it, at most 1."""
    order = np.argsort(p, kind="stable")
    scaled = np.array(p)[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(scaled))
    return [float(value) for value in adjusted]
