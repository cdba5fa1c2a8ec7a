"""Distances of pixels to the outline of a mask, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from lesionseg_lib.evaluation.boundaries import errors_by_distance
from lesionseg_lib.utils.outline import distance_to_outline

HALF = np.zeros((4, 8), bool)
HALF[:, 3:] = True  # the outline runs between columns 2 and 3; the frame is none


def test_distances_count_from_the_line_between_the_pixels_and_not_from_the_frame() -> None:
    assert distance_to_outline(HALF)[0].tolist() == [2.5, 1.5, 0.5, 0.5, 1.5, 2.5, 3.5, 4.5]


def test_a_corner_is_nearer_than_its_steps() -> None:
    mask = np.zeros((5, 5), bool)
    mask[2, 2] = True
    assert distance_to_outline(mask)[1, 1] == pytest.approx(2**0.5 - 0.5)


@pytest.mark.parametrize("mask", [np.zeros((2, 3), bool), np.ones((2, 3), bool)])
def test_a_mask_without_an_outline_is_infinitely_far_from_it(mask: np.ndarray) -> None:
    assert np.isinf(distance_to_outline(mask)).all()
    wrong, pixels = errors_by_distance(~mask[None], mask[None], (0, 1, np.inf))
    assert wrong.tolist() == pixels.tolist() == [[0, 6]]
