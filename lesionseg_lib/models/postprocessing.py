"""From logits to a mask: sigmoid, enlarge, then the threshold."""

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.utils.checks import Need, check_arrays, check_number


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits -> probabilities, without overflow at large negative logits."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)), dtype=np.float32)


def enlarge(probabilities: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Probabilities (H, W) -> ``(*size)``, bilinear, pixel centres as in ``interpolate(align_corners=False)``.

    Raises ``ShapeError`` for other shapes and for what is not finite: a NaN would come out as skin.
    """
    check_arrays("give one map at a time", probabilities=Need(probabilities, "H W", "float"))
    return np.asarray(cv2.resize(probabilities, size[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def binarise(probabilities: NDArray[np.float32], threshold: float = 0.5) -> NDArray[np.bool_]:
    """Where a probability is above ``threshold``, of any shape; equal to it is skin, as in the organisers' rule.

    Raises ``ShapeError`` for values that are not finite, and for a threshold outside 0 to 1.
    """
    check_number("threshold", threshold, 0, 1, "it cuts probabilities, not logits and not bytes")
    check_arrays(probabilities=Need(probabilities, kind="number or bool"))
    return probabilities > threshold


def probability_mask(
    probabilities: NDArray[np.float32], size: tuple[int, ...], threshold: float = 0.5
) -> NDArray[np.bool_]:
    """Probabilities (h, w) of one image -> mask bool ``(*size)``: enlarge, then threshold. The order matters."""
    height, width = size
    return binarise(enlarge(probabilities, (height, width)), threshold)


def predict_mask(logits: NDArray[np.float32], size: tuple[int, int], threshold: float = 0.5) -> NDArray[np.bool_]:
    """Logits (h, w) of one image -> mask bool ``(*size)``: sigmoid, enlarge, then threshold. The order matters."""
    return probability_mask(sigmoid(logits), size, threshold)
