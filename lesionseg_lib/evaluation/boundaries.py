"""Scores of a mask's border: how far it runs from the true one, and how much of it is in place.

The Jaccard index counts area, so that a large lesion forgives a wide strip along its border, and a small island far
away costs next to nothing. These three look at the border alone. Numpy and scipy only; distances are in pixels.

Empty masks, by the rule of this course: two empty masks agree (distance 0, scores 1). If only one is empty there is no
border to measure from, and the pair gets the worst that its image allows: the diagonal as distance, scores 0.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_cdt, distance_transform_edt

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.utils.arrays import Mask
from lesionseg_lib.utils.outline import distance_to_outline

Array = npt.NDArray[Any]

BOUNDARY_WIDTH = 0.02
"""Width of the band of ``boundary_iou``, as a share of the image's diagonal: the paper's choice."""

TOLERANCE = 0.0075
"""Distance within which ``boundary_f`` calls a border pixel right, as a share of the diagonal: the paper's choice."""


def border(mask: Array) -> Array:
    """The pixels of a mask, bool (H, W), one of whose four neighbours is outside it or outside the image."""
    return np.asarray(mask & ~binary_erosion(mask))


def hausdorff95(prediction: Array, truth: Array) -> float:
    """The distance, in pixels, within which 95 % of each border lie from the other one; both bool (H, W).

    Every border pixel of one mask has a distance to the nearest of the other. The 95th percentile of these is taken
    in both directions, then the larger: the plain Hausdorff distance (the maximum) would hang on a single pixel.

    Source: Huttenlocher et al., *Comparing images using the Hausdorff distance*, 1993. Raises ``ShapeError``.
    """
    distances = _distances(prediction, truth)
    if distances is None:
        return _worst(prediction, truth, 0.0, diagonal(prediction))
    return float(max(np.percentile(d, 95) for d in distances))


def boundary_iou(prediction: Array, truth: Array, width: float = BOUNDARY_WIDTH) -> float:
    """Jaccard index of the two bands that lie inside each mask along its border; both bool (H, W).

    A band holds the pixels of its mask at most ``width`` diagonals, rounded to whole pixels and at least one, from a
    pixel outside; steps go in eight directions, and what lies outside the image is outside the mask.

    Source: Cheng et al., *Boundary IoU*, CVPR 2021. Raises ``ShapeError``.
    """
    _check(prediction, truth)
    steps = max(1, round(width * diagonal(truth)))
    ours, true = _band(prediction, steps), _band(truth, steps)
    union = (ours | true).sum()
    return float((ours & true).sum() / union) if union else 1.0


def boundary_f(prediction: Array, truth: Array, tolerance: float = TOLERANCE) -> float:
    """F1 of the border: harmonic mean of precision and recall; both bool (H, W).

    Precision is the share of the predicted border that lies at most ``tolerance`` diagonals from the true one; recall
    the share of the true border that lies as near to the predicted one.

    Source: Csurka et al., *What is a good evaluation measure for semantic segmentation?*, BMVC 2013. Raises
    ``ShapeError``.
    """
    distances = _distances(prediction, truth)
    if distances is None:
        return _worst(prediction, truth, 1.0, 0.0)
    precision, recall = (float((d <= tolerance * diagonal(truth)).mean()) for d in distances)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def diagonal(mask: Array) -> float:
    """Length of the image's diagonal in pixels."""
    return math.hypot(mask.shape[0], mask.shape[1])


def _distances(prediction: Array, truth: Array) -> tuple[Array, Array] | None:
    """Distances of the predicted border's pixels to the true border, and back; None where a mask is empty."""
    _check(prediction, truth)
    ours, true = border(prediction), border(truth)
    if not ours.any() or not true.any():
        return None
    return distance_transform_edt(~true)[ours], distance_transform_edt(~ours)[true]


def _worst(prediction: Array, truth: Array, if_both_empty: float, otherwise: float) -> float:
    return otherwise if prediction.any() or truth.any() else if_both_empty


def _band(mask: Array, steps: int) -> Array:
    depth = distance_transform_cdt(np.pad(mask, 1), metric="chessboard")[1:-1, 1:-1]
    return np.asarray(mask & (depth <= steps))


def _check(prediction: Array, truth: Array) -> None:
    for name, mask in (("prediction", prediction), ("truth", truth)):
        if mask.dtype != np.bool_ or mask.ndim != 2:
            raise ShapeError(f"{name} is {mask.dtype} of shape {mask.shape}. Expected one mask, bool (H, W).")
    if prediction.shape != truth.shape:
        raise ShapeError(
            f"prediction has shape {prediction.shape}, truth {truth.shape}. Enlarge the probabilities to the truth's "
            f"size before thresholding."
        )


Pixels = NDArray[np.int64]


def errors_by_distance(prediction: Mask, truth: Mask, edges: Sequence[float]) -> tuple[Pixels, Pixels]:
    """Wrong pixels and all pixels of N images by distance from the true outline, two arrays (N, K), for K + 1 edges.

    ``prediction`` and ``truth`` are bool (N, H, W). Band *k* holds distances from ``edges[k]`` (without) to
    ``edges[k + 1]`` (included); with edges from 0 to infinity every pixel is counted, and the wrong ones of an image
    add up to its fp + fn. Raises ``ShapeError``.
    """
    if prediction.shape != truth.shape or prediction.ndim != 3 or {prediction.dtype, truth.dtype} != {np.dtype(bool)}:
        raise ShapeError(
            f"prediction is {prediction.dtype} {prediction.shape}, truth {truth.dtype} {truth.shape}. Expected two "
            "arrays of bool, (N, H, W); threshold probabilities first."
        )
    wrong = np.zeros((len(truth), len(edges) - 1), np.int64)
    pixels = np.zeros_like(wrong)
    for row, (drawn, mask) in enumerate(zip(prediction, truth, strict=True)):
        distance = distance_to_outline(mask)
        for band, (low, high) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
            inside = (distance > low) & (distance <= high)
            pixels[row, band] = inside.sum()
            wrong[row, band] = (inside & (drawn != mask)).sum()
    return wrong, pixels
