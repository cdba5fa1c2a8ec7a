"""What a loss wants of a single pixel while all others stay: the curve over its logit, and where it comes to rest."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.training.losses import get_loss

Curve = npt.NDArray[np.float64]
LOGITS: Curve = np.linspace(-7, 7, 57, dtype=np.float64)
"""Where ``resting_probability`` looks: from one in a thousand to all but one."""

FINE: Curve = np.linspace(-7, 7, 2801, dtype=np.float64)


def follow_pixel(
    name: str, logits: Tensor, target: Tensor, pixel: tuple[int, int], values: Sequence[float] | Curve
) -> tuple[Curve, Curve]:
    """Loss, less its first value, and gradient as one pixel takes the logits ``values``: float64 (K,) each.

    Both are times the number of pixels: the loss of this pixel, for a loss that is a mean over pixels. ``logits`` and
    ``target`` are of one image, (1, 1, H, W). Raises ``ShapeError``, and ``UnknownNameError`` for the loss.
    """
    row, column = _check(logits, pixel)
    loss, moved, curve = get_loss(name), logits.detach().clone(), []
    for value in values:
        logit = torch.tensor(float(value), requires_grad=True)
        height = loss(torch.index_put(moved, _place(row, column), logit), target)
        (slope,) = torch.autograd.grad(height, logit)
        curve.append((height.item(), slope.item()))
    heights, slopes = np.array(curve).T * logits.numel()
    return heights - heights[0], slopes


def resting_probability(
    name: str, logits: Tensor, target: Tensor, pixel: tuple[int, int], shares: Sequence[float]
) -> list[float]:
    """Where one pixel's expected loss is smallest if it is lesion in these shares of all cases, within ``LOGITS``.

    Arguments as for ``follow_pixel``. BCE comes to rest at the share itself, so a network trained with it can be
    calibrated; an overlap loss at one of the two ends.
    """
    row, column = _check(logits, pixel)
    areas = []
    for truth in (0.0, 1.0):
        case = target.detach().clone()
        case[0, 0, row, column] = truth
        _, slope = follow_pixel(name, logits, case, pixel, LOGITS)
        areas.append(np.cumsum(np.interp(FINE, LOGITS, slope)))  # the loss itself, exact to more digits than its value
    skin, lesion = areas
    best = [FINE[np.argmin((1 - share) * skin + share * lesion)] for share in shares]
    return [float(1 / (1 + np.exp(-logit))) for logit in best]


def _place(row: int, column: int) -> tuple[Tensor, ...]:
    return tuple(torch.tensor(index) for index in (0, 0, row, column))


def _check(logits: Tensor, pixel: tuple[int, int]) -> tuple[int, int]:
    if logits.ndim != 4 or logits.shape[:2] != (1, 1):
        raise ShapeError(f"Logits have shape {tuple(logits.shape)}. Expected one image, (1, 1, H, W).")
    row, column = pixel
    if not (0 <= row < logits.shape[2] and 0 <= column < logits.shape[3]):
        raise ShapeError(f"Pixel {pixel} lies outside an image of {tuple(logits.shape[2:])}.")
    return row, column
