"""Losses on logits. Every function takes logits and target of shape (N, 1, H, W), target 0 or 1, and returns a scalar.

All sums are taken in float32, whatever the network computed in: 256 x 256 ones already overflow float16.

``per_image=True`` computes the overlap of each image and then the mean over images, so that a small lesion counts as
much as a large one; ``per_image=False`` pools the pixels of the batch first, so that large lesions rule.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.names import look_up

Loss = Callable[[Tensor, Tensor], Tensor]

SMOOTH = 1.0
"""One pixel added to numerator and denominator: defines the overlap of two empty masks as 1. Keep it small against the
smallest lesion, or the loss of small lesions vanishes."""


def bce(logits: Tensor, target: Tensor, *, per_image: bool = True) -> Tensor:
    """Binary cross-entropy on logits, mean over pixels (images of a batch have one size, so the two means agree)."""
    del per_image
    _check(logits, target)
    return F.binary_cross_entropy_with_logits(logits.float(), target.float())


def bce_probabilities(logits: Tensor, target: Tensor, *, per_image: bool = True) -> Tensor:
    """Sigmoid, then binary cross-entropy on probabilities, as family E trains.

    The same value as ``bce`` until float32 saturates: beyond a logit of about 17 the sigmoid is exactly 1 and PyTorch
    clamps the logarithm at -100, so a confident mistake has no gradient any more.
    """
    del per_image
    _check(logits, target)
    return F.binary_cross_entropy(torch.sigmoid(logits.float()), target.float())


def soft_dice(logits: Tensor, target: Tensor, *, per_image: bool = True) -> Tensor:
    """1 - (2 sum(p t) + s) / (sum(p + t) + s). Source: Milletari et al., *V-Net*, 3DV 2016, without the squares."""
    intersection, total = _sums(logits, target, per_image)
    return (1 - (2 * intersection + SMOOTH) / (total + SMOOTH)).mean()


def soft_iou(logits: Tensor, target: Tensor, *, per_image: bool = True) -> Tensor:
    """1 - (sum(p t) + s) / (sum(p + t) - sum(p t) + s). Source: Rahman & Wang, ISVC 2016."""
    intersection, total = _sums(logits, target, per_image)
    return (1 - (intersection + SMOOTH) / (total - intersection + SMOOTH)).mean()


def dice_bce(logits: Tensor, target: Tensor, *, per_image: bool = True) -> Tensor:
    """``soft_dice`` + ``bce``, both with weight 1."""
    return soft_dice(logits, target, per_image=per_image) + bce(logits, target)


def _sums(logits: Tensor, target: Tensor, per_image: bool) -> tuple[Tensor, Tensor]:
    """sum(p t) and sum(p) + sum(t), each (N,) or, pooled over the batch, ()."""
    _check(logits, target)
    probabilities, truth = torch.sigmoid(logits.float()), target.float()
    dims = (1, 2, 3) if per_image else (0, 1, 2, 3)
    return (probabilities * truth).sum(dims), (probabilities + truth).sum(dims)


def _check(logits: Tensor, target: Tensor) -> None:
    if logits.shape != target.shape or logits.ndim != 4 or logits.shape[1] != 1:
        raise ShapeError(
            f"Logits have shape {tuple(logits.shape)}, target {tuple(target.shape)}. Expected both (N, 1, H, W)."
        )


LOSSES: dict[str, Callable[..., Tensor]] = {
    "bce": bce,
    "bce-probabilities": bce_probabilities,
    "dice": soft_dice,
    "iou": soft_iou,
    "dice+bce": dice_bce,
}


def get_loss(name: str, per_image: bool = True) -> Loss:
    """The loss of that name. Raises ``UnknownNameError``."""
    return partial(look_up(LOSSES, name, "loss"), per_image=per_image)
