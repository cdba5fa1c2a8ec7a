"""What a claimed pair of IoU and Dice says by itself, and which way of scoring our masks comes near it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lesionseg_lib.training.recipes import Claim

ROUNDING = 5e-4  # of a claimed figure: half a unit of the third digit


@dataclass(frozen=True)
class Nearest:
    """A reading of our predictions and its distance (Euclidean) from a claimed pair."""

    reading: str
    jaccard: float
    dice: float
    distance: float


def highest_dice(jaccard: float) -> float:
    """The highest mean Dice that a mean Jaccard allows.

    For one image Dice = 2 J / (1 + J), which is concave in J. By Jensen's inequality the mean Dice of several images is
    at most that of their mean Jaccard, with equality when all images score alike or when pixels are pooled.
    """
    return 2 * jaccard / (1 + jaccard)


def is_possible(claim: Claim) -> bool:
    """Whether one set of masks can have this mean IoU and this mean Dice (Dice is nowhere below IoU either)."""
    return claim.iou - ROUNDING <= claim.dice <= highest_dice(claim.iou) + ROUNDING


def distances(claim: Claim, readings: Mapping[str, Mapping[str, float]]) -> list[Nearest]:
    """How far each reading is from the claimed pair."""
    return [
        Nearest(name, r["jaccard"], r["dice"], float(np.hypot(r["jaccard"] - claim.iou, r["dice"] - claim.dice)))
        for name, r in readings.items()
    ]
