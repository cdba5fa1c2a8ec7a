"""May a probability be believed? Of the pixels called lesion with p = .8, eight in ten should be lesion.

Counted per image first and reduced last, as scores are: pixels of one image go right or wrong together, so what an
interval must resample is images. Numpy only.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lesionseg_lib.evaluation.bootstrap import BOOTSTRAP_DRAWS, count_draws, percentile_interval
from lesionseg_lib.utils.checks import Need, check_arrays, check_number

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

    Bin b holds b / B <= p < (b + 1) / B, the last one also p = 1, with edges rounded as the probabilities are: float32
    .29 is in bin 29 of 100. Raises ``ShapeError`` for differing shapes, truths that are not bool, NaN, and
    probabilities outside [0, 1]: those are logits, which have to go through ``sigmoid`` first.
    """
    _check(probabilities, truths)
    check_number("bins", bins, 1, 2**20)
    # Compared, not multiplied: .29 * 100 is 28.999999999999996.
    edges = (np.arange(1, bins) / bins).astype(probabilities.dtype)
    parts = []
    for p, truth in zip(probabilities.reshape(len(truths), -1), truths.reshape(len(truths), -1), strict=True):
        number = np.searchsorted(edges, p, side="right")
        parts.append([np.bincount(number, weights, minlength=bins) for weights in (None, p, truth)])
    pixels, claimed, lesion = (np.stack(part) for part in zip(*parts, strict=True))
    return Bins(pixels, claimed, lesion.astype(np.int64))


def calibration_error(bins: Bins) -> float:
    """Expected calibration error (ECE): mean distance of claimed and true share, each bin weighted by its pixels.

    Source: Naeini et al., *Obtaining well calibrated probabilities using Bayesian binning*, AAAI 2015, here of the
    probability of lesion and not of the likelier class. It depends on the bins, and bins of easy skin weigh most.
    """
    return float(np.abs(bins.claimed.sum(0) - bins.lesion.sum(0)).sum() / bins.pixels.sum())


def maximum_calibration_error(bins: Bins, least: int = 1) -> float:
    """Maximum calibration error (MCE): the largest distance of claimed and true share of a bin.

    It hangs on one bin, often one with few pixels: ``least`` is how many a bin must hold to count. NaN where none does.
    Source: Naeini et al., as above.
    """
    pixels = bins.pixels.sum(0)
    gaps = np.abs(bins.claimed.sum(0) - bins.lesion.sum(0))[pixels >= max(least, 1)]
    return float((gaps / pixels[pixels >= max(least, 1)]).max()) if len(gaps) else float("nan")


def brier_scores(probabilities: Array, truths: Array) -> Array:
    """Mean squared distance of probability and truth, of each image: float (N, H, W) and bool (N, H, W) -> (N,).

    0 is best; saying .5 everywhere scores .25. It needs no bins, and asks for both: probabilities that may be believed
    and that tell lesion from skin. Raises ``ShapeError``.

    Source: Brier, *Verification of forecasts expressed in terms of probability*, 1950, here of one class.
    """
    _check(probabilities, truths)
    return np.asarray([np.square(p.astype(np.float64) - t).mean() for p, t in zip(probabilities, truths, strict=True)])


def calibration_interval(
    bins: Bins, level: float = 0.95, n: int = BOOTSTRAP_DRAWS, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of ``calibration_error`` over resampled images.

    Model: images are independent draws from one source. The error is a sum of distances, so resampling pushes it up,
    and a small one may lie below its own interval: read it as a range of what may be seen, not as a test.
    """
    times = count_draws(len(bins.pixels), n, seed)  # (n, N)
    errors = np.abs(times @ (bins.claimed - bins.lesion)).sum(1) / (times @ bins.pixels.sum(1))
    return percentile_interval(errors, level)


def _check(probabilities: Array, truths: Array) -> None:
    check_arrays(
        "enlarge the probabilities to the truths' size",
        probabilities=Need(probabilities, "N H W", "float", between=(0, 1)),
        truths=Need(truths, "N H W", "bool"),
    )
