"""Answers that are a few numbers with keys: what goes wrong with all of them, whatever they are numbers of."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis import table_causes as why
from lesionseg_lib.teaching.diagnosis.causes import Cause
from lesionseg_lib.teaching.diagnosis.engine import SECONDS, close, explain
from lesionseg_lib.teaching.diagnosis.reading import numbers, refuse
from lesionseg_lib.teaching.diagnosis.suspects import Suspect

Numbers = Mapping[Any, float]
Base = tuple[Cause, Callable[[], Numbers]]
"""A mistake in what was measured, and all numbers of somebody who makes it; some keys may be left out."""

Change = tuple[Cause, Callable[[dict[Any, float]], dict[Any, float]]]


def _each(function: Callable[[Any], Any]) -> Callable[[dict[Any, float]], dict[Any, float]]:
    def change(values: dict[Any, float]) -> dict[Any, float]:
        with np.errstate(all="ignore"):
            return {key: float(function(np.float64(value))) for key, value in values.items()}

    return change


def _placed(function: Callable[[list[Any]], list[Any]]) -> Callable[[dict[Any, float]], dict[Any, float]]:
    return lambda values: dict(zip(values, function(list(values.values())), strict=True))


def _all_are(place: int) -> Callable[[dict[Any, float]], dict[Any, float]]:
    return _placed(lambda v: [v[place]] * len(v))


def _swapped(i: int, j: int) -> Callable[[list[Any]], list[Any]]:
    def swap(values: list[Any]) -> list[Any]:
        new = list(values)
        new[i], new[j] = new[j], new[i]
        return new

    return swap


def changes(size: int, kind: str = "score", percent: bool = False) -> list[Change]:
    """What is done to ``size`` numbers of a kind ("score", "count", "amount"); ``percent``: whether "
    "percent is asked."""
    found: list[Change] = []
    if kind == "score":
        found += [
            (why.SHARE, _each(lambda x: x / 100)) if percent else (why.PERCENT, _each(lambda x: 100 * x)),
            (why.ONE_MINUS, _each(lambda x: (100 if percent else 1) - x)),
            (why.DICE_OF, _each(lambda x: 2 * x / (1 + x))),
            (why.JACCARD_OF, _each(lambda x: x / (2 - x))),
            (why.SQUARED, _each(lambda x: x**2)),
            (why.ROOT, _each(np.sqrt)),
            (why.TWO_SIDED, _each(lambda x: 2 * x - 1)),
            (why.NEGATIVE, _each(lambda x: -x)),
            (why.NEGATIVE, _each(lambda x: 1 + x)),
            (why.ZERO, _each(lambda x: 0.0)),
            (why.TRUNCATED, _each(np.floor)),
            (why.ROUNDED, _each(lambda x: np.round(x, 1))),
            (why.THOUSAND, _each(lambda x: 1000 * x)),
        ]
    else:
        found += [
            (why.TIMES_HUNDRED, _each(lambda x: 100 * x)),
            (why.OVER_HUNDRED, _each(lambda x: x / 100)),
            (why.SQUARED, _each(lambda x: x**2)),
            (why.ROOT, _each(np.sqrt)),
            (why.RECIPROCAL, _each(lambda x: 1 / x)),
            (why.NEGATIVE, _each(lambda x: -x)),
            (why.ONE_MORE, _each(lambda x: x + 1)),
            (why.ONE_LESS, _each(lambda x: x - 1)),
            (why.ZERO, _each(lambda x: 0.0)),
        ]
    found += [(why.DOUBLED, _each(lambda x: 2 * x)), (why.HALVED, _each(lambda x: x / 2))]
    if size > 1:
        found += [
            (why.REVERSED, _placed(lambda v: v[::-1])),
            (why.SHIFTED, _placed(lambda v: v[1:] + v[:1])),
            (why.SHIFTED, _placed(lambda v: v[-1:] + v[:-1])),
            (why.SHIFTED, _placed(lambda v: v[1:] + v[-1:])),
            (why.SHIFTED, _placed(lambda v: v[:1] + v[:-1])),
            (why.CUMULATED, _placed(lambda v: list(np.cumsum(v)))),
            (why.CUMULATED, _placed(lambda v: list(np.cumsum(v) / np.arange(1, len(v) + 1)))),
            (why.SHARES_OF_SUM, _placed(lambda v: list(np.array(v) / np.sum(v)))),
            (why.SHARES_OF_SUM, _placed(lambda v: list(100 * np.array(v) / np.sum(v)))),
            (why.DIFFERENCES, _placed(lambda v: [v[0], *np.diff(v)])),
            (why.DIFFERENCES, _placed(lambda v: list(np.array(v) - v[0]))),
            (why.DIFFERENCES, _placed(lambda v: list(v[0] - np.array(v)))),
            (why.RELATIVE, _placed(lambda v: list(np.array(v) / v[0]))),
            (why.RELATIVE, _placed(lambda v: list(np.array(v) / max(v)))),
            (why.ALL_THE_MEAN, _placed(lambda v: [float(np.mean(v))] * len(v))),
        ]
        found += [(why.ALL_ALIKE, _all_are(place)) for place in range(size)]
    if size > 2:
        found += [
            (why.SORTED, _placed(sorted)),
            (why.SORTED, _placed(lambda v: sorted(v, reverse=True))),
        ]
        found += [(why.SWAPPED, _placed(_swapped(i, j))) for i, j in combinations(range(size), 2)]
    return found


def spanned(
    right: Numbers, bases: Sequence[Base] = (), kind: str = "score", percent: bool = False, deep: bool = True
) -> Iterator[Suspect]:
    """Suspects: a wrong measurement, a change of the right numbers, or (``deep``) both together."""
    order = list(right)
    own = changes(len(order), kind, percent)

    def ordered(values: Numbers) -> dict[Any, float]:
        return {key: float(values[key]) for key in order if key in values}

    known: list[tuple[tuple[Cause, ...], Callable[[], dict[Any, float]]]] = [((), cache(lambda: ordered(right)))]
    known += [((cause,), cache(lambda base=base: ordered(base()))) for cause, base in bases]  # type: ignore[misc]

    def suspect(causes: tuple[Cause, ...], base: Callable[[], dict[Any, float]], change: Any) -> Suspect:
        values = base if change is None else cache(lambda: change(base()))
        return Suspect(causes, lambda key: values()[key])

    for cause, change in own:
        yield suspect((cause,), known[0][1], change)
    for causes, base in known[1:]:
        yield suspect(causes, base, None)
    if deep:
        for causes, base in known[1:]:
            for cause, change in own:
                if cause is not why.ZERO:
                    yield suspect((*causes, cause), base, change)
        for first, change in own[:3]:
            for cause, other in own[3:]:
                yield suspect((first, cause), cache(lambda change=change: change(known[0][1]())), other)  # type: ignore[misc]


def digits(values: Sequence[float]) -> int | None:
    """To how many digits behind the point numbers were rounded; None: more than four."""
    for count in range(5):
        if all(np.isfinite(v) and abs(round(v, count) - v) < 1e-9 for v in values):
            return count
    return None


def judge(
    found: Numbers,
    expected: Numbers,
    bases: Sequence[Base] = (),
    *,
    within: float = 2e-3,
    kind: str = "score",
    percent: bool = False,
    of: str = "",
    hint: str = "",
    relative: bool = False,
    seconds: float = SECONDS,
    more: Sequence[Suspect] = (),
) -> None:
    """Refuse numbers that are not the expected ones, and name what explains them.

    ``within``: how far off is right, absolute or, if ``relative``, a share. ``of`` names the row of a table. ``hint``
    ends a sentence that names nothing. ``more``: suspects of the exercise's own.
    """

    def right(key: Any) -> bool:
        a, b = found[key], expected[key]
        return a == b or abs(a - b) <= within * (abs(b) if relative else 1)

    off = [key for key in expected if not right(key)]
    if not off:
        return
    count = digits(list(found.values()))
    large = max(1.0, *(abs(value) for value in expected.values() if np.isfinite(value)))
    tight = 2e-5 if len(expected) == 1 or len(off) == 1 else 2e-4
    if count is not None:
        tight = max(tight, 0.51 * 10.0**-count / (large if relative else 1))
    tight = min(tight, within if not relative else 0.02)

    def same(a: Any, b: Any) -> bool:
        return close(a, b, tight)

    deep = len(expected) > 1 and len(off) > 1
    suspects = _chain(more, expected, bases, kind, percent, deep)
    answered, truly = dict(found), {key: (found[key] if key not in off else expected[key]) for key in found}
    finding = explain(answered, truly, suspects, same, partial=True, seconds=seconds)
    prefix = f"{of}: " if of else ""
    first = off[0]
    side = "high" if found[first] > expected[first] else "low"
    observed = f"{prefix}{first}: {found[first]:.3g} is too {side}."
    well = [str(key) for key in expected if key not in off]
    narrowing = hint
    if well:
        narrowing = f"Wrong: {', '.join(map(str, off))}. Right: {', '.join(well)}. {hint}"
    refuse(observed, finding, narrowing.strip())


def _chain(
    more: Sequence[Suspect], expected: Numbers, bases: Sequence[Base], kind: str, percent: bool, deep: bool
) -> Iterator[Suspect]:
    yield from more
    yield from spanned(expected, bases, kind, percent, deep)


def scores(answer: Any, keys: Sequence[Any], what: str) -> dict[Any, float]:
    """As ``numbers``; kept apart because a score runs from 0 to 1."""
    return numbers(answer, keys, what)
