"""Exercises of lesson 11: size or diagnosis, one temperature, and a network's own doubt."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching.diagnosis import score_causes as scoring
from lesionseg_lib.teaching.diagnosis import table_causes as table_why
from lesionseg_lib.teaching.diagnosis.causes import Cause, cause
from lesionseg_lib.teaching.diagnosis.engine import close, explain
from lesionseg_lib.teaching.diagnosis.observing import narrowed
from lesionseg_lib.teaching.diagnosis.reading import ask, demand, is_blank, number, opened, refuse, several
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone, slot, span
from lesionseg_lib.teaching.diagnosis.tables import Base, judge
from lesionseg_lib.teaching.exercises.registry import exercise
from lesionseg_lib.training.losses import bce

_WEAK, _BELIEVED = "11: For whom is it weak?", "11: May .8 be believed?"

COUNTS = cause("numbers-of-photos")
NOT_BY_SIZE = cause("not-by-size")
NOT_BY_DIAGNOSIS = cause("not-by-diagnosis")
SORTED_ALONE = cause("rows-renamed")
COLUMNS_EXCHANGED = cause("diagnoses-exchanged")
SUMS = cause("sums-for-means")
GAPS = cause("difference-of-diagnoses")
OF_AREAS = cause("share-of-photos")


@exercise(
    "11.1",
    _WEAK,
    "Two keys to group by: which belongs in the rows, which in the columns?",
    "Group the column `jaccard` by both at once, take the mean, and unstack the inner key. Compare the "
    "numbers of photos "
    "before you believe a cell.",
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
        _check_groups(kind, mine, table, size, kinds)


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
    if isinstance(means.columns, pd.MultiIndex):
        means = means.droplevel(0, axis=1)
    if len(means.columns) == 3 and set(rows) <= set(map(str, means.iloc[:, 0])):
        first, second, third = means.columns
        return means.pivot(index=first, columns=second, values=third)
    return means


def _check_groups(kind: str, mine: pd.DataFrame, table: pd.DataFrame, size: Any, kinds: Any) -> None:
    own = table[kinds == kind]
    groups = own.groupby(size[kinds == kind])["jaccard"]
    keys = [str(key) for key in groups.groups]
    expected = {str(key): float(value) for key, value in groups.mean().items()}
    found = {}
    for key in keys:
        value = opened(mine.loc[key, kind])
        demand(not pd.isna(value), f"{kind}, {key}: there is no number, but there are photos.")
        found[key] = number(value, f"{kind}, {key}")

    def by(column: str, how: str, source: Any = own) -> dict[Any, float]:
        grouped = source.groupby(size.loc[source.index])[column]
        values = getattr(grouped, how)()
        return {key: float(values[key]) for key in keys if key in values}

    other = [name for name in mine.columns if name != kind and name in set(kinds)]
    bases: list[Base] = [
        (NOT_BY_SIZE, lambda: dict.fromkeys(keys, float(own["jaccard"].mean()))),
        (NOT_BY_DIAGNOSIS, lambda: by("jaccard", "mean", table)),
        (COUNTS, lambda: {str(key): float(value) for key, value in groups.size().items()}),
        (SUMS, lambda: by("jaccard", "sum")),
        (scoring.MEDIAN, lambda: by("jaccard", "median")),
        *((COLUMNS_EXCHANGED, lambda o=o: by("jaccard", "mean", table[kinds == o])) for o in other),  # type: ignore[misc]
        *((scoring.BEST if how == "max" else scoring.WORST if how == "min" else scoring.DEVIATION,
           lambda how=how: by("jaccard", how)) for how in ("max", "min", "std")),  # type: ignore[misc]
        *((why, lambda c=column: by(c, "mean")) for column, why in (  # type: ignore[misc]
            ("dice", scoring.DICE), ("sensitivity", scoring.RECALL), ("specificity", scoring.SPECIFICITY),
            ("accuracy", scoring.ACCURACY), ("threshold_jaccard", scoring.THRESHOLD_JACCARD)) if column in own),
        (GAPS, lambda: {k: v - float(table["jaccard"].mean()) for k, v in expected.items()}),
        (GAPS, lambda: {k: v - float(own["jaccard"].mean()) for k, v in expected.items()}),
        *((GAPS, lambda o=o: {k: expected[k] - v for k, v in by("jaccard", "mean",
            table[kinds == o]).items()}) for o in other),  # type: ignore[misc]
        (OF_AREAS, lambda: {str(k): float(v) / len(own) for k, v in groups.size().items()}),
        (OF_AREAS, lambda: {str(k): float(v) / len(table) for k, v in groups.size().items()}),
        (SORTED_ALONE, lambda: dict(zip(keys, sorted(expected[k] for k in keys), strict=True))),
        (SORTED_ALONE, lambda: dict(zip(_in_order(size, keys), (expected[k] for k in keys), strict=True))),
        (SORTED_ALONE, lambda: dict(zip(keys, (expected[k] for k in _in_order(size, keys)), strict=True))),
        (SORTED_ALONE, lambda: dict(zip(_in_order(mine.index, keys), (expected[k] for k in keys), strict=True))),
    ]  # fmt: skip
    judge(found, expected, bases, of=kind)


def _in_order(values: Any, keys: list[str]) -> list[str]:
    return [key for key in dict.fromkeys(map(str, values)) if key in keys]


MULTIPLIED = cause("temperature-multiplied")
OTHER_HALF = cause("temperature-of-other-half")
ALL_PHOTOS = cause("temperature-of-all")
FIRST_HALF = cause("first-half")
WORST = cause("largest-entropy")
AT_THE_EDGE = cause("edge-of-the-grid")
UNCHANGED = cause("temperature-one")
OF_PROBABILITIES = cause("probabilities-divided")
OF_ECE = cause("smallest-ece")
THE_LOSS = cause("entropy-for-temperature")
SQUARED_T = cause("temperature-root")
OF_DICE = cause("temperature-by-dice")
AN_INDEX = cause("number-of-the-temperature")
ONE_PHOTO = cause("temperature-of-one-photo")
LOG_T = cause("log-of-temperature")
GRID = [float(t) for t in np.geomspace(0.2, 5, 60)]


@exercise(
    "11.2",
    _BELIEVED,
    "Which photos may choose, which may only judge? And what does dividing by a T below 1 do to a logit?",
    "Compute the cross-entropy for some sixty values of T from .2 to 5, on photos 0, 2, 4, ..., of "
    "logits divided by T, and "
    "take the smallest.",
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
        _temperatures(z, t, every, entropy, best),
        lambda a, b: b > 0 and abs(np.log(a / b)) < 0.03,
        seconds=2,
    )
    softer = "flatter" if found > best else "sharper"
    refuse(f"there is a smaller cross-entropy: T = {found:.3g} makes the network {softer} than it should be.", finding,
           "Is it the smallest over all of .2 to 5, of logits / T, on photos 0, 2, 4, ...?")  # fmt: skip


def _temperatures(z: Any, t: Any, every: Any, entropy: Any, best: float) -> Iterator[Suspect]:
    def one(why: Cause, value: Any) -> Suspect:
        return alone(why, lambda _: value())

    def of_rows(rows: Any) -> Any:
        return lambda: min(GRID, key=lambda temperature: entropy(temperature, rows))

    half = every % 2 == 0
    p = sigmoid(z[half])
    target = torch.tensor(t[half])[:, None].float()
    yield one(MULTIPLIED, lambda: 1 / best)
    yield one(OTHER_HALF, of_rows(~half))
    yield one(ALL_PHOTOS, of_rows(every >= 0))
    yield one(UNCHANGED, lambda: 1.0)
    yield one(FIRST_HALF, of_rows(every < len(every) // 2))
    yield one(FIRST_HALF, of_rows(every >= len(every) // 2))
    yield one(ONE_PHOTO, of_rows(every == 0))
    yield one(WORST, lambda: max(GRID, key=entropy))
    yield one(AT_THE_EDGE, lambda: GRID[0])
    yield one(AT_THE_EDGE, lambda: GRID[-1])
    yield one(THE_LOSS, lambda: entropy(best))
    yield one(THE_LOSS, lambda: entropy(1.0))
    yield one(SQUARED_T, lambda: best**2)
    yield one(SQUARED_T, lambda: best**0.5)
    yield one(LOG_T, lambda: abs(float(np.log(best))))
    yield one(AN_INDEX, lambda: float(GRID.index(best)))
    yield one(MULTIPLIED, lambda: 1 / min(GRID, key=lambda temperature: entropy(temperature, ~half)))

    def of_p(temperature: float) -> float:
        return float(bce(torch.tensor(p)[:, None] / temperature, target))

    def clipped(temperature: float) -> float:
        q = np.clip(p / temperature, 1e-6, 1 - 1e-6)
        return float(-(np.log(q) * t[half] + np.log(1 - q) * ~t[half].astype(bool)).mean())

    def soft_dice(temperature: float) -> float:
        q = sigmoid(z[half] / np.float32(temperature))
        return float(1 - np.mean((2 * (q * t[half]).sum((1, 2)) + 1) / (q.sum((1, 2)) + t[half].sum((1, 2)) + 1)))

    def ece(temperature: float) -> float:
        q = sigmoid(z[half] / np.float32(temperature)).reshape(-1)
        bins = np.minimum((10 * q).astype(int), 9)
        y = t[half].reshape(-1).astype(float)
        return sum(abs(q[bins == b].sum() - y[bins == b].sum()) for b in range(10)) / len(q)

    yield one(OF_PROBABILITIES, lambda: min(GRID, key=of_p))
    yield one(OF_PROBABILITIES, lambda: min(GRID, key=clipped))
    yield one(OF_ECE, lambda: min(GRID, key=ece))
    yield one(OF_DICE, lambda: min(GRID, key=soft_dice))


INSIDE_ONLY = cause("mean-inside")
NO_SIGMOID = cause("expected-of-logits")
SECOND_SIGMOID = cause("expected-second-sigmoid")
SOFT_BELOW = cause("soft-area-below")
HARD_ABOVE = cause("pixels-above")
EXPECTED_DICE = cause("expected-dice")
WHOLE_PHOTO = cause("mean-of-photo")
ALL_PROBABILITY = cause("all-probability-below")
NO_OUTSIDE = cause("outside-forgotten")
OUTSIDE_ABOVE = cause("outside-above")
CUT_ELSEWHERE = cause("expected-other-cut")
POOLED = cause("expected-pooled")
ZERO_BY_ZERO = cause("no-mask-no-doubt")
SKIN_TOO = cause("skin-certainty")
COMPLEMENT_OUTSIDE = cause("complement-outside")
ABOVE = cause("flags-above")
ON_TEST = cause("limit-from-test")
OTHER_QUANTILE = cause("other-quantile")
A_LIMIT = cause("fixed-limit")


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
    questions = _doubts()
    found, right = {}, {}
    for label, p in questions.items():
        said = np.asarray(opened(ask(function, _logit(p))), float)
        demand(
            said.reshape(-1).shape == (len(p),),
            f"{len(p)} photos should get {len(p)} numbers; found the shape {said.shape}. Sum over axes 1 and 2.",
        )
        found[label], right[label] = said.reshape(-1), _bet(p)
    off = [label for label in found if not close(found[label], right[label], 2e-3)]
    if off:
        finding = explain(found, right, _bets(questions), lambda a, b: close(a, b, 2e-4))
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
    _check_flags(
        flagged,
        np.asarray(opened(function(validation)), float).reshape(-1),
        np.asarray(opened(function(test)), float).reshape(-1),
    )


def _check_flags(flagged: Any, known: Any, bets: Any) -> None:
    flagged = np.asarray(opened(flagged.to_numpy() if hasattr(flagged, "to_numpy") else flagged))
    if (
        flagged.dtype.kind in "iu"
        and flagged.ndim == 1
        and len(flagged) != len(bets)
        and flagged.size
        and flagged.max() < len(bets)
    ):
        flagged = np.isin(np.arange(len(bets)), flagged)  # their numbers
    if flagged.dtype.kind in "iuf" and flagged.shape == bets.shape and set(np.unique(flagged)) <= {0, 1}:
        flagged = flagged.astype(bool)
    demand(flagged.dtype == np.bool_ and flagged.shape == bets.shape, "flag each test photo: an array of bool (N,).")
    limit = np.quantile(known, 0.1)

    def same(other: Any) -> bool:
        return float((flagged == other).mean()) > 0.99 and (flagged.any() == other.any() or len(other) < 3)

    if same(bets < limit):
        return
    tries: list[tuple[Cause, Any]] = [
        (ABOVE, bets > limit), (ON_TEST, bets < np.quantile(bets, 0.1)), (ABOVE, bets > np.quantile(known, 0.9)),
        *((OTHER_QUANTILE, bets < np.quantile(known, q)) for q in (0.9, 0.5, 0.05, 0.2, 0.01, 0.25)),
        *((A_LIMIT, bets < value) for value in (0.5, 0.65, 0.1, 0.7, 0.8, 0.9)), (A_LIMIT, bets < known.mean()),
        (A_LIMIT, bets < known.mean() - known.std()), (ON_TEST, bets < np.quantile(bets, 0.9)),
    ]  # fmt: skip
    why = next((why for why, other in tries if same(other)), None)
    refuse(
        f"these are not the test photos to flag: {flagged.mean():.0%} are flagged, "
        f"{(bets < limit).mean():.0%} should be.",
        why,
        "Wanted are those below the value under which a tenth of the validation photos lie.",
    )


def _logit(p: Any) -> Any:
    return np.log(p / (1 - p)).astype(np.float32)


def _doubts() -> dict[str, Any]:
    y, x = np.mgrid[:7, :9]
    hill = (0.93 - 0.11 * np.hypot(y - 3, x - 5)).clip(0.02)
    return {
        "p = .9, .6, .3, .1, and another photo": np.array([[[0.9, 0.6, 0.3, 0.1]], [[0.8, 0.8, 0.3, 0.2]]], np.float32),
        "a hill of 7 x 9, and a lower one": np.stack([hill, 0.7 * hill]).astype(np.float32),
        "all lesion, 3 x 5": np.linspace(0.55, 0.95, 15, dtype=np.float32).reshape(1, 3, 5),
        "three photos, one pixel each": np.array([0.7, 0.2, 0.55], np.float32).reshape(3, 1, 1),
    }


def _bets(questions: Mapping[str, Any]) -> Iterator[Suspect]:
    def compute(label: str, p: Any, cut: Any, rule: Any, after: Any) -> Any:
        q = p(questions[label])
        m = cut(q)
        return after(rule(q, m))

    def total(a: Any) -> Any:
        return a.sum((1, 2))

    def ratio(above: Any, below: Any) -> Any:
        return above / np.maximum(below, 1e-6)

    yield from span(
        compute,
        {
            "rule": slot(
                lambda p, m: ratio(total(p * m), total(m) + total(p * ~m)),
                (lambda p, m: ratio(total(p * m), total(m)), INSIDE_ONLY),
                (lambda p, m: ratio(total(p * m), total(p)), SOFT_BELOW),
                (lambda p, m: ratio(total(m), total(m) + total(p * ~m)), HARD_ABOVE),
                (lambda p, m: ratio(2 * total(p * m), total(m) + total(p)), EXPECTED_DICE),
                (lambda p, m: ratio(2 * total(p * m), total(m) + total(p * m) + total(p * ~m)), EXPECTED_DICE),
                (lambda p, m: ratio(total(p * m), total(m) + total(p)), ALL_PROBABILITY),
                (lambda p, m: ratio(total(p), total(m) + total(p * ~m)), OUTSIDE_ABOVE),
                (lambda p, m: ratio(total(p * ~m), total(m) + total(p * ~m)), OUTSIDE_ABOVE),
                (lambda p, m: ratio(total(p * m), total(m) + total((1 - p) * ~m)), COMPLEMENT_OUTSIDE),
                (lambda p, m: ratio(total(p * m), total(np.ones_like(p))), WHOLE_PHOTO),
                (lambda p, m: p.mean((1, 2)), WHOLE_PHOTO),
                (lambda p, m: np.maximum(p, 1 - p).mean((1, 2)), WHOLE_PHOTO),
                (lambda p, m: p.max((1, 2)), WHOLE_PHOTO),
                (lambda p, m: (2 * np.abs(p - 0.5)).mean((1, 2)), WHOLE_PHOTO),
                (lambda p, m: total(p * m + (1 - p) * ~m) / total(np.ones_like(p)), SKIN_TOO),
                (lambda p, m: ratio(total(p * m), total(m) + total(~m)), NO_OUTSIDE),
                (lambda p, m: ratio(total(p * m), total(m) - total(p * m)), NO_OUTSIDE),
                (lambda p, m: ratio(total(p * m), total(m) - total(p * ~m)), COMPLEMENT_OUTSIDE),
                (lambda p, m: np.full(len(p), ratio((p * m).sum(), m.sum() + (p * ~m).sum())), POOLED),
            ),
            "p": slot(lambda p: p, (lambda p: _logit(p), NO_SIGMOID), (lambda p: sigmoid(p), SECOND_SIGMOID),
                      (lambda p: 1 - p, scoring.EXCHANGED)),
            "cut": slot(lambda p: p > 0.5, (lambda p: p > 0, CUT_ELSEWHERE), (lambda p: p > 0.622459, SECOND_SIGMOID),
                        (lambda p: p <= 0.5, scoring.EXCHANGED), *((lambda p, k=k: p > k,
                            CUT_ELSEWHERE) for k in (0.1, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9))),
            "after": slot(lambda x: x, (lambda x: 100 * x, table_why.PERCENT), (lambda x: 1 - x, table_why.ONE_MINUS),
                          (lambda x: np.full(len(x), x.mean()), POOLED), (lambda x: 2 * x / (1 + x), EXPECTED_DICE)),
        },
    )  # fmt: skip


def _bet(p: Any) -> Any:
    inside = p > 0.5
    return (p * inside).sum((1, 2)) / np.maximum(inside.sum((1, 2)) + (p * ~inside).sum((1, 2)), 1e-6)
