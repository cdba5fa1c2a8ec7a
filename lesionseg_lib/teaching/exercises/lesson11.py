"""Exercises of lesson 11: size or diagnosis, one temperature, and a network's own doubt."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from lesionseg_lib.teaching.diagnosis import score_causes as scoring
from lesionseg_lib.teaching.diagnosis.causes import cause
from lesionseg_lib.teaching.diagnosis.doubts import doubtful_photos, expected_jaccard, logit, wrong_bets
from lesionseg_lib.teaching.diagnosis.engine import close, explain
from lesionseg_lib.teaching.diagnosis.flags import check_flags
from lesionseg_lib.teaching.diagnosis.observing import narrowed
from lesionseg_lib.teaching.diagnosis.reading import ask, demand, is_blank, number, opened, refuse, several
from lesionseg_lib.teaching.diagnosis.tables import Base, judge
from lesionseg_lib.teaching.diagnosis.temperatures import GRID, wrong_temperatures
from lesionseg_lib.teaching.exercises.registry import exercise
from lesionseg_lib.training.losses import bce

_WEAK, _BELIEVED = "11: For whom is it weak?", "11: May .8 be believed?"

COUNTS = cause("numbers-of-photos")

NOT_BY_SIZE = cause("not-by-size")

NOT_BY_DIAGNOSIS = cause("not-by-diagnosis")

SORTED_ALONE = cause("rows-renamed")

COLUMNS_EXCHANGED = cause("diagnoses-exchanged")

UNKNOWN_TOO = cause("unknown-counted")

SUMS = cause("sums-for-means")

GAPS = cause("difference-of-diagnoses")

OF_AREAS = cause("share-of-photos")


@exercise(
    "11.1",
    _WEAK,
    "Two keys to group by: which belongs in the rows, which in the columns?",
    "Group the column `jaccard` by both at once, take the mean, and unstack the inner key. Compare the numbers of "
    "photos before you believe a cell.",
)
def diagnosis_or_size(means: Any, table: pd.DataFrame, strata: pd.DataFrame) -> None:
    """within each quarter of size, benign and malignant stand side by side. Mind how many photos a mean has.

    ``means``: DataFrame of mean J, a row for each quarter of size, a column for each diagnosis.
    """
    kinds = strata["diagnosis"].fillna("unknown").astype(str)
    sizes = strata["size"].cat.categories if hasattr(strata["size"], "cat") else strata["size"].unique()
    rows, columns = list(map(str, sizes)), sorted(set(kinds))
    mine = _as_table(means, rows, columns)
    demand(isinstance(mine, pd.DataFrame), "expected a table with a row for each quarter, a column for each diagnosis.")
    assert mine is not None
    demand(
        set(map(str, mine.index)) == set(rows),
        f"expected the rows {', '.join(rows)}; found {', '.join(map(str, mine.index))}. Group by both, then unstack.",
    )
    mine = mine.rename(columns=str).rename(index=str)
    for kind in columns:
        if kind == "unknown" and kind not in mine and strata["diagnosis"].isna().any():
            continue  # who leaves out what has no diagnosis has left out nothing that was asked
        demand(kind in mine, f"there is no column {kind!r}; found {', '.join(mine.columns)}.")
    size = strata["size"].astype(str)
    for kind in (kind for kind in columns if kind in mine):
        _check_groups(kind, mine, table, size, kinds, rows)


def _as_table(means: Any, rows: list[str], columns: list[str]) -> pd.DataFrame | None:
    """A table of quarters by diagnoses, from a table, a nested dictionary, or a column with two keys."""
    if isinstance(means, pd.Series) and means.index.nlevels == 2:
        inner = set(map(str, means.index.get_level_values(1)))
        return pd.DataFrame(means.unstack(level=0 if inner <= set(rows) else 1))
    if isinstance(means, Mapping):
        if all(isinstance(key, tuple) and len(key) == 2 for key in means):
            return _as_table(pd.Series(dict(means)), rows, columns)
        if all(isinstance(value, Mapping | pd.Series) for value in means.values()):
            frame = pd.DataFrame({key: dict(value) for key, value in means.items()})
            return frame.T if set(map(str, frame.columns)) == set(rows) else frame
        return None
    if isinstance(means, np.ndarray) and means.shape == (len(rows), len(columns)):
        return pd.DataFrame(means, rows, columns)
    if not isinstance(means, pd.DataFrame):
        return None
    found: pd.DataFrame = means.droplevel(0, axis=1) if isinstance(means.columns, pd.MultiIndex) else means
    if len(found.columns) == 3 and set(rows) <= set(map(str, found.iloc[:, 0])):
        first, second, third = found.columns
        return found.pivot(index=first, columns=second, values=third)
    return found


def _check_groups(kind: str, mine: pd.DataFrame, table: pd.DataFrame, size: Any, kinds: Any, rows: list[str]) -> None:
    own = table[kinds == kind]
    groups = own.groupby(size[kinds == kind])["jaccard"]
    means = {str(key): float(value) for key, value in groups.mean().items()}
    keys = [row for row in rows if row in means]
    expected = {key: means[key] for key in keys}
    found = {}
    for key in keys:
        value = opened(mine.loc[key, kind])
        demand(not pd.isna(value), f"{kind}, {key}: there is no number, but there are photos.")
        found[key] = number(value, f"{kind}, {key}")

    def by(column: str, how: str, source: Any = own) -> dict[Any, float]:
        grouped = source.groupby(size.loc[source.index])[column]
        values = getattr(grouped, how)()
        return {key: float(values[key]) for key in keys if key in values}

    def failing(limit: float) -> dict[Any, float]:
        return {str(key): float((scores < limit).mean()) for key, scores in groups}

    def quantile(share: float) -> dict[Any, float]:
        return {str(key): float(value) for key, value in groups.quantile(share).items()}

    other = [name for name in mine.columns if name != kind and name in set(kinds)]
    bases: list[Base] = [
        (NOT_BY_SIZE, lambda: dict.fromkeys(keys, float(own["jaccard"].mean()))),
        (NOT_BY_DIAGNOSIS, lambda: by("jaccard", "mean", table)),
        (COUNTS, lambda: {str(key): float(value) for key, value in groups.size().items()}),
        (SUMS, lambda: by("jaccard", "sum")),
        (UNKNOWN_TOO, lambda: by("jaccard", "mean", table[(kinds == kind) | (kinds == "unknown")])),
        (scoring.MEDIAN, lambda: by("jaccard", "median")),
        *((scoring.FAILURES, lambda x=x: failing(x)) for x in (0.5, 0.65, 0.7, 0.8)),
        *((scoring.QUANTILE, lambda q=q: quantile(q)) for q in (0.1, 0.25, 0.75, 0.9)),
        *((COLUMNS_EXCHANGED, lambda o=o: by("jaccard", "mean", table[kinds == o])) for o in other),
        *(
            (
                scoring.BEST if how == "max" else scoring.WORST if how == "min" else scoring.DEVIATION,
                lambda how=how: by("jaccard", how),
            )
            for how in ("max", "min", "std")
        ),
        *(
            (why, lambda c=column: by(c, "mean"))
            for column, why in (
                ("dice", scoring.DICE),
                ("sensitivity", scoring.RECALL),
                ("specificity", scoring.SPECIFICITY),
                ("accuracy", scoring.ACCURACY),
                ("threshold_jaccard", scoring.THRESHOLD_JACCARD),
            )
            if column in own
        ),
        (GAPS, lambda: {k: v - float(table["jaccard"].mean()) for k, v in expected.items()}),
        (GAPS, lambda: {k: v - float(own["jaccard"].mean()) for k, v in expected.items()}),
        *(
            (GAPS, lambda o=o: {k: expected[k] - v for k, v in by("jaccard", "mean", table[kinds == o]).items()})
            for o in other
        ),
        (OF_AREAS, lambda: {str(k): float(v) / len(own) for k, v in groups.size().items()}),
        (OF_AREAS, lambda: {str(k): float(v) / len(table) for k, v in groups.size().items()}),
        (SORTED_ALONE, lambda: dict(zip(keys, sorted(expected[k] for k in keys), strict=True))),
        (SORTED_ALONE, lambda: dict(zip(_in_order(size, keys), (expected[k] for k in keys), strict=True))),
        (SORTED_ALONE, lambda: dict(zip(keys, (expected[k] for k in sorted(keys)), strict=True))),
        (SORTED_ALONE, lambda: dict(zip(sorted(keys), (expected[k] for k in keys), strict=True))),
    ]
    judge(found, expected, bases, of=kind)


def _in_order(values: Any, keys: list[str]) -> list[str]:
    return [key for key in dict.fromkeys(map(str, values)) if key in keys]


@exercise(
    "11.2",
    _BELIEVED,
    "Which photos may choose, which may only judge? And what does dividing by a T below 1 do to a logit?",
    "Compute the cross-entropy for some sixty values of T from .2 to 5, on photos 0, 2, 4, ..., of logits divided by "
    "T, and take the smallest.",
)
def cool_it_down(temperature: Any, logits: Any, truth: Any) -> None:
    """no other temperature has a smaller cross-entropy there, and not one pixel changes sides.

    ``temperature``: the T from .2 to 5 with the smallest cross-entropy of logits / T on every second photo, beginning
    with the first. ``logits`` (N, h, w), ``truth`` bool (N, h, w).
    """
    found = number(temperature, "T")
    z, t = np.asarray(opened(logits), np.float32), np.asarray(opened(truth))
    every = np.arange(len(z))

    def entropy(temperature: float, rows: Any = every % 2 == 0) -> float:
        target = torch.tensor(t[rows])[:, None].float()
        return float(bce(torch.tensor(z[rows])[:, None] / temperature, target))

    demand(found > 0, "T must be above 0: a negative one exchanges skin and lesion, and nothing is divided by 0.")
    best = min(GRID, key=entropy)
    least = entropy(best)

    def as_good(temperature: float) -> bool:
        return abs(np.log(temperature / best)) < 0.045 or entropy(temperature) < 1.0003 * least

    if as_good(found):
        return
    finding = explain(
        {"": found},
        {"": best},
        wrong_temperatures(z, t, every, entropy, best),
        lambda a, b: b > 0 and abs(np.log(a / b)) < 0.06,
    )
    softer = "flatter" if found > best else "sharper"
    refuse(
        f"there is a smaller cross-entropy: T = {found:.3g} makes the network {softer} than it should be.",
        finding,
        "Is it the smallest over all of .2 to 5, of logits / T, on photos 0, 2, 4, ...?",
    )


ZERO_BY_ZERO = cause("no-mask-no-doubt")


@exercise(
    "11.3",
    _BELIEVED,
    "If every probability were true: how many pixels of the mask are lesion, and how many lie outside it?",
    "Work p = .9, .6, .3, .1 out by hand: inside the mask two pixels, with .9 + .6 of lesion, and .3 + .1 outside.",
)
def does_it_know(answer: Any, validation: Any, test: Any) -> None:
    """it bets on its own mask as you say, and the limit was chosen on validation.

    ``answer``: a function, logits (N, h, w) -> expected J (N,), and which test photos it flags, bool (M,).
    ``validation`` and ``test``: the logits, (N, h, w) and (M, h, w).
    """
    demand(not callable(answer), "expected two: the function, and the flagged photos.")
    function, flagged = several(answer, ["function", "flagged"])
    validation, test = (np.asarray(opened(part), np.float32) for part in (validation, test))
    questions = doubtful_photos()
    found, right = {}, {}
    for label, p in questions.items():
        said = np.asarray(opened(ask(function, logit(p))), float)
        demand(
            said.reshape(-1).shape == (len(p),),
            f"{len(p)} photos should get {len(p)} numbers; found the shape {said.shape}. Sum over axes 1 and 2.",
        )
        found[label], right[label] = said.reshape(-1), expected_jaccard(p)
    off = [label for label in found if not close(found[label], right[label], 2e-3)]
    if off:
        finding = explain(found, right, wrong_bets(questions), lambda a, b: close(a, b, 2e-4))
        label = off[0]
        refuse(
            f"{label}: {', '.join(f'{x:.3f}' for x in found[label])} is not what it should expect.",
            finding,
            narrowed(off, [k for k in found if k not in off])
            + " For p = .9, .6, .3, .1 it is (.9 + .6) / (2 + .3 + .1).",
        )
    none = np.asarray(opened(ask(function, np.full((1, 2, 2), -2000, np.float32))), float)
    if not np.isfinite(none).all():
        refuse("a photo without any doubt gets nan.", ZERO_BY_ZERO)
    demand(not is_blank(flagged), "which test photos are flagged?")
    check_flags(
        flagged,
        np.asarray(opened(function(validation)), float).reshape(-1),
        np.asarray(opened(function(test)), float).reshape(-1),
    )
