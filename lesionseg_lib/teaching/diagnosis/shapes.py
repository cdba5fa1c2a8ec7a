"""Shapes of joined maps, and what goes wrong on paper."""

from collections.abc import Iterator, Sequence
from typing import Any

from lesionseg_lib.teaching.diagnosis.causes import cause
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, slot, span

SIZE = (160, 96)

WIDTH_FIRST = cause("width-before-height")

ORDER_OF_AXES = cause("channels-last")

FROM_BELOW = cause("channels-from-below")

OF_SKIP = cause("channels-of-skip")

AFTER = cause("channels-after-convolutions")

BEFORE_UP = cause("before-upsampling")

OTHER_SKIP = cause("neighbours-skip")

NO_SKIP_LEFT = cause("last-step-has-no-skip")

STRIDE_OFF = cause("stride-off")

OF_A_SQUARE = cause("other-photo-size")

FROM_THE_END = cause("steps-reversed")

ROUNDED = cause("sizes-rounded")

ADDED_NOT_JOINED = cause("larger-of-the-two")

MULTIPLIED = cause("channels-scaled")


def other_shapes(seen: Sequence[tuple[int, ...]], ups: list[int], below: list[int]) -> Iterator[Suspect]:
    skips = [s[0] - up for s, up in zip(seen, ups, strict=True)]
    last = len(seen) - 1
    after = [*below[1:], ups[-1]]

    def compute(step: int, place: Any, channels: Any, size: Any, order: Any) -> Any:
        at = place(step)
        _, h, w = seen[at]
        return order((channels(at), *size(at, h, w)))

    def at(values: list[int], index: int) -> int:
        return values[index] if 0 <= index < len(values) else 0

    steps = {
        "channels": slot(
            lambda s: seen[s][0],
            (lambda s: ups[s], FROM_BELOW),
            (lambda s: skips[s] or ups[s], OF_SKIP),
            (lambda s: skips[s], OF_SKIP),
            (lambda s: after[s], AFTER),
            (lambda s: below[s] + skips[s], BEFORE_UP),
            (lambda s: below[s], BEFORE_UP),
            (lambda s: ups[s] + at(skips, s + 1), OTHER_SKIP),
            (lambda s: ups[s] + at(skips, s - 1), OTHER_SKIP),
            (lambda s: ups[s] + at(skips, last - s), OTHER_SKIP),
            (lambda s: ups[s] + at(skips, last - 1 - s), OTHER_SKIP),
            (lambda s: seen[s][0] + (skips[last - 1] if s == last else 0), NO_SKIP_LEFT),
            (lambda s: seen[s][0] + (ups[s] if s == last else 0), NO_SKIP_LEFT),
            (lambda s: seen[s][0] + (3 if s == last else 0), NO_SKIP_LEFT),
            *((lambda s, k=k: seen[s][0] + (k if s == last else 0), NO_SKIP_LEFT) for k in (1, 4, 8, 12, 16, 24, 32)),
            (lambda s: max(ups[s], skips[s]), ADDED_NOT_JOINED),
            (lambda s: 2 * ups[s], ADDED_NOT_JOINED),
            (lambda s: seen[s][0] // 2, MULTIPLIED),
            (lambda s: 2 * seen[s][0], MULTIPLIED),
            (lambda s: seen[0][0] // 2**s, MULTIPLIED),
            (lambda s: seen[0][0], MULTIPLIED),
        ),
        "size": slot(
            lambda s, h, w: (h, w),
            (lambda s, h, w: (h // 2, w // 2), STRIDE_OFF),
            (lambda s, h, w: (2 * h, 2 * w), STRIDE_OFF),
            (lambda s, h, w: (h // 4, w // 4), STRIDE_OFF),
            (lambda s, h, w: (seen[last - s][1], seen[last - s][2]), FROM_THE_END),
            *((lambda s, h, w, k=k: (k * h // SIZE[0], k * h // SIZE[0]), OF_A_SQUARE) for k in (128, 160, 96,
                224, 256, 64)),
            (lambda s, h, w: SIZE, OF_A_SQUARE),
            (lambda s, h, w: (h + 1, w + 1), ROUNDED),
            (lambda s, h, w: (h - 1, w - 1), ROUNDED),
        ),
        "order": slot(lambda c: c, (lambda c: (c[0], c[2], c[1]), WIDTH_FIRST), (lambda c: (c[1], c[2], c[0]),
            ORDER_OF_AXES),
                      (lambda c: (c[2], c[1], c[0]), ORDER_OF_AXES)),
        "place": slot(lambda s: s, (lambda s: last - s, FROM_THE_END)),
    }  # fmt: skip
    yield from span(compute, steps)
