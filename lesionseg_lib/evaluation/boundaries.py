"""Scores of a mask's border: how far it runs from the true one, and how much of it is in place.

The Jaccard index counts area, so that a large lesion forgives a wide strip along its border, and a small island far
away costs next to nothing. These look at the border alone. Numpy and scipy only; distances are in pixels, or in the
unit of ``spacing``: the height and width of a pixel, for example in millimetres.

Empty masks, by the rule of this course: two empty masks agree (distance 0, scores 1). If only one is empty there is no
border to measure from, and the pair gets the worst that its image allows: the diagonal as distance, scores 0.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_cdt, distance_transform_edt

from lesionseg_lib.utils.arrays import Mask
from lesionseg_lib.utils.checks import Need, check_arrays, check_number
from lesionseg_lib.utils.outline import distance_to_outline

Array = npt.NDArray[Any]
Spacing = tuple[float, float]
PIXELS: Spacing = (1.0, 1.0)

BOUNDARY_WIDTH = 0.02
"""Width of the band of ``boundary_iou``, as a share of the image's diagonal: the paper's choice."""

TOLERANCE = 0.0075
"""Distance within which ``boundary_f`` calls a border pixel right, as a share of the diagonal: the paper's choice."""


def border(mask: Array) -> Array:
    """The pixels of a mask, bool (H, W), one of whose four neighbours is outside it or outside the image.

    Raises ``ShapeError``.
    """
    check_arrays(mask=Need(mask, "H W", "bool"))
    return np.asarray(mask & ~binary_erosion(mask))


def hausdorff95(prediction: Array, truth: Array, spacing: Spacing = PIXELS, percentile: float = 95) -> float:
    """The distance within which 95 % of each border lie from the other one; both bool (H, W).

    Every border pixel of one mask has a distance to the nearest of the other. The 95th percentile of these is taken
    in both directions, then the larger: the plain Hausdorff distance (``percentile=100``) would hang on a single pixel.

    Source: Huttenlocher et al., *Comparing images using the Hausdorff distance*, 1993. Raises ``ShapeError``.
    """
    check_number("percentile", percentile, 0, 100)
    distances = _distances(prediction, truth, spacing)
    if distances is None:
        return _worst(prediction, truth, 0.0, diagonal(prediction, spacing))
    return float(max(np.percentile(d, percentile) for d in distances))


def mean_surface_distance(prediction: Array, truth: Array, spacing: Spacing = PIXELS) -> float:
    """How far apart the two borders are on average, over the pixels of both; both bool (H, W).

    Also called average symmetric surface distance (ASSD). Source: Heimann et al., *Comparison and evaluation of methods
    for liver segmentation from CT datasets*, 2009. Raises ``ShapeError``.
    """
    distances = _distances(prediction, truth, spacing)
    if distances is None:
        return _worst(prediction, truth, 0.0, diagonal(prediction, spacing))
    return float(np.concatenate(distances).mean())


def surface_dice(prediction: Array, truth: Array, tolerance: float, spacing: Spacing = PIXELS) -> float:
    """Share of both borders that lies at most ``tolerance`` from the other one; both bool (H, W).

    Also called normalised surface distance (NSD). ``tolerance`` is a length in the unit of ``spacing``: what two
    experts differ by. Borders are counted in pixels, as MONAI does; the paper weighs pieces of surface.

    Source: Nikolov et al., *Clinically applicable segmentation of head and neck anatomy for radiotherapy*, 2021.
    Raises ``ShapeError``.
    """
    check_number("tolerance", tolerance, 0, np.inf)
    distances = _distances(prediction, truth, spacing)
    if distances is None:
        return _worst(prediction, truth, 1.0, 0.0)
    return float((np.concatenate(distances) <= tolerance).mean())


def boundary_iou(prediction: Array, truth: Array, width: float = BOUNDARY_WIDTH) -> float:
    """Jaccard index of the two bands that lie inside each mask along its border; both bool (H, W).

    A band holds the pixels of its mask at most ``width`` diagonals, rounded to whole pixels and at least one, from a
    pixel outside; steps go in eight directions, and what lies outside the image is outside the mask.

    Source: Cheng et al., *Boundary IoU*, CVPR 2021. Raises ``ShapeError``.
    """
    _check(prediction, truth)
    check_number("width", width, 0, 1, "it is a share of the diagonal")
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
    check_number("tolerance", tolerance, 0, 1, "it is a share of the diagonal")
    distances = _distances(prediction, truth)
    if distances is None:
        return _worst(prediction, truth, 1.0, 0.0)
    precision, recall = (float((d <= tolerance * diagonal(truth)).mean()) for d in distances)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def diagonal(mask: Array, spacing: Spacing = PIXELS) -> float:
    """Length of the image's diagonal."""
    return math.hypot(mask.shape[0] * spacing[0], mask.shape[1] * spacing[1])


def _distances(prediction: Array, truth: Array, spacing: Spacing = PIXELS) -> tuple[Array, Array] | None:
    """Distances of the predicted border's pixels to the true border, and back; None where a mask is empty."""
    _check(prediction, truth)
    for side in spacing:
        check_number("spacing", side, np.finfo(float).tiny, np.finfo(float).max, "a pixel has a height and a width")
    ours, true = border(prediction), border(truth)
    if not ours.any() or not true.any():
        return None
    return distance_transform_edt(~true, spacing)[ours], distance_transform_edt(~ours, spacing)[true]


def _worst(prediction: Array, truth: Array, if_both_empty: float, otherwise: float) -> float:
    return otherwise if prediction.any() or truth.any() else if_both_empty


def _band(mask: Array, steps: int) -> Array:
    depth = distance_transform_cdt(np.pad(mask, 1), metric="chessboard")[1:-1, 1:-1]
    return np.asarray(mask & (depth <= steps))


def _check(prediction: Array, truth: Array) -> None:
    check_arrays(
        "score one image at a time, at the truth's size: enlarge the probabilities before thresholding",
        prediction=Need(prediction, "H W", "bool"),
        truth=Need(truth, "H W", "bool"),
    )


Pixels = NDArray[np.int64]


def errors_by_distance(prediction: Mask, truth: Mask, edges: Sequence[float]) -> tuple[Pixels, Pixels]:
    """Wrong pixels and all pixels of N images by distance from the true outline, two arrays (N, K), for K + 1 edges.

    ``prediction`` and ``truth`` are bool (N, H, W). Band *k* holds distances from ``edges[k]`` (without) to
    ``edges[k + 1]`` (included); with edges from 0 to infinity every pixel is counted, and the wrong ones of an image
    add up to its fp + fn. Raises ``ShapeError``.
    """
    check_arrays(prediction=Need(prediction, "N H W", "bool"), truth=Need(truth, "N H W", "bool"))
    wrong = np.zeros((len(truth), len(edges) - 1), np.int64)
    pixels = np.zeros_like(wrong)
    for row, (drawn, mask) in enumerate(zip(prediction, truth, strict=True)):
        distance = distance_to_outline(mask)
        for band, (low, high) in enumerate(pairwise(edges)):
            inside = (distance > low) & (distance <= high)
            pixels[row, band] = inside.sum()
            wrong[row, band] = (inside & (drawn != mask)).sum()
    return wrong, pixels
