"""What was claimed beside what was measured, from the records alone: no data, no model, no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lesionseg_lib.errors import RecordError
from lesionseg_lib.evaluation.bootstrap import paired_interval
from lesionseg_lib.results.claims import Nearest, distances
from lesionseg_lib.results.records import Record, load_records, published_results, read_table, record_path
from lesionseg_lib.training.recipes import Claim, Recipe
from lesionseg_lib.utils.lookup import look_up

SHOWN = ("jaccard", "dice")
"""The metrics that tables show; the wheel carries these columns of the tables of images."""


@dataclass(frozen=True)
class Score:
    """A mean over images and its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """One recipe in the comparison. Without a record there are no seeds, no scores and no readings.

    Scores and readings are means over the seeds.
    """

    name: str
    claim: Claim | None
    seeds: tuple[int, ...] = ()
    jaccard: Score | None = None
    dice: Score | None = None
    readings: Mapping[str, Mapping[str, float]] | None = None
    means: tuple[float, ...] = ()
    """Mean Jaccard of each seed."""
    whole: bool = True
    """Whether the intervals are over images and seeds. If not, a table is missing, and their ends are the means of the
    seeds' ends: over images alone."""

    def nearest(self) -> Nearest | None:
        """None where there is no claim or no record."""
        if self.claim is None or not self.readings:
            return None
        return min(distances(self.claim, self.readings), key=lambda nearest: nearest.distance)


def compare_all(
    recipes: Mapping[str, Recipe], records: Mapping[str, Mapping[int, Record]], results: Path | None = None
) -> list[Row]:
    """A row for every recipe, then one for every record that is of no recipe (baselines).

    ``results``: where the per-image tables of ``records`` are, which recipes with several seeds need for an interval
    over images and seeds. Raises ``RecordError`` when a record lacks what the comparison needs or a table is damaged.
    """
    rows = []
    for name in [*recipes, *(name for name in records if name not in recipes)]:
        claim = recipes[name].claimed if name in recipes else None
        try:
            rows.append(_row(name, claim, records.get(name, {}), results))
        except (KeyError, TypeError) as error:
            raise RecordError(f"The record of {name} is incomplete: {error} is missing. Train it again.") from error
    return rows


def _row(name: str, claim: Claim | None, records: Mapping[int, Record], results: Path | None) -> Row:
    if not records:
        return Row(name, claim)
    # A reading counts where every seed has it.
    common = [r for r in next(iter(records.values()))["readings"] if all(r in o["readings"] for o in records.values())]
    tables = results is not None and all(record_path(results, name, s).with_suffix(".csv").exists() for s in records)
    tests = {metric: [record["test"][metric] for record in records.values()] for metric in SHOWN}
    scores = {metric: _mean_score(seeds) for metric, seeds in tests.items()}
    if results is not None and tables and len(records) > 1:
        for metric, score in scores.items():
            images = image_scores(results, name, records, metric).to_numpy()
            scores[metric] = Score(score.mean, *paired_interval(images, np.zeros_like(images[:1])))
    return Row(
        name,
        claim,
        tuple(records),
        scores["jaccard"],
        scores["dice"],
        {
            reading: {
                metric: float(np.mean([record["readings"][reading][metric] for record in records.values()]))
                for metric in SHOWN
            }
            for reading in common
        },
        tuple(test["mean"] for test in tests["jaccard"]),
        tables or len(records) == 1,
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
    return [difference(folder, records, first, second, metric) for metric in SHOWN]


def difference(
    results: Path, records: Mapping[str, Mapping[int, Record]], first: str, second: str, metric: str
) -> Difference:
    """``first`` minus ``second`` on the images of their tables. Raises ``RecordError`` when those are not the same."""
    a, b = (image_scores(results, name, records[name], metric) for name in (first, second))
    if not a.columns.equals(b.columns):
        raise RecordError(f"The tables of {first} and {second} in {results} list different images. Train both again.")
    gain = a.mean() - b.mean()
    low, high = paired_interval(a.to_numpy(), b.to_numpy())
    return Difference(
        first,
        second,
        metric.capitalize(),
        float(gain.mean()),
        low,
        high,
        len(gain),
        int((gain > 0).sum()),
        int((gain < 0).sum()),
        (len(a), len(b)),
    )


def image_scores(results: Path, name: str, records: Mapping[int, Record], metric: str) -> pd.DataFrame:
    """Scores of the per-image tables: one row a seed, one column an image, sorted by id.

    Raises ``RecordError`` when a table is missing or damaged, or the seeds' tables list different images.
    """
    tables = {}
    for seed in records:
        path = record_path(results, name, seed)
        try:
            table = read_table(path)
        except ValueError as error:  # pandas: empty, or no table
            raise RecordError(f"{path.with_suffix('.csv')}: not a table ({error}). Restore it.") from error
        missing = {"id", metric} - set(table.columns)
        if missing:
            raise RecordError(f"{path.with_suffix('.csv')}: lacks the column {', '.join(sorted(missing))}. Restore it.")
        tables[seed] = table.set_index("id")[metric]
    scores = pd.DataFrame(tables).T.sort_index(axis="columns")
    if scores.isna().any(axis=None):
        raise RecordError(f"The tables of {name} in {results} list different images. Train it again.")
    return scores
