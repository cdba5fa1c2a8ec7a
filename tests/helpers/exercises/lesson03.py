"""Answers to the exercises of lesson 03."""

from __future__ import annotations

from typing import Any

import numpy as np

from lesionseg_lib.evaluation import metrics
from lesionseg_lib.evaluation.metrics import dice, jaccard
from tests.helpers.exercises.registry import case


def iou(mask: Any, truth: Any) -> Any:
    return jaccard(metrics.confusion(mask, truth))


class Accumulates:
    """Never forgets the photos that it saw."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def __call__(self, mask: Any, truth: Any) -> float:
        if len(mask) > 1:
            self.seen = [*self.seen, *iou(mask, truth)]
            return float(iou(mask, truth).mean())
        return float(np.mean([*self.seen, *iou(mask, truth)]))


@case("03.1")
def _() -> Any:
    def soft(mask: Any, truth: Any) -> Any:
        with np.errstate(all="ignore"):
            return ((mask & truth).sum((1, 2)) / (mask | truth).sum((1, 2))).mean()

    return (lambda mask, truth: iou(mask, truth).mean(),), [
        ((lambda m, t: (m & t).sum() / (m | t).sum(),), "pooled"),
        ((lambda m, t: (iou(m, t).mean() + iou(~m, ~t).mean()) / 2,), "skin is averaged in"),
        ((lambda m, t: (m == t).mean(),), "accuracy"),
        ((lambda m, t: dice(metrics.confusion(m, t)).mean(),), "Dice"),
        ((soft,), "nan"),
        ((lambda m, t: 100 * iou(m, t).mean(),), "too high"),
        ((Accumulates(),), "from the call before"),
        ((0.86,), "pass the function itself"),
    ]


@case("03.2")
def _() -> Any:
    test = np.random.default_rng(0).beta(8, 2, 379)
    half = 196 * test.std() / 45**0.5
    right = 2 * 0.86 / 1.86, True, half
    return (right, test), [
        (((0.86 / 1.14, True, half), test), "the other direction"),
        (((92.5, True, half), test), "percent"),
        (((2 * 0.84 / 1.84, True, half), test), "for the new one"),
        (((right[0], False, half), test), "before it was rounded"),
        (((right[0], True, 2 * half), test), "whole width"),
        (((right[0], True, half * (45 / 379) ** 0.5), test), "all photos"),
        (((right[0], True, half / 100), test), "in points"),
        (((right[0], True, None), test), "still missing"),
        ((right[0], test), "expected three"),
    ]
