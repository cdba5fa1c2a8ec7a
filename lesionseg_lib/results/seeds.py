"""Where one more run of a recipe should land: a band made from the recorded seeds, and one's own run held against it.

Two runs that differ in the seed alone do not score alike. How far they spread is known from the recipes that were
trained with several seeds; their spread, pooled, is taken to hold for all. A run outside the band differs in more than
its seed: in data, settings, versions, or in a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t

from lesionseg_lib.results.records import Record, Records

SHARE = 0.95
PROSE = {"title", "choices", "claimed", "family"}


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
    found = [name.replace("_", " ") for name in mine if name not in PROSE and mine[name] != theirs.get(name)]
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

    def draw(self, n: int, seeds: Sequence[int], rng: np.random.Generator) -> npt.NDArray[np.float64]:
        """What other seeds would change in means of so many seeds, (n, len(seeds)).

        Normal, with a deviation that is drawn too, as it is estimated from few: differences follow Student's t. Model:
        as for ``expected_band``. Added to resampled images, this makes intervals over images and seeds together
        (``pooled`` under ``both`` in ``results/coverage.json``).
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
