"""Scores of binary masks: count per image first, reduce last and by a named rule.

The definitions and the rule for empty cases are those of the organisers of the ISIC challenge (their package
``isic-challenge-scoring``): one confusion matrix per image at the truth's size, the metric per image, the mean over
images; a ratio whose denominator is empty scores 1. Numpy only.

That last rule is a choice, and programs differ: ``if_empty`` of every metric is what a ratio without a denominator
gives. 1 is the organisers'; segmentation_models.pytorch and torchmetrics can be set to 0; NaN, which leaves the image
out of the mean, is nnU-Net's. MONAI's NaN stands wherever the truth is empty, also for a prediction that is not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lesionseg_lib.utils.checks import Need, check_arrays, check_number
from lesionseg_lib.utils.lookup import look_up

Array = npt.NDArray[Any]
IF_EMPTY = 1.0
"""The organisers' rule for a ratio whose denominator is 0."""


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


Metric = Callable[..., Array]
"""``metric(counts, if_empty=1.0)`` -> one value an image, float64 (N,)."""


def confusion(prediction: Array, truth: Array, ignore: Array | None = None) -> Counts:
    """Count prediction against truth; both bool, (N, H, W) or one image (H, W).

    ``ignore``: bool, of the same shape, where a pixel counts for nothing: hair that hides the border, a frame, an area
    on which experts disagree.

    Raises ``ShapeError`` for differing shapes and for arrays that are not bool: a 0/255 mask taken as 0/1, or
    probabilities that nobody thresholded, would give numbers that look like scores.
    """
    masks = {"prediction": prediction, "truth": truth} | ({} if ignore is None else {"ignore": ignore})
    check_arrays(
        "enlarge the probabilities to the truth's size before thresholding",
        **{name: Need(mask, "N H W | H W", "bool") for name, mask in masks.items()},
    )
    if prediction.ndim == 2:
        prediction, truth = prediction[None], truth[None]
    counted = np.True_ if ignore is None else ~ignore
    axes = (1, 2)
    return Counts(
        tp=(prediction & truth & counted).sum(axes, dtype=np.int64),
        fp=(prediction & ~truth & counted).sum(axes, dtype=np.int64),
        fn=(~prediction & truth & counted).sum(axes, dtype=np.int64),
        tn=(~prediction & ~truth & counted).sum(axes, dtype=np.int64),
    )


def _ratio(numerator: Array, denominator: Array, if_empty: float) -> Array:
    """``numerator / denominator`` as float64 (N,); ``if_empty`` where the denominator is 0."""
    return np.where(denominator == 0, if_empty, numerator / np.maximum(denominator, 1))


def jaccard(c: Counts, if_empty: float = IF_EMPTY) -> Array:
    """Intersection over union: tp / (tp + fp + fn), (N,)."""
    return _ratio(c.tp, c.tp + c.fp + c.fn, if_empty)


def dice(c: Counts, if_empty: float = IF_EMPTY) -> Array:
    """2 tp / (2 tp + fp + fn), (N,). For one image 2 J / (1 + J)."""
    return _ratio(2 * c.tp, 2 * c.tp + c.fp + c.fn, if_empty)


def sensitivity(c: Counts, if_empty: float = IF_EMPTY) -> Array:
    """Share of the lesion that was found, recall: tp / (tp + fn), (N,)."""
    return _ratio(c.tp, c.tp + c.fn, if_empty)


def specificity(c: Counts, if_empty: float = IF_EMPTY) -> Array:
    """Share of the skin that was left alone: tn / (tn + fp), (N,)."""
    return _ratio(c.tn, c.tn + c.fp, if_empty)


def ppv(c: Counts, if_empty: float = IF_EMPTY) -> Array:
    """Positive predictive value, precision: the share of the mask that is lesion, tp / (tp + fp), (N,)."""
    return _ratio(c.tp, c.tp + c.fp, if_empty)


def npv(c: Counts, if_empty: float = IF_EMPTY) -> Array:
    """Negative predictive value: the share of what the mask leaves out that is skin, tn / (tn + fn), (N,)."""
    return _ratio(c.tn, c.tn + c.fn, if_empty)


def accuracy(c: Counts, if_empty: float = IF_EMPTY) -> Array:
    """Share of pixels that are right: (tp + tn) / all, (N,)."""
    return _ratio(c.tp + c.tn, c.tp + c.fp + c.fn + c.tn, if_empty)


def threshold_jaccard(c: Counts, threshold: float = 0.65, if_empty: float = IF_EMPTY) -> Array:
    """Jaccard, set to 0 below .65: what the challenge has ranked by since 2018, (N,)."""
    j = jaccard(c, if_empty)
    return np.where(j < threshold, 0.0, j)


METRICS: dict[str, Metric] = {
    "jaccard": jaccard,
    "dice": dice,
    "sensitivity": sensitivity,
    "specificity": specificity,
    "accuracy": accuracy,
    "threshold_jaccard": threshold_jaccard,
}
"""The challenge's, which tables and records hold."""

ALL_METRICS: dict[str, Metric] = {**METRICS, "ppv": ppv, "npv": npv}


def reduce(counts: Counts, metric: str, how: str = "per_image", if_empty: float = IF_EMPTY) -> float:
    """One number for a set of images, of one of ``ALL_METRICS``.

    ``per_image``: the metric of each image, then the mean (official). ``pooled``: the metric of all pixels as one
    image; large lesions weigh more. ``if_empty`` NaN leaves images without a value out of the mean; the mean is NaN
    when none is left. Raises ``UnknownNameError``, and ``ShapeError`` for an ``if_empty`` outside 0 to 1.
    """
    function = look_up(ALL_METRICS, metric, "metric")
    rules: dict[str, Callable[[], Counts]] = {"per_image": lambda: counts, "pooled": lambda: counts.pooled()}
    if not np.isnan(if_empty):
        check_number("if_empty", if_empty, 0, 1, "NaN leaves such images out")
    values = function(look_up(rules, how, "reduction")(), if_empty=if_empty)
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
