"""The border scores: cases worked out by hand, empty masks, and MONAI and repeated erosion as oracles."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.evaluation.boundaries import (
    border,
    boundary_f,
    boundary_iou,
    diagonal,
    errors_by_distance,
    hausdorff95,
    mean_surface_distance,
    surface_dice,
)
from lesionseg_lib.evaluation.metrics import confusion

EMPTY = np.zeros((30, 40), bool)  # a diagonal of 50 pixels


def box(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = EMPTY.copy()
    mask[top:bottom, left:right] = True
    return mask


SQUARE = box(5, 5, 15, 15)


def nearly(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Surface Dice at two pixels."""
    return surface_dice(prediction, truth, 2)


MASKS = arrays(bool, (11, 14), elements=st.booleans())


def test_the_border_is_the_outermost_ring() -> None:
    assert border(SQUARE).sum() == 36
    assert not border(SQUARE)[6:14, 6:14].any()
    assert border(np.ones((4, 5), bool)).sum() == 14  # where the image ends, the mask ends
    assert not border(EMPTY).any()


def test_a_mask_agrees_with_itself() -> None:
    for mask in (SQUARE, EMPTY, ~EMPTY):
        assert (hausdorff95(mask, mask), boundary_iou(mask, mask), boundary_f(mask, mask)) == (0, 1, 1)


def test_one_empty_mask_is_the_worst_that_the_image_allows() -> None:
    assert diagonal(EMPTY) == 50
    for pair in ((SQUARE, EMPTY), (EMPTY, SQUARE)):
        assert (hausdorff95(*pair), boundary_iou(*pair), boundary_f(*pair)) == (50, 0, 0)


@pytest.mark.parametrize(("shift", "distance"), [(1, 1), (2, 2), (7, 7)])
def test_a_shift_to_the_side(shift: int, distance: float) -> None:
    """The left edge of the true square, 10 of 36 pixels, is ``shift`` away; more than 5 % of the border."""
    moved = box(5, 5 + shift, 15, 15 + shift)
    assert hausdorff95(moved, SQUARE) == distance
    assert hausdorff95(SQUARE, moved) == distance


def test_an_island_counts_from_one_twentieth_of_the_border_on() -> None:
    """A single pixel, 20 to the right: 1 of 37 border pixels is below 5 %, 4 of 40 are above."""
    dot, island = box(10, 34, 11, 35), box(10, 34, 12, 36)
    assert hausdorff95(SQUARE | dot, SQUARE) == 0
    distances = [0.0] * 36 + [20.0, 20.0, 21.0, 21.0]
    assert hausdorff95(SQUARE | island, SQUARE) == pytest.approx(np.percentile(distances, 95))
    assert hausdorff95(SQUARE, SQUARE | island) == hausdorff95(SQUARE | island, SQUARE)


def test_bands_are_as_counted_by_hand() -> None:
    """2 % of the diagonal is one pixel: rings of 36 (square of 10) and 44 (square of 12) without a common pixel."""
    assert boundary_iou(box(4, 4, 16, 16), SQUARE) == 0
    # 4 % is two pixels: of the large square's 44 + 36 the inner ring is the small one's outer; it has 36 + 28.
    assert boundary_iou(box(4, 4, 16, 16), SQUARE, width=0.04) == pytest.approx(36 / (44 + 36 + 28))


def test_the_rim_of_the_image_belongs_to_the_band() -> None:
    half = box(0, 0, 30, 20)
    assert boundary_iou(half, half) == 1
    # Rings of 96 and 136 pixels; they share the left edge of 30 and 19 pixels each above and below.
    assert boundary_iou(half, ~EMPTY) == pytest.approx(68 / (96 + 136 - 68))


def test_borders_within_the_tolerance_are_right() -> None:
    larger = box(3, 3, 17, 17)  # two pixels all around; its corners are 2 * sqrt(2) away
    assert boundary_f(larger, SQUARE, tolerance=2 / 50) < 1
    assert boundary_f(larger, SQUARE, tolerance=2.9 / 50) == 1
    assert boundary_f(larger, SQUARE, tolerance=1.9 / 50) == 0


def test_precision_and_recall_of_the_border_by_hand() -> None:
    """With tolerance 0: of 40 predicted pixels (square and island of 4) 36 are right; the true border is found."""
    assert boundary_f(SQUARE | box(20, 30, 22, 32), SQUARE, tolerance=0) == pytest.approx(2 * 0.9 / 1.9)


@settings(max_examples=60, deadline=None)
@given(MASKS, MASKS)
def test_hausdorff_equals_monais(prediction: np.ndarray, truth: np.ndarray) -> None:
    theirs = pytest.importorskip("monai.metrics", reason="MONAI is not installed")
    if not prediction.any() or not truth.any():
        return  # theirs is nan or infinite, by their rule
    pair = (torch.tensor(mask)[None, None] for mask in (prediction, truth))
    expected = theirs.compute_hausdorff_distance(*pair, include_background=True, percentile=95)
    assert hausdorff95(prediction, truth) == pytest.approx(float(expected), abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(MASKS, MASKS, st.sampled_from([0.02, 0.1, 0.2]))
def test_bands_equal_repeated_erosion(prediction: np.ndarray, truth: np.ndarray, width: float) -> None:
    """As the paper describes the band: what disappears when the mask is eroded by 3 x 3, again and again."""

    def band(mask: np.ndarray) -> Any:
        times = max(1, round(width * math.hypot(*mask.shape)))
        padded = np.pad(mask, 1).astype(np.uint8)
        return mask & (cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=times)[1:-1, 1:-1] == 0)

    one, other = band(prediction), band(truth)
    expected = (one & other).sum() / (one | other).sum() if (one | other).any() else 1.0
    assert boundary_iou(prediction, truth, width) == pytest.approx(expected)


@settings(max_examples=40, deadline=None)
@given(MASKS, MASKS)
def test_scores_are_symmetric_and_in_range(one: np.ndarray, other: np.ndarray) -> None:
    for score, most in ((hausdorff95, diagonal(one)), (boundary_iou, 1.0), (boundary_f, 1.0)):
        assert 0 <= score(one, other) <= most
        assert score(one, other) == pytest.approx(score(other, one))


@pytest.mark.parametrize("score", [hausdorff95, boundary_iou, boundary_f, mean_surface_distance, nearly])
def test_what_is_no_mask_is_refused(score: Any) -> None:
    with pytest.raises(ShapeError, match="prediction is uint8"):
        score(SQUARE.astype(np.uint8), SQUARE)
    with pytest.raises(ShapeError, match=r"truth \(1, 30, 40\). Expected the same \(H, W\)"):
        score(SQUARE, SQUARE[None])
    with pytest.raises(ShapeError, match="enlarge the probabilities"):
        score(SQUARE[:20], SQUARE)


HALF = np.zeros((4, 8), bool)
HALF[:, 3:] = True  # the outline runs between columns 2 and 3; the frame is none


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
    with pytest.raises(ShapeError, match="expected bool|Expected the same"):
        errors_by_distance(drawn, HALF[None], (0, 1))


# ---- mean distance and surface Dice, with pixels of any size


def line(first: int, last: int) -> np.ndarray:
    """Columns ``first`` to ``last`` of the top row."""
    mask = EMPTY.copy()
    mask[0, first : last + 1] = True
    return mask


def test_mean_distance_of_two_lines_is_as_worked_out_by_hand() -> None:
    """Columns 0 to 9 and 2 to 12: two pixels are 2 and 1 from the other line, three are 1, 2 and 3, 16 lie in it."""
    assert mean_surface_distance(line(0, 9), line(2, 12)) == pytest.approx((2 + 1 + 1 + 2 + 3) / 21)
    assert mean_surface_distance(line(2, 12), line(0, 9)) == pytest.approx(9 / 21)


def test_surface_dice_is_the_share_within_the_tolerance() -> None:
    pair = line(0, 9), line(2, 12)
    shares = [surface_dice(*pair, tolerance) for tolerance in (0, 0.9, 1, 2, 3)]
    assert shares == pytest.approx([16 / 21, 16 / 21, 18 / 21, 20 / 21, 1])


def test_spacing_is_height_and_width_of_a_pixel() -> None:
    upper, lower = line(0, 9), np.roll(line(0, 9), 4, axis=0)  # four pixels apart, one below the other
    assert mean_surface_distance(upper, lower, (0.5, 9)) == 2
    assert hausdorff95(upper, lower, (0.5, 9)) == 2
    assert surface_dice(upper, lower, 2, (0.5, 9)) == 1 and surface_dice(upper, lower, 1.9, (0.5, 9)) == 0
    moved = np.roll(upper, 4, axis=1)  # four columns of each line lie 1, 2, 3, 4 columns outside the other
    assert mean_surface_distance(upper, moved, (9, 0.5)) == pytest.approx(2 * 0.5 * (1 + 2 + 3 + 4) / 20)
    assert diagonal(EMPTY, (0.1, 0.1)) == pytest.approx(5)


def test_any_percentile_can_be_taken() -> None:
    """Distances of the first line's pixels: 2, 1 and eight 0; of the second's: eight 0, then 1, 2, 3."""
    assert hausdorff95(line(0, 9), line(2, 12), percentile=100) == 3
    assert hausdorff95(line(0, 9), line(2, 12), percentile=50) == 0


def test_an_empty_mask_has_the_worst_distance_in_the_same_unit() -> None:
    assert mean_surface_distance(SQUARE, EMPTY) == 50 and mean_surface_distance(EMPTY, EMPTY) == 0
    assert mean_surface_distance(SQUARE, EMPTY, (0.1, 0.1)) == pytest.approx(5)
    assert hausdorff95(SQUARE, EMPTY, (0.1, 0.1)) == pytest.approx(5)
    assert nearly(SQUARE, EMPTY) == 0 and nearly(EMPTY, EMPTY) == 1


@pytest.mark.parametrize("spacing", [(0, 1), (1, -1), (1, math.nan), (math.inf, 1)])
def test_a_pixel_without_size_is_refused(spacing: tuple[float, float]) -> None:
    with pytest.raises(ShapeError, match="spacing is"):
        mean_surface_distance(SQUARE, SQUARE, spacing)
    with pytest.raises(ShapeError, match="tolerance is nan"):
        surface_dice(SQUARE, SQUARE, math.nan)
