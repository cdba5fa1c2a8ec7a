"""What a claimed pair of IoU and Dice says by itself, and how far our readings are from it."""

from __future__ import annotations

import numpy as np
import pytest

from lesionseg_lib.results.claims import Nearest, distances, highest_dice, is_possible
from lesionseg_lib.training.recipes import Claim


@pytest.mark.parametrize(
    ("iou", "dice", "possible"),
    [
        (0.5, 2 / 3, True),  # the bound itself: all images alike, or pixels pooled
        (0.5, 0.67, False),
        (0.5, 0.5, True),  # half of the images 1, half 0
        (0.5, 0.49, False),  # Dice is nowhere below IoU
        (0.2985, 0.7522, False),
        (0.2985, 0.8620, False),
        (0.8834, 0.9121, True),
        (0.70, 0.8239, True),  # 0.8235 but for rounding
    ],
)
def test_a_pair_is_possible_between_equality_and_the_bound_by_jensen(iou: float, dice: float, possible: bool) -> None:
    assert is_possible(Claim(iou, dice, loss=0.0)) is possible


def test_no_set_of_masks_has_a_higher_mean_dice_than_its_mean_jaccard_allows() -> None:
    jaccard = np.random.default_rng(0).beta(2, 1, size=(100, 30))
    dice = 2 * jaccard / (1 + jaccard)
    assert (dice.mean(1) <= highest_dice(jaccard.mean(1)) + 1e-12).all()


@pytest.mark.parametrize(("jaccard", "dice"), [(0.0, 0.0), (0.25, 0.4), (0.5, 2 / 3), (0.6, 0.75), (1.0, 1.0)])
def test_the_highest_dice_of_one_image_is_its_dice(jaccard: float, dice: float) -> None:
    assert highest_dice(jaccard) == pytest.approx(dice)


@pytest.mark.parametrize(
    ("dice", "possible"),
    [(0.7504, True), (0.7506, False), (0.5996, True), (0.5994, False)],  # half a unit of the third digit: .0005
)
def test_a_figure_may_have_been_rounded_and_no_more(dice: float, possible: bool) -> None:
    assert is_possible(Claim(0.6, dice)) is possible  # from .6 to .75


def test_every_reading_keeps_its_place_and_has_its_distance() -> None:
    readings = {"per_image": {"jaccard": 0.53, "dice": 0.64}, "pooled": {"jaccard": 0.50, "dice": 0.60}}
    assert distances(Claim(0.5, 0.6), readings) == [
        Nearest("per_image", 0.53, 0.64, pytest.approx(0.05)),  # 3, 4, 5
        Nearest("pooled", 0.50, 0.60, 0.0),
    ]


def test_without_readings_there_is_no_distance() -> None:
    assert distances(Claim(0.5, 0.6), {}) == []
