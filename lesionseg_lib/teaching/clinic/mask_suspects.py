"""Scores of masks where the sums are too small for their number type, or where boxes stand for masks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis import score_causes as why
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone

WRAPS: Sequence[tuple[Any, Callable[[Any], Any]]] = [
    (why.EIGHT_BITS, lambda x: x % 2**8),
    (why.SIGNED_EIGHT_BITS, lambda x: (x + 2**7) % 2**8 - 2**7),
    (why.SIXTEEN_BITS, lambda x: x % 2**16),
    (why.SIXTEEN_BITS, lambda x: np.where(x > 65504, np.inf, x)),
    (why.SIGNED_SIXTEEN_BITS, lambda x: (x + 2**15) % 2**16 - 2**15),
]
"""Number types that are too small to count pixels, and what becomes of a sum in them."""


def boxes_and_bits(questions: Mapping[str, Any], wanted: str) -> Iterator[Suspect]:
    """Suspects for pairs of masks (N, H, W) or (N, 1, H, W); ``wanted``: "jaccard" or "dice"."""
    yield alone(why.BOXES, lambda label: _of_boxes(questions[label], wanted))
    for cause, wrap in WRAPS:
        yield alone(cause, lambda label, wrap=wrap: _in_few_bits(questions[label], wanted, wrap, False))  # type: ignore[misc]
        yield alone(cause, lambda label, wrap=wrap: _in_few_bits(questions[label], wanted, wrap, True))  # type: ignore[misc]


def _in_few_bits(pair: Any, wanted: str, wrap: Callable[[Any], Any], areas: bool) -> float:
    """The mean score where sums wrap; ``areas``: the union is made of both areas."""
    mask, truth = pair
    axes = tuple(range(1, mask.ndim))
    both, m, t = (wrap(x.sum(axes).astype(float)) for x in (mask & truth, mask, truth))
    union = wrap(m + t - both) if areas else wrap((mask | truth).sum(axes).astype(float))
    above, below = (2 * both, m + t) if wanted == "dice" else (both, union)
    return float(np.where((above == 0) & (below == 0), 1.0, above / below).mean())


def _of_boxes(pair: Any, wanted: str) -> float:
    """The mean score of the upright boxes around both masks."""
    mask, truth = pair

    def box(photo: Any) -> Any:
        rows, columns = photo.any(1), photo.any(0)
        return np.outer(_filled(rows), _filled(columns))

    scores = []
    for m, t in zip(mask.reshape(-1, *mask.shape[-2:]), truth.reshape(-1, *truth.shape[-2:]), strict=True):
        both, union = (box(m) & box(t)).sum(), (box(m) | box(t)).sum()
        j = both / union if union else 1.0
        scores.append(2 * j / (1 + j) if wanted == "dice" else j)
    return float(np.mean(scores))


def _filled(line: Any) -> Any:
    """From the first True to the last."""
    return np.logical_or.accumulate(line) & np.logical_or.accumulate(line[::-1])[::-1]
