"""Errors of a mask in bands around the true outline: near it, or far from it. Numpy and SciPy only."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from lesionseg_lib.errors import ShapeError

Mask = NDArray[np.bool_]
Pixels = NDArray[np.int64]


def distance_to_outline(mask: Mask) -> NDArray[np.float64]:
    """How far the centre of each pixel lies from the outline of a mask (H, W), in pixels; the same inside and outside.

    The outline runs between pixels, so .5 is the least. The frame of the image is no outline: a lesion that leaves the
    image has none there. Infinity everywhere for a mask that is empty or full.
    """
    if mask.all() or not mask.any():
        return np.full(mask.shape, np.inf)
    # For a pixel of the one kind the transform is the distance to the nearest pixel of the other kind.
    distance = np.where(mask, distance_transform_edt(mask), distance_transform_edt(~mask))
    return np.asarray(distance - 0.5, dtype=np.float64)


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
