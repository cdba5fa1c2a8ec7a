"""One pixel under a loss: against formulas worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.teaching.demos.pixel_loss import follow_pixel, resting_probability
from lesionseg_lib.training.losses import SMOOTH

TARGET = torch.zeros(1, 1, 8, 8)
TARGET[..., :4, :4] = 1
LOGITS = 12 * TARGET - 6  # right and sure everywhere
LOGITS[..., 2:4, :4] = 0  # but for half of the lesion
PIXEL = (7, 7)  # skin


def sigmoid(z: float) -> float:
    return 1 / (1 + float(np.exp(-z)))


def test_cross_entropy_rises_to_a_straight_line_and_its_gradient_is_the_error() -> None:
    loss, gradient = follow_pixel("bce", LOGITS, TARGET, PIXEL, [-4, 0, 4])
    assert gradient == pytest.approx([sigmoid(-4), 0.5, sigmoid(4)], rel=1e-4)
    softplus = np.log1p(np.exp([-4.0, 0.0, 4.0]))
    assert loss == pytest.approx(softplus - softplus[0], abs=1e-4)


def test_dice_gradient_is_doubt_times_size_times_side() -> None:
    (_, gradient) = follow_pixel("dice", LOGITS, TARGET, PIXEL, [0.5])
    moved = LOGITS.clone()
    moved[0, 0, 7, 7] = 0.5
    p = torch.sigmoid(moved)
    total = (p + TARGET).sum().item() + SMOOTH
    dice = (2 * (p * TARGET).sum().item() + SMOOTH) / total
    q = sigmoid(0.5)
    assert gradient[0] == pytest.approx(q * (1 - q) * 2 / total * dice / 2 * 64, rel=1e-4)


def test_following_leaves_the_logits_alone() -> None:
    before = LOGITS.clone()
    follow_pixel("dice", LOGITS, TARGET, PIXEL, [3.0])
    resting_probability("dice", LOGITS, TARGET, PIXEL, [0.5])
    assert torch.equal(LOGITS, before) and TARGET[0, 0, 7, 7] == 0


def test_cross_entropy_comes_to_rest_at_the_share_and_dice_at_an_end() -> None:
    shares = [0.1, 0.3, 0.7]
    assert resting_probability("bce", LOGITS, TARGET, PIXEL, shares) == pytest.approx(shares, abs=0.005)
    assert all(p < 0.01 or p > 0.99 for p in resting_probability("dice", LOGITS, TARGET, PIXEL, shares))
    low, _, high = resting_probability("focal", LOGITS, TARGET, PIXEL, shares)
    assert 0.1 < low < 0.5 < high < 0.7


def test_dice_changes_sides_at_half_the_overlap() -> None:
    p = torch.sigmoid(LOGITS)
    half = ((2 * (p * TARGET).sum() + SMOOTH) / ((p + TARGET).sum() + SMOOTH)).item() / 2
    below, above = resting_probability("dice", LOGITS, TARGET, PIXEL, [half - 0.05, half + 0.05])
    assert below < 0.01 and above > 0.99


@pytest.mark.parametrize(
    ("logits", "pixel", "message"),
    [
        (torch.zeros(2, 1, 8, 8), PIXEL, r"Expected one image, \(1, 1, H, W\)"),
        (LOGITS, (8, 0), r"Pixel \(8, 0\) lies outside an image of \(8, 8\)"),
    ],
)
def test_what_is_no_pixel_of_one_image_is_refused(logits: torch.Tensor, pixel: tuple[int, int], message: str) -> None:
    for function in (follow_pixel, resting_probability):
        with pytest.raises(ShapeError, match=message):
            function("bce", logits, TARGET, pixel, [0.5])
