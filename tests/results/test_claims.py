"""What a claimed pair of IoU and Dice says by itself."""

from __future__ import annotations

import numpy as np
import pytest

from lesionseg_lib.results.claims import highest_dice, is_possible
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
