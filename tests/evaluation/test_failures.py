"""Labels by rule on masks drawn by hand, and the comparison of two labellings."""

from __future__ import annotations

import numpy as np
import pytest

from lesionseg_lib.errors import DataError, ShapeError, UnknownNameError
from lesionseg_lib.evaluation.failures import LABELS, compare_labels, rule_label

TRUTH = np.zeros((20, 20), bool)
TRUTH[5:15, 5:15] = True


def box(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = np.zeros(TRUTH.shape, bool)
    mask[top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [
        (~TRUTH | TRUTH, "too large"),
        (box(6, 6, 15, 15), "too small"),
        (TRUTH, "too small"),  # no error at all: no more false positives than false negatives
        (box(0, 0, 0, 0), "missed"),
        (box(14, 5, 15, 14), "missed"),  # 9 of 100 pixels
        (box(14, 5, 15, 15), "too small"),  # 10 of 100
        (TRUTH | box(0, 0, 4, 3), "fragment"),  # 12 of 112 are on an island
        (TRUTH | box(0, 0, 5, 2), "too large"),  # 10 of 110
    ],
)
def test_counting_tells_four_kinds_apart(prediction: np.ndarray, expected: str) -> None:
    assert expected in LABELS
    assert rule_label(prediction, TRUTH) == expected


def test_a_lesion_that_is_not_there_can_only_be_overdrawn() -> None:
    nothing = np.zeros_like(TRUTH)
    assert rule_label(TRUTH, nothing) == "too large"


def test_masks_must_fit() -> None:
    with pytest.raises(ShapeError):
        rule_label(TRUTH[:5], TRUTH)


def test_two_labellings_are_compared() -> None:
    rules = {"a": "missed", "b": "too large", "c": "fragment"}
    assert compare_labels({}, rules).startswith("No label yet")
    assert compare_labels(rules, rules) == "3 of 3 labels agree."
    assert compare_labels({"a": "missed", "b": "artefact"}, rules) == (
        "1 of 2 labels agree.\nb: artefact, the other says too large"
    )


def test_slips_of_the_pen_are_named() -> None:
    with pytest.raises(UnknownNameError, match="too large"):
        compare_labels({"a": "to large"}, {"a": "missed"})
    with pytest.raises(DataError, match="d is none of the photos to label: a"):
        compare_labels({"d": "missed"}, {"a": "missed"})
