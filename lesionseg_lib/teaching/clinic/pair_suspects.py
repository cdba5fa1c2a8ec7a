"""Names of photos and masks, paired wrongly."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis.causes import cause
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone

ZIPPED = cause("sorted-and-zipped")

AS_LISTED = cause("zipped-as-listed")

BEGINS_ALIKE = cause("prefix")

CONTAINS = cause("contains")

MADE_UP = cause("names-made-up")

TURNED_ROUND = cause("mask-first")

IDS_ONLY = cause("ids-only")

EVERYBODY = cause("all-combinations")

SHORT_IDS = cause("short-ids")

UNPAIRED = cause("unpaired-kept")

NUMBER_ONLY = cause("digits-of-the-name")

TOO_FEW = cause("pairs-lost")

ORDER_LOST = cause("sets-have-no-order")


def of_pairs(questions: Mapping[str, Any]) -> Iterator[Suspect]:
    """Names of photos and masks."""

    def right(photos: Sequence[str], masks: Sequence[str]) -> list[tuple[str, str]]:
        return [(p, m) for p in photos for m in masks if p[:-4] == m[:-17]]

    def suspect(why: Any, pair: Callable[[Any, Any], Any]) -> Suspect:
        return alone(why, lambda label: sorted(map(str, pair(*questions[label]))))

    shared = lambda a, b: [m for m in b if any(p[:-4] == m[:-17] for p in a)]  # noqa: E731
    yield suspect(ZIPPED, lambda a, b: zip(sorted(a), sorted(b), strict=False))
    yield suspect(ZIPPED, lambda a, b: zip(sorted(a), sorted(b)[-len(a) :], strict=False))
    yield suspect(ZIPPED, lambda a, b: zip(sorted(a, key=len), sorted(b, key=len), strict=False))
    yield suspect(ZIPPED, lambda a, b: zip(sorted(a, reverse=True), sorted(b, reverse=True), strict=False))
    yield suspect(ZIPPED, lambda a, b: list(zip(sorted(a), sorted(b), strict=False))[: len(a) - 1])
    yield suspect(ZIPPED, lambda a, b: zip(sorted(a), sorted(shared(a, b)), strict=False))
    yield suspect(AS_LISTED, lambda a, b: zip(a, b, strict=False))
    yield suspect(AS_LISTED, lambda a, b: zip(a, shared(a, b), strict=False))
    yield suspect(BEGINS_ALIKE, lambda a, b: [(p, m) for p in a for m in b if m.startswith(p[:-4])])
    yield suspect(BEGINS_ALIKE, lambda a, b: [(p, next(m for m in b if m.startswith(p[:-4]))) for p in a
                                              if any(m.startswith(p[:-4]) for m in b)])  # fmt: skip
    yield suspect(BEGINS_ALIKE, lambda a, b: [(p, next(m for m in sorted(b) if m.startswith(p[:-4]))) for p in a
                                              if any(m.startswith(p[:-4]) for m in b)])  # fmt: skip
    yield suspect(BEGINS_ALIKE, lambda a, b: [(p, [m for m in b if m.startswith(p[:-4])][-1]) for p in a
                                              if any(m.startswith(p[:-4]) for m in b)])  # fmt: skip
    yield suspect(CONTAINS, lambda a, b: [(p, m) for p in a for m in b if p[:-4] in m])
    yield suspect(CONTAINS, lambda a, b: [(p, m) for p in a for m in b if p[:-4] in m or m[:-17] in p])
    yield suspect(MADE_UP, lambda a, b: [(p, p[:-4] + "_Segmentation.png") for p in a])
    yield suspect(MADE_UP, lambda a, b: [(m[:-17] + ".jpg", m) for m in b])
    yield suspect(TURNED_ROUND, lambda a, b: [(m, p) for p, m in right(a, b)])
    yield suspect(TURNED_ROUND, lambda a, b: zip(sorted(b), sorted(a), strict=False))
    yield suspect(IDS_ONLY, lambda a, b: [(p[:-4], m[:-17]) for p, m in right(a, b)])
    yield suspect(IDS_ONLY, lambda a, b: [(p[:-4], m[:-4]) for p, m in right(a, b)])
    yield suspect(IDS_ONLY, lambda a, b: [p[:-4] for p, m in right(a, b)])
    yield suspect(IDS_ONLY, lambda a, b: [(p[:-4], m) for p, m in right(a, b)])
    yield suspect(IDS_ONLY, lambda a, b: [(p, m[:-17]) for p, m in right(a, b)])
    yield suspect(EVERYBODY, product)
    for n in range(1, 13):
        yield suspect(SHORT_IDS, lambda a, b, n=n: [(p, m) for p in a for m in b if p[:n] == m[:n]])
        yield suspect(SHORT_IDS, lambda a, b, n=n: {p: m for p in a for m in b if p[:n] == m[:n]}.items())
        yield suspect(SHORT_IDS, lambda a, b, n=n: [(p, by[p[:n]]) for by in [{m[:n]: m for m in b}]
                                                    for p in a if p[:n] in by])  # fmt: skip
    for without in (None, "", np.nan):
        yield suspect(UNPAIRED, lambda a, b, w=without: [(p, dict(right(a, b)).get(p, w)) for p in a])
    digits = lambda name: "".join(c for c in name if c.isdigit())  # noqa: E731
    yield suspect(NUMBER_ONLY, lambda a, b: [(p, m) for p in a for m in b if digits(p) == digits(m)])
    yield suspect(
        NUMBER_ONLY, lambda a, b: {digits(m): (p, m) for p in a for m in b if digits(p) == digits(m)}.values()
    )
    yield suspect(TOO_FEW, lambda a, b: right(a, b)[:-1])
    yield suspect(TOO_FEW, lambda a, b: right(a, b)[1:])
