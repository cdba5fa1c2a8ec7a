"""Answers against what is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lesionseg_lib.assignments.comparing import equal, within

ONES = np.ones((2, 2))


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (0.5, 0.5 + 5e-7), (1e6, 1e6 + 0.5), (np.float32(0.5), 0.5), (np.array(0.5), 0.5), (1, 1.0),
        ((1.0, 2), [1, 2.0]),
        (ONES, ONES.astype(np.float32)), (float("nan"), float("nan")), ({"a": [1]}, {"a": [1]}), ("x", "x"),
        (None, None),
        (ONES > 0, ONES > 0), (float("inf"), float("inf")),
    ],
)  # fmt: skip
def test_equal(answer: Any, right: Any) -> None:
    assert equal(answer, right)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (0.5, 0.51), (True, 1.0), (1.0, True), ("0.5", 0.5), (None, 0.5), ([0.5], 0.5), (np.array([0.5]), 0.5),
        (0.5, None),
        (ONES, ONES > 0), (ONES > 0, ONES), (ONES, np.ones((2, 3))), (float("nan"), 0.5), (0.5, float("nan")),
        (float("inf"), 0.5), ({"a": 1}, {"b": 1}), ({"a": 1, "b": 1}, {"a": 1}), ((1, 2, 3), (1, 2)),
        (np.array("x"), 1.0),
        (-float("inf"), float("inf")),
    ],
)  # fmt: skip
def test_not_equal(answer: Any, right: Any) -> None:
    assert not equal(answer, right)


def test_another_tolerance() -> None:
    assert within(0.1)(0.55, 0.5) and not within(0.01)(0.55, 0.5)
