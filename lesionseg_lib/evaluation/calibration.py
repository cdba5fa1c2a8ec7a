"""May a probability be believed? Of the pixels called lesion with p = .8, eight in ten should be lesion.

Counted per image first and reduced last, as scores are: pixels of one image go right or wrong together, so what an
interval must resample is images. Numpy only.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.evaluation.bootstrap import BOOTSTRAP_DRAWS, count_draws, percentile_interval

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Bins:
    """Pixels of N images sorted into B equal bins of their predicted probability.

    Attributes:
        pixels: how many pixels each bin holds, int64 (N, B).
        claimed: the sum of their probabilities, that is how many of them should be lesion, float64 (N, B).
        lesion: how many of them are lesion, int64 (N, B).
    """

    pixels: Array
    claimed: Array
    lesion: Array

    def reliability(self) -> tuple[Array, Array, Array]:
        """Of each bin over all images: share of all pixels, mean probability, share that is lesion; each (B,).

        The last two are NaN in a bin without pixels. Drawn against each other they are the reliability diagram
        (Murphy & Winkler, *Reliability of subjective probability forecasts*, 1977).
        """
        pixels = self.pixels.sum(0)
        divisor = np.where(pixels > 0, pixels, np.nan)
        return pixels / pixels.sum(), self.claimed.sum(0) / divisor, self.lesion.sum(0) / divisor


def bin_pixels(probabilities: Array, truths: Array, bins: int = 10) -> Bins:
    """Sort the pixels of probabilities, float (N, H, W), by their value; truths are bool (N, H, W).

    Bin b holds b / B <= p < (b + 1) / B, the last one also p = 1. Raises ``ShapeError`` for differing shapes, truths
    that are not bool, and probabilities outside [0, 1]: those are logits, which have to go through ``sigmoid`` first.
    """
    if probabilities.shape != truths.shape or truths.ndim != 3 or truths.dtype != np.bool_ or truths.size == 0:
        raise ShapeError(
            f"probabilities have shape {probabilities.shape}, truths {truths.shape} and type {truths.dtype}. Expected "
            f"the same (N, H, W) with N > 0, and truths that are bool."
        )
    if probabilities.min() < 0 or probabilities.max() > 1:
        raise ShapeError(
            f"probabilities range from {probabilities.min():.3g} to {probabilities.max():.3g}. Expected 0 to 1; take "
            f"the sigmoid of logits first."
        )
    parts = []
    for p, truth in zip(probabilities.reshape(len(truths), -1), truths.reshape(len(truths), -1), strict=True):
        number = np.minimum((p * bins).astype(np.int64), bins - 1)
        parts.append([np.bincount(number, weights, minlength=bins) for weights in (None, p, truth)])
    pixels, claimed, lesion = (np.stack(part) for part in zip(*parts, strict=True))
    return Bins(pixels, claimed, lesion.astype(np.int64))


def calibration_error(bins: Bins) -> float:
    """Expected calibration error (ECE): mean distance of claimed and true share, each bin weighted by its pixels.

    Source: Naeini et al., *Obtaining well calibrated probabilities using Bayesian binning*, AAAI 2015, here of the
    probability of lesion and not of the likelier class. It depends on the bins, and bins of easy skin weigh most.
    """
    return float(np.abs(bins.claimed.sum(0) - bins.lesion.sum(0)).sum() / bins.pixels.sum())


def calibration_interval(
    bins: Bins, level: float = 0.95, n: int = BOOTSTRAP_DRAWS, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of ``calibration_error`` over resampled images.

    The error is a sum of distances, so resampling pushes it up, and a small one may lie below its own interval.
    """
    times = count_draws(len(bins.pixels), n, seed)  # (n, N)
    errors = np.abs(times @ (bins.claimed - bins.lesion)).sum(1) / (times @ bins.pixels.sum(1))
    return percentile_interval(errors, level)
