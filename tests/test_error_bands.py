"""Distances from an outline, and errors sorted by them."""

import numpy as np
import pytest

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.evaluation.boundaries import errors_by_distance
from lesionseg_lib.evaluation.metrics import confusion
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


def test_errors_fall_into_the_band_of_their_distance() -> None:
    drawn = HALF.copy()
    drawn[:, 2] = True  # .5 away: 4 pixels
    drawn[0, 7] = False  # 4.5 away: 1 pixel
    wrong, pixels = errors_by_distance(drawn[None], HALF[None], (0, 1, 2, np.inf))
    assert wrong.tolist() == [[4, 0, 1]]
    assert pixels.tolist() == [[8, 8, 16]]


def test_all_bands_together_hold_every_error() -> None:
    rng = np.random.default_rng(0)
    drawn, truth = rng.random((2, 3, 9, 11)) > 0.5
    wrong, pixels = errors_by_distance(drawn, truth, (0, 1, 2, np.inf))
    counts = confusion(drawn, truth)
    assert wrong.sum(1).tolist() == (counts.fp + counts.fn).tolist()
    assert pixels.sum(1).tolist() == [99, 99, 99]


@pytest.mark.parametrize("drawn", [HALF, HALF[None].astype(float), HALF[None, :2]])
def test_what_does_not_fit_is_refused(drawn: np.ndarray) -> None:
    with pytest.raises(ShapeError, match="Expected two arrays of bool"):
        errors_by_distance(drawn, HALF[None], (0, 1))
