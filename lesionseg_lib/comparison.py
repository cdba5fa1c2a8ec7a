"""What was claimed beside what was measured, from the records alone: no data, no model, no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesionseg_lib.errors import RecordError
from lesionseg_lib.names import look_up
from lesionseg_lib.recipes import Claim, Recipe
from lesionseg_lib.records import Record, load_records, published_results, read_table, record_path

ROUNDING = 5e-4  # of a claimed figure: half a unit of the third digit


@dataclass(frozen=True)
class Score:
    """A mean over images and its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Nearest:
    """The reading of our predictions that comes nearest to a claimed pair; the distance is Euclidean."""

    reading: str
    jaccard: float
    dice: float
    distance: float


@dataclass(frozen=True)
class Row:
    """One recipe in the comparison. Without a record there are no seeds, no scores and no readings.

    Scores and readings are means over the seeds. The interval is over images: its ends are the means of the seeds'
    ends, so it is no narrower for several seeds than for one.
    """

    name: str
    claim: Claim | None
    seeds: tuple[int, ...] = ()
    jaccard: Score | None = None
    dice: Score | None = None
    readings: Mapping[str, Mapping[str, float]] | None = None

    def nearest(self) -> Nearest | None:
        """None where there is no claim or no record."""
        if self.claim is None or not self.readings:
            return None
        return min(distances(self.claim, self.readings), key=lambda nearest: nearest.distance)


def highest_dice(jaccard: float) -> float:
    """The highest mean Dice that a mean Jaccard allows.

    For one image Dice = 2 J / (1 + J), which is concave in J. By Jensen's inequality the mean Dice of several images is
    at most that of their mean Jaccard, with equality when all images score alike or when pixels are pooled.
    """
    return 2 * jaccard / (1 + jaccard)


def is_possible(claim: Claim) -> bool:
    """Whether one set of masks can have this mean IoU and this mean Dice (Dice is nowhere below IoU either)."""
    return claim.iou - ROUNDING <= claim.dice <= highest_dice(claim.iou) + ROUNDING


def distances(claim: Claim, readings: Mapping[str, Mapping[str, float]]) -> list[Nearest]:
    """How far each reading is from the claimed pair."""
    return [
        Nearest(name, r["jaccard"], r["dice"], float(np.hypot(r["jaccard"] - claim.iou, r["dice"] - claim.dice)))
        for name, r in readings.items()
    ]


def compare_all(recipes: Mapping[str, Recipe], records: Mapping[str, Mapping[int, Record]]) -> list[Row]:
    """A row for every recipe, then one for every record that is of no recipe (baselines).

    Raises ``RecordError`` when a record lacks what the comparison needs.
    """
    rows = []
    for name in [*recipes, *(name for name in records if name not in recipes)]:
        claim = recipes[name].claimed if name in recipes else None
        try:
            rows.append(_row(name, claim, records.get(name, {})))
        except (KeyError, TypeError) as error:
            raise RecordError(f"The record of {name} is incomplete: {error} is missing. Train it again.") from error
    return rows


def _row(name: str, claim: Claim | None, records: Mapping[int, Record]) -> Row:
    if not records:
        return Row(name, claim)
    tests = [record["test"] for record in records.values()]
    # A reading counts where every seed has it.
    common = [r for r in next(iter(records.values()))["readings"] if all(r in o["readings"] for o in records.values())]
    return Row(
        name,
        claim,
        tuple(records),
        _mean_score([test["jaccard"] for test in tests]),
        _mean_score([test["dice"] for test in tests]),
        {
            reading: {
                metric: float(np.mean([record["readings"][reading][metric] for record in records.values()]))
                for metric in ("jaccard", "dice")
            }
            for reading in common
        },
    )


def _mean_score(scores: list[dict[str, float]]) -> Score:
    return Score(*(float(np.mean([score[end] for score in scores])) for end in ("mean", "low", "high")))


@dataclass(frozen=True)
class Difference:
    """Mean score of ``first`` minus that of ``second`` on the same images, with its 95 % interval."""

    first: str
    second: str
    metric: str
    mean: float
    low: float
    high: float
    images: int
    better: int
    """On how many images ``first`` scores higher."""
    worse: int
    seeds: tuple[int, int]

    @property
    def shown(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0

    def sentence(self) -> str:
        """What may be said."""
        direction = "higher" if self.mean > 0 else "lower"
        what = f"{self.first} scores {abs(self.mean):.4f} {direction} than {self.second} in mean {self.metric}"
        interval = f"{self.low:+.4f} to {self.high:+.4f}"
        if self.shown:
            return f"{what}; the 95 % interval of the difference, {interval}, leaves out zero."
        return (
            f"No difference can be shown: {what}, but the 95 % interval of the difference, {interval}, includes zero."
        )


def compare_two(first: str, second: str, known: Mapping[str, Any], results: Path | None = None) -> list[Difference]:
    """Paired bootstrap of two recipes on mean Jaccard and mean Dice, from their per-image tables.

    ``known``: the names that exist. Raises ``UnknownNameError``; ``RecordError`` when a record or its table is
    missing, or the two were scored on different images.
    """
    folder = results or published_results()
    records = load_records(results)
    for name in (first, second):
        look_up({**known, **records}, name, "recipe")
    for name in (first, second):
        if name not in records:
            raise RecordError(
                f"{folder / name}: {name} has no record. Expected seed0.json and seed0.csv; "
                f"`lesionseg train {name} --profile full` writes them."
            )
    if first == second:
        raise RecordError(f"{first} was given twice. Name two different recipes.")
    prints = {
        record["data"]["test"]["fingerprint"] for name in (first, second) for record in records[name].values()
    }  # fmt: skip
    if len(prints) > 1:
        raise RecordError(
            f"{first} and {second} were scored on different test data ({', '.join(sorted(p[:12] for p in prints))}), "
            f"so their images cannot be paired. Train both on the same data."
        )
    differences = []
    for metric in ("jaccard", "dice"):
        a, b = (_scores(folder, name, records[name], metric) for name in (first, second))
        if not a.columns.equals(b.columns) or a.isna().any(axis=None) or b.isna().any(axis=None):
            raise RecordError(
                f"The tables of {first} and {second} in {folder} list different images. Train both again."
            )
        difference = a.mean() - b.mean()
        low, high = paired_interval(a.to_numpy(), b.to_numpy())
        differences.append(
            Difference(
                first,
                second,
                metric.capitalize(),
                float(difference.mean()),
                low,
                high,
                len(difference),
                int((difference > 0).sum()),
                int((difference < 0).sum()),
                (len(a), len(b)),
            )  # fmt: skip
        )
    return differences


def paired_interval(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], level: float = 0.95, n: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of the mean of ``a`` minus that of ``b``, scores (seeds, N) of the same N images.

    Images are resampled in pairs, because a hard image is hard for both; seeds are resampled within each. With one seed
    each this is ``metrics.bootstrap_interval`` of the differences.
    """
    rng = np.random.default_rng(seed)
    images = rng.integers(0, a.shape[1], size=(n, a.shape[1]))
    seeds_a, seeds_b = (rng.integers(0, len(x), size=(n, len(x))) for x in (a, b))
    means = [(a[i].mean(0) - b[j].mean(0))[k].mean() for i, j, k in zip(seeds_a, seeds_b, images, strict=True)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _scores(results: Path, name: str, records: Mapping[int, Record], metric: str) -> pd.DataFrame:
    """One row a seed, one column an image, sorted by id."""
    tables = {}
    for seed in records:
        path = record_path(results, name, seed)
        try:
            table = read_table(path)
        except RecordError as error:
            raise RecordError(
                f"{error} An installed package carries the JSON alone; the CSV are in the repository, under "
                f"results/: clone it, or name its folder with --results."
            ) from error
        except ValueError as error:  # pandas: empty, or no table
            raise RecordError(f"{path.with_suffix('.csv')}: not a table ({error}). Restore it.") from error
        missing = {"id", metric} - set(table.columns)
        if missing:
            raise RecordError(f"{path.with_suffix('.csv')}: lacks the column {', '.join(sorted(missing))}. Restore it.")
        tables[seed] = table.set_index("id")[metric]
    return pd.DataFrame(tables).T.sort_index(axis="columns")
