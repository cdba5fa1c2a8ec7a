"""Whether an answer is the right one. Answers come from outside: nothing of theirs is called, only compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

WITHIN = 1e-6


def equal(answer: Any, right: Any, within: float = WITHIN) -> bool:
    """Numbers within ``within`` (absolute below 1, else relative), arrays of one shape number by number.

    A bool is no number here, an array of one element is no single number, and NaN equals nothing but NaN. Lists and
    tuples are compared part by part, dictionaries key by key.
    """
    if isinstance(right, dict):
        return isinstance(answer, dict) and answer.keys() == right.keys() and all(
            equal(answer[key], right[key], within) for key in right
        )  # fmt: skip
    if isinstance(right, list | tuple):
        return isinstance(answer, list | tuple) and len(answer) == len(right) and all(
            equal(a, b, within) for a, b in zip(answer, right, strict=True)
        )  # fmt: skip
    if right is None or isinstance(right, str):
        return type(answer) is type(right) and bool(answer == right)
    if not isinstance(answer, bool | int | float | np.ndarray | np.generic):
        return False
    a, b = np.asarray(answer), np.asarray(right)
    if a.shape != b.shape or (a.dtype.kind == "b") != (b.dtype.kind == "b") or a.dtype.kind not in "biuf":
        return False
    if b.dtype.kind == "b":
        return bool((a == b).all())
    x, y = a.astype(np.float64), b.astype(np.float64)
    both = np.isnan(x) & np.isnan(y)
    with np.errstate(all="ignore"):
        near = (x == y) | (np.isfinite(y) & (np.abs(x - y) <= within * np.maximum(1.0, np.abs(y))))
    return bool((both | near).all())


def within(tolerance: float) -> Callable[[Any, Any], bool]:
    """``equal`` with another tolerance, as ``CodeQuestion.same`` takes it."""
    return lambda answer, right: equal(answer, right, tolerance)
