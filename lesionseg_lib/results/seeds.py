"""Where one more run of a recipe should land: a band made from the recorded seeds, and one's own run held against it.

Two runs that differ in the seed alone do not score alike. How far they spread is known from the recipes that were
trained with several seeds; their spread, pooled, is taken to hold for all. A run outside the band differs in more than
its seed: in data, settings, versions, or in a mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import t

from lesionseg_lib.results.comparison import image_scores
from lesionseg_lib.results.records import Record, Records
from lesionseg_lib.training.recipes import PROSE
from lesionseg_lib.utils.checks import Need, check_arrays

SHARE = 0.95
NO_SETTING = {*PROSE, "family"}


@dataclass(frozen=True)
class SeedBand:
    """Mean Jaccard on test within which ``SHARE`` of further seeds are expected, from ``seeds`` recorded ones."""

    low: float
    high: float
    seeds: int


def expected_band(seeds: Mapping[int, Record], records: Records, share: float = SHARE) -> SeedBand | None:
    """The band for one more seed of a recipe with these recorded ``seeds``; ``records`` tell how far seeds spread.

    mean +- t s sqrt(1 + 1/k) for k recorded seeds: the new run has its own chance, and so has the mean. s is pooled
    over the recipes with several seeds, t has their degrees of freedom. None where nothing tells the spread.

    Model: mean scores of a recipe's seeds are independent and normal, with one deviation for all recipes. Then the band
    holds ``share`` of further seeds exactly, for any number of seeds (simulated: ``seeds`` in
    ``results/coverage.json``); images are the same throughout and are no part of the chance.
    """
    spread = seed_spread(records)
    if not seeds or not spread.degrees:
        return None
    scores = [record["test"]["jaccard"]["mean"] for record in seeds.values()]
    half = t.ppf((1 + share) / 2, spread.degrees) * spread.deviation * np.sqrt(1 + 1 / len(scores))
    return SeedBand(float(np.mean(scores) - half), float(np.mean(scores) + half), len(scores))


def judge(own: Record, records: Records) -> str | None:
    """What a run's score on test says beside the recorded runs of its recipe, in a sentence or two.

    None for a run on other images, whose scores are not comparable, or of a recipe without a record.
    """
    seeds = records.get(own["name"], {})
    band = expected_band(seeds, records)
    recorded = next(iter(seeds.values()), None)
    if band is None or recorded is None or not _same_test(own, recorded):
        return None
    score = own["test"]["jaccard"]["mean"]
    count = f"{band.seeds} recorded seed{'s' if band.seeds > 1 else ''}"
    text = f"Test Jaccard {score:.3f}. From {count}, 95 % of further ones are expected within {band.low:.3f} to "
    text += f"{band.high:.3f}: "
    if different := _differences(own, recorded):
        return f"{text}but this run differs in {', '.join(different)}, so it need not lie there."
    if band.low <= score <= band.high:
        return f"{text}this one is inside."
    where = "below" if score < band.low else "above"
    return f"{text}this one is {where}. More than the seed is different: look at data, settings and versions."


def _same_test(own: Record, recorded: Record) -> bool:
    return bool(own["data"]["test"]["fingerprint"] == recorded["data"]["test"]["fingerprint"])


def _differences(own: Record, recorded: Record) -> list[str]:
    """Settings and data that the two runs do not share, by name."""
    mine, theirs = own["recipe"], recorded["recipe"]
    found = [name.replace("_", " ") for name in mine if name not in NO_SETTING and mine[name] != theirs.get(name)]
    for part in ("train", "validation"):
        if own["data"][part]["fingerprint"] != recorded["data"][part]["fingerprint"]:
            found.append(f"the {part} images")
    return found


@dataclass(frozen=True)
class SeedSpread:
    """Standard deviation of mean Jaccard between seeds of one recipe, pooled over recipes with several seeds."""

    deviation: float
    degrees: int
    """Of freedom: seeds minus one, summed over the recipes."""
    recipes: tuple[str, ...]
    interaction: float = 0.0
    """Part of ``deviation`` squared: luck of a seed with these very images (``seed_interaction``). 0: not known."""

    @property
    def net(self) -> float:
        """The deviation that no number of images takes away: without ``interaction``; 0 where that is all there is."""
        return float(np.sqrt(max(self.deviation**2 - self.interaction, 0)))

    def draw(self, n: int, seeds: Sequence[int], rng: np.random.Generator) -> npt.NDArray[np.float64]:
        """What other seeds would change in means of so many seeds, (n, len(seeds)).

        Made to be added to means over resampled images. Model: the score of image i in the run with seed s is a mean,
        plus what is the image's, plus a shift b of the seed, plus a term c of the two together, all independent. Means
        of runs on N images vary by var b + var c / N, which is ``deviation`` squared. Images resampled from the mean of
        k seeds see var c / (k N) already, so only var b / k is drawn here: ``interaction``, var c / N, is taken off.
        Where it is not known (0), that part is counted twice, and intervals are too long.

        Normal, with a deviation that is drawn too, as it is estimated from few: without ``interaction`` differences
        follow Student's t. How often intervals made so hold the truth: ``pooled`` under ``both`` in
        ``results/coverage.json``, and ``ablations.measure``.
        """
        whole = self.deviation**2 * self.degrees / rng.chisquare(self.degrees, size=(n, 1))
        deviation = np.sqrt(np.maximum(whole - self.interaction, 0))
        noise: npt.NDArray[np.float64] = deviation * rng.standard_normal((n, len(seeds))) / np.sqrt(seeds)
        return noise


def seed_interaction(tables: Iterable[npt.NDArray[np.float64]]) -> float:
    """How much of the variance between means of seeds is luck with these images: var c / N in the model of ``draw``.

    ``tables``: scores (seeds, N) of a recipe each, at least two seeds and two images. What is left of a table without
    its row means and column means has the variance var c (two-way analysis of variance, one score a cell); pooled over
    recipes by seeds minus one. Raises ``ShapeError``.
    """
    found = degrees = 0.0
    for table in tables:
        check_arrays("one row a seed, one column an image", table=Need(table, "S N"))
        seeds, images = table.shape
        left = table - table.mean(0) - table.mean(1, keepdims=True) + table.mean()
        found += float(np.square(left).sum()) / max(images - 1, 1) / images
        degrees += seeds - 1
    return found / degrees if degrees else 0.0


def seed_spread(records: Records, results: Path | None = None) -> SeedSpread:
    """Of no recipes, with a deviation that is not a number, where none was trained with several seeds.

    ``results``: where the tables of images are, which tell ``interaction``. Raises ``RecordError`` when one is missing.
    """
    means = {
        name: [record["test"]["jaccard"]["mean"] for record in seeds.values()]
        for name, seeds in records.items()
        if len(seeds) > 1
    }
    if not means:
        return SeedSpread(float("nan"), 0, ())
    degrees = sum(len(scores) - 1 for scores in means.values())
    squares = sum(float(np.var(scores)) * len(scores) for scores in means.values())
    shared = 0.0
    if results is not None:
        shared = seed_interaction(image_scores(results, n, records[n], "jaccard").to_numpy() for n in means)
    return SeedSpread(float(np.sqrt(squares / degrees)), degrees, tuple(means), shared)
