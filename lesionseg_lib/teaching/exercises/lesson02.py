"""Exercises of lesson 02: what columns say about the diagnosis, and which finder knows an altered copy."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.stats import spearmanr

from lesionseg_lib.teaching.diagnosis.causes import cause
from lesionseg_lib.teaching.diagnosis.copies import COPIES, check_copies
from lesionseg_lib.teaching.diagnosis.curves import average_precision
from lesionseg_lib.teaching.diagnosis.reading import demand, numbers, opened, rows
from lesionseg_lib.teaching.diagnosis.tables import Base, judge
from lesionseg_lib.teaching.exercises.registry import exercise
from lesionseg_lib.training.probing import channel_auc

_TWINS = "02: Is a test photo in the training set?"
_AUC = "06: Does a channel know a lesion?"

BELOW = cause("benign-above")
FOLDED = cause("auc-folded")
PAIRS = cause("pairs-not-divided")
GINI = cause("gini")
CORRELATED = cause("correlation-for-auc")
TIES_LOST = cause("ties-not-halved")
MEANS = cause("means-for-auc")
PRECISION_RECALL = cause("average-precision")
CUT_FIRST = cause("cut-before-auc")
RANKED = cause("rank-mean")
SOME_LEFT_OUT = cause("photos-left-out")
FILLED = cause("filled-with-mean")


@exercise(
    "02.1",
    _AUC,
    "Try a column that you made yourself, 1 for malignant and 0 for the others: what must come out?",
    "The area is a share of pairs: one malignant photo, one other. In how many pairs has the malignant one the "
    "larger value?",
)
def diagnosis_without_looking(auc: Any, table: pd.DataFrame) -> None:
    """each column ranks as you say. Those at .5 know nothing, the others something, if only where a photo comes from.

    ``auc``: column of ``table`` -> chance that a malignant photo ranks above a benign one.
    """
    if getattr(auc, "ndim", 1) == 2 and hasattr(auc, "to_dict"):
        auc = auc.iloc[:, 0] if auc.shape[1] == 1 else auc.iloc[0] if auc.shape[0] == 1 else auc
    auc = auc.to_dict() if hasattr(auc, "to_dict") else auc
    if isinstance(auc, list | tuple) and auc and all(isinstance(part, list | tuple) and len(part) == 2 for part in auc):
        auc = dict(auc)
    demand(isinstance(auc, Mapping), 'expected {column: number}, for example {"area": 0.5}.')
    for column in auc:
        demand(column in table, f"the table has no column {column!r}; it has {', '.join(map(str, table.columns))}.")
        demand(
            pd.api.types.is_numeric_dtype(table[column]),
            f"the column {column!r} holds text, which has no order to rank by; take a column of numbers.",
        )
    ill = (table["diagnosis"] == "malignant").to_numpy()
    found = numbers(auc, list(auc), "area under the curve")
    columns = table[list(auc)].astype(float)
    filled, known = _areas(columns.fillna(0), ill), _areas(columns, ill)
    # A value that could not be measured may count as 0, as in the lesson, or be left out.
    expected = {c: known[c] if abs(known[c] - found[c]) < 2e-3 else filled[c] for c in found}

    def of_columns(function: Callable[[Any, Any], float], fill: Any = 0) -> Callable[[], dict[Any, float]]:
        data = columns.fillna(fill)
        return lambda: {c: float(function(data[c].to_numpy(), ill)) for c in data}

    sick, well = int(ill.sum()), int((~ill).sum())
    complete = ~columns.isna().any(axis=1).to_numpy()
    named = table["diagnosis"].notna().to_numpy()
    bases: list[Base] = [
        (BELOW, lambda: {c: 1 - value for c, value in expected.items()}),
        (FOLDED, lambda: {c: max(value, 1 - value) for c, value in expected.items()}),
        (FOLDED, lambda: {c: min(value, 1 - value) for c, value in expected.items()}),
        (FOLDED, lambda: {c: abs(2 * value - 1) for c, value in expected.items()}),
        (GINI, lambda: {c: 2 * value - 1 for c, value in expected.items()}),
        (PAIRS, lambda: {c: value * sick * well for c, value in expected.items()}),
        (PAIRS, lambda: {c: (1 - value) * sick * well for c, value in expected.items()}),
        (PAIRS, lambda: {c: value * sick * well / len(ill) for c, value in expected.items()}),
        (PAIRS, lambda: {c: value * sick * well / len(ill) ** 2 for c, value in expected.items()}),
        (PAIRS, lambda: {c: value * sick * well + sick * (sick + 1) / 2 for c, value in expected.items()}),
        (CORRELATED, of_columns(lambda x, y: np.corrcoef(x, y)[0, 1])),
        (CORRELATED, of_columns(lambda x, y: spearmanr(x, y)[0])),
        (CORRELATED, of_columns(lambda x, y: abs(np.corrcoef(x, y)[0, 1]))),
        (TIES_LOST, of_columns(lambda x, y: (x[y][:, None] > x[~y]).mean())),
        (TIES_LOST, of_columns(lambda x, y: (x[y][:, None] >= x[~y]).mean())),
        (MEANS, of_columns(lambda x, y: x[y].mean() - x[~y].mean())),
        (MEANS, of_columns(lambda x, y: x[y].mean())),
        (MEANS, of_columns(lambda x, y: x[y].mean() / x[~y].mean())),
        (MEANS, of_columns(lambda x, y: (x[y] > x[~y].mean()).mean())),
        (MEANS, of_columns(lambda x, y: (x[y] > np.median(x[~y])).mean())),
        (PRECISION_RECALL, of_columns(average_precision)),
        (CUT_FIRST, of_columns(lambda x, y: ((x > np.median(x)) == y).mean())),
        (CUT_FIRST, of_columns(lambda x, y: ((x > x.mean()) == y).mean())),
        (CUT_FIRST, lambda: _areas((columns.fillna(0) > columns.fillna(0).mean()).astype(float), ill)),
        (CUT_FIRST, lambda: _areas((columns.fillna(0) > columns.fillna(0).median()).astype(float), ill)),
        (RANKED, lambda: {c: (v * well + (sick + 1) / 2) / len(ill) for c, v in expected.items()}),
        (SOME_LEFT_OUT, lambda: _areas(columns[complete], ill[complete])),
        (SOME_LEFT_OUT, lambda: _areas(columns.fillna(0)[named], ill[named])),
        (SOME_LEFT_OUT, lambda: _areas(columns.fillna(0)[: len(ill) // 2], ill[: len(ill) // 2])),
        (FILLED, lambda: _areas(columns.fillna(columns.mean()), ill)),
        (FILLED, lambda: _areas(columns.fillna(columns.median()), ill)),
        (FILLED, lambda: _areas(columns.fillna(-1), ill)),
    ]
    judge(found, expected, bases, hint="Is it ranked over all photos of the table?")


def _areas(columns: pd.DataFrame, ill: Any) -> dict[Any, float]:
    """Of each column, leaving out what was not measured."""
    found = {}
    for name in columns:
        values = columns[name].to_numpy(float)
        there = ~np.isnan(values)
        photos = torch.tensor(values[there])[:, None, None, None]  # one channel of one cell each
        found[name] = float(channel_auc(photos, torch.tensor(ill[there]))[0])
    return found


FARTHEST = cause("farthest")
SECOND = cause("second-nearest")
ORIGINALS_ASKED = cause("originals-asked")
NUMBERS_OF_COPIES = cause("numbers-of-copies")
LIMIT = cause("distance-limit")
TOP_FIVE = cause("among-the-nearest")
DISTANCES = cause("distances-for-hits")
OTHER_FINDER = cause("other-finder")
LOST = cause("lost-for-found")
ITSELF = cause("copies-among-themselves")
SAME_COPY = cause("unaltered-for-all")


@exercise(
    "02.2",
    _TWINS,
    "Distances stand in a table with a row for each copy and a column for each original. Which cell of a row should "
    "win?",
    "Check each copy by eye first: plot one photo beside its darker, mirrored and cropped copy. The unaltered row "
    "must say 100 for every finder.",
)
def what_survives(hits: Any, copies: Mapping[str, Any], finders: Mapping[str, Callable[[Any, Any], Any]]) -> None:
    """the copies are what they should be, and each finder found as many as you say.

    ``hits``: finder -> copy -> % of the copies whose original is the closest of all. ``copies``: uint8 (N, H, W, 3)
    each, among them "unaltered". ``finders``: distances of (M, H, W, 3) from (N, H, W, 3), as (M, N).
    """
    hits = rows(hits, list(finders), "percent of copies found")
    missing = [name for name in finders if name not in hits]
    demand(not missing, f"expected a row for each of {', '.join(finders)}; {', '.join(missing)} is missing.")
    check_copies(copies)
    some = np.asarray(opened(copies["unaltered"]))
    distances = {
        name: {copy: np.asarray(opened(finder(copies[copy], some))) for copy in COPIES}
        for name, finder in finders.items()
    }
    for name in finders:
        _check_hits(name, numbers(hits[name], list(COPIES), name), distances)


def _percent(distances: Mapping[str, Any], nearest: Callable[[Any], Any]) -> dict[Any, float]:
    return {copy: 100 * float((nearest(d) == np.arange(len(d))).mean()) for copy, d in distances.items()}


def _check_hits(name: str, found: Mapping[Any, float], every: Mapping[str, Mapping[str, Any]]) -> None:
    distances = every[name]
    expected = _percent(distances, lambda d: d.argmin(1))
    photos = len(distances["unaltered"])

    def own(d: Any) -> Any:
        return d[np.arange(len(d)), np.arange(len(d))]

    bases: list[Base] = [
        (FARTHEST, lambda: _percent(distances, lambda d: d.argmax(1))),
        (SECOND, lambda: _percent(distances, lambda d: d.argsort(1, kind="stable")[:, 1])),
        (ORIGINALS_ASKED, lambda: _percent(distances, lambda d: d.argmin(0))),
        (NUMBERS_OF_COPIES, lambda: {copy: photos * value / 100 for copy, value in expected.items()}),
        (LOST, lambda: {copy: 100 - value for copy, value in expected.items()}),
        (SAME_COPY, lambda: dict.fromkeys(COPIES, expected["unaltered"])),
        (ITSELF, lambda: dict.fromkeys(COPIES, 100.0)),
        *(
            (OTHER_FINDER, lambda o=other: _percent(every[o], lambda d: d.argmin(1)))
            for other in every
            if other != name
        ),
        *(
            (
                TOP_FIVE,
                lambda k=k: {
                    c: 100 * float((d.argsort(1, kind="stable")[:, :k] == np.arange(len(d))[:, None]).any(1).mean())
                    for c, d in distances.items()
                },
            )
            for k in (2, 3, 5, 10)
        ),
        *(
            (LIMIT, lambda k=k: {c: 100 * float((own(d) <= k).mean()) for c, d in distances.items()})
            for k in (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 0.05, 0.1, 0.2, 0.3, 0.5)
        ),
        *(
            (LIMIT, lambda k=k: {c: 100 * float((d.min(1) <= k).mean()) for c, d in distances.items()})
            for k in (0, 3, 4, 5, 8, 10)
        ),
        (DISTANCES, lambda: {c: float(own(d).mean()) for c, d in distances.items()}),
        (DISTANCES, lambda: {c: float(d.min(1).mean()) for c, d in distances.items()}),
        (DISTANCES, lambda: {c: float(d.mean()) for c, d in distances.items()}),
    ]
    judge(found, expected, bases, within=0.1, percent=True, of=name)
