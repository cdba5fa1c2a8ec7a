"""Scores of binary masks: count per image first, reduce last and by a named rule.

The definitions and the rule for empty cases are those of the organisers of the ISIC challenge (their package
``isic-challenge-scoring``): one confusion matrix per image at the truth's size, the metric per image, the mean over
images; a ratio whose denominator is empty scores 1. Numpy only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.utils.lookup import look_up

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Counts:
    """Pixels per image: true positives, false positives, false negatives, true negatives, each int64 (N,)."""

    tp: Array
    fp: Array
    fn: Array
    tn: Array

    def __len__(self) -> int:
        return len(self.tp)

    def pooled(self) -> "Counts":
        """All images as if they were one: each count (1,)."""
        return Counts(*(np.atleast_1d(c.sum()) for c in (self.tp, self.fp, self.fn, self.tn)))

    @staticmethod
    def concatenate(parts: "list[Counts]") -> "Counts":
        """The counts of several batches as one table."""
        return Counts(*(np.concatenate([getattr(p, c) for p in parts]) for c in ("tp", "fp", "fn", "tn")))


def confusion(prediction: Array, truth: Array) -> Counts:
    """Count prediction against truth; both bool, (N, H, W) or one image (H, W).

    Raises ``ShapeError`` for differing shapes and for arrays that are not bool: a 0/255 mask taken as 0/1, or
    probabilities that nobody thresholded, would give numbers that look like scores.
    """
    for name, array in (("prediction", prediction), ("truth", truth)):
        if array.dtype != np.bool_:
            raise ShapeError(
                f"{name} is {array.dtype}, expected bool. Threshold it first, for example `probabilities > 0.5`, "
                f"or `mask > 128` for a mask stored as 0/255."
            )
    if prediction.shape != truth.shape or prediction.ndim not in (2, 3):
        raise ShapeError(
            f"prediction has shape {prediction.shape}, truth {truth.shape}. Expected the same (N, H, W) or (H, W); "
            f"enlarge the probabilities to the truth's size before thresholding."
        )
    if prediction.ndim == 2:
        prediction, truth = prediction[None], truth[None]
    axes = (1, 2)
    return Counts(
        tp=(prediction & truth).sum(axes, dtype=np.int64),
        fp=(prediction & ~truth).sum(axes, dtype=np.int64),
        fn=(~prediction & truth).sum(axes, dtype=np.int64),
        tn=(~prediction & ~truth).sum(axes, dtype=np.int64),
    )


def _ratio(numerator: Array, denominator: Array) -> Array:
    """numerator / denominator as float64 (N,); 1 where the denominator is 0 (the organisers' rule)."""
    return np.where(denominator == 0, 1.0, numerator / np.maximum(denominator, 1))


def jaccard(c: Counts) -> Array:
    """Intersection over union: tp / (tp + fp + fn), (N,)."""
    return _ratio(c.tp, c.tp + c.fp + c.fn)


def dice(c: Counts) -> Array:
    """2 tp / (2 tp + fp + fn), (N,). For one image 2 J / (1 + J)."""
    return _ratio(2 * c.tp, 2 * c.tp + c.fp + c.fn)


def sensitivity(c: Counts) -> Array:
    """Share of the lesion that was found: tp / (tp + fn), (N,)."""
    return _ratio(c.tp, c.tp + c.fn)


def specificity(c: Counts) -> Array:
    """Share of the skin that was left alone: tn / (tn + fp), (N,)."""
    return _ratio(c.tn, c.tn + c.fp)


def accuracy(c: Counts) -> Array:
    """Share of pixels that are right: (tp + tn) / all, (N,)."""
    return _ratio(c.tp + c.tn, c.tp + c.fp + c.fn + c.tn)


def threshold_jaccard(c: Counts, threshold: float = 0.65) -> Array:
    """Jaccard, set to 0 below .65: what the challenge has ranked by since 2018, (N,)."""
    j = jaccard(c)
    return np.where(j >= threshold, j, 0.0)


METRICS: dict[str, Callable[[Counts], Array]] = {
    "jaccard": jaccard,
    "dice": dice,
    "sensitivity": sensitivity,
    "specificity": specificity,
    "accuracy": accuracy,
    "threshold_jaccard": threshold_jaccard,
}


def reduce(counts: Counts, metric: str, how: str = "per_image") -> float:
    """One number for a set of images.

    ``per_image``: the metric of each image, then the mean (official). ``pooled``: the metric of all pixels as one
    image; large lesions weigh more. Raises ``UnknownNameError``.
    """
    function = look_up(METRICS, metric, "metric")
    rules: dict[str, Callable[[], Array]] = {
        "per_image": lambda: function(counts),
        "pooled": lambda: function(counts.pooled()),
    }
    return float(look_up(rules, how, "reduction")().mean())
