"""Losses on logits. Every function takes logits and target of shape (N, 1, H, W), target 0 to 1, and returns a scalar.

They raise ``ShapeError`` for other shapes and types, and for a target outside 0 to 1: bytes of 0 and 255 would give a
loss that falls below 0. Logits that are not finite give a loss that is not finite, which the training loop reports.

All sums are taken in float32, whatever the network computed in: 256 x 256 ones already overflow float16.

``per_image=True`` computes the overlap of each image and then the mean over images, so that a small lesion counts as
much as a large one; ``per_image=False`` pools the pixels of the batch first, so that large lesions rule.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from lesionseg_lib.utils.checks import Need, check_arrays
from lesionseg_lib.utils.lookup import look_up
from lesionseg_lib.utils.outline import distance_to_outline

Loss = Callable[[Tensor, Tensor], Tensor]

SMOOTH = 1.0
"""One pixel added to numerator and denominator: defines the overlap of two empty masks as 1. Keep it small against the
smallest lesion, or the loss of small lesions vanishes."""

FOCUS = 2.0
"""Exponent of ``focal``: the paper's choice."""

FALSE_POSITIVES, FALSE_NEGATIVES = 0.3, 0.7
"""Weights of ``tversky``: the paper's choice. A missed pixel costs more than twice a wrongly added one."""


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


def soft_dice(logits: Tensor, target: Tensor, *, per_image: bool = True, smooth: float = SMOOTH) -> Tensor:
    """1 - (2 sum(p t) + s) / (sum(p + t) + s). Source: Milletari et al., *V-Net*, 3DV 2016, without the squares."""
    intersection, total = _sums(logits, target, per_image)
    return (1 - (2 * intersection + smooth) / (total + smooth)).mean()


def soft_iou(logits: Tensor, target: Tensor, *, per_image: bool = True, smooth: float = SMOOTH) -> Tensor:
    """1 - (sum(p t) + s) / (sum(p + t) - sum(p t) + s). Source: Rahman & Wang, ISVC 2016."""
    intersection, total = _sums(logits, target, per_image)
    return (1 - (intersection + smooth) / (total - intersection + smooth)).mean()


def dice_bce(logits: Tensor, target: Tensor, *, per_image: bool = True) -> Tensor:
    """``soft_dice`` + ``bce``, both with weight 1."""
    return soft_dice(logits, target, per_image=per_image) + bce(logits, target)


def focal(logits: Tensor, target: Tensor, *, per_image: bool = True, focus: float = FOCUS) -> Tensor:
    """(1 - q)^focus times the cross-entropy, mean over pixels; q is the probability given to the truth.

    A pixel that is already right hardly counts. Without the paper's weight of the rarer class: here that class is a
    quarter of the pixels, not one in thousands. Source: Lin et al., *Focal loss*, ICCV 2017.
    """
    del per_image
    _check(logits, target)
    losses = F.binary_cross_entropy_with_logits(logits.float(), target.float(), reduction="none")
    return ((1 - torch.exp(-losses)) ** focus * losses).mean()


def tversky(
    logits: Tensor,
    target: Tensor,
    *,
    per_image: bool = True,
    false_positives: float = FALSE_POSITIVES,
    false_negatives: float = FALSE_NEGATIVES,
    smooth: float = SMOOTH,
) -> Tensor:
    """1 - (tp + s) / (tp + a fp + b fn + s), where a and b are the weights of false positives and negatives.

    tp = sum(p t), fp = sum(p (1 - t)), fn = sum((1 - p) t).

    With .5 and .5 it is ``soft_dice`` (whose smoothing is then half), with 1 and 1 ``soft_iou``.
    Source: Salehi et al., *Tversky loss*, MLMI 2017.
    """
    tp, total = _sums(logits, target, per_image)
    area = target.float().sum((1, 2, 3) if per_image else None)
    fp, fn = total - area - tp, area - tp
    return (1 - (tp + smooth) / (tp + false_positives * fp + false_negatives * fn + smooth)).mean()


def boundary(logits: Tensor, target: Tensor, *, per_image: bool = True) -> Tensor:
    """Mean over pixels of phi (p - t): each wrong pixel costs its distance to the true border.

    phi is that distance with a sign (``signed_distance``). Along the border, where masks differ most, it is almost
    zero, and its sum has no floor for the area: on its own it hardly trains, so add it to a loss of areas.
    Source: Kervadec et al., *Boundary loss*, MIDL 2019, with its constant kept, so that the right mask costs 0.
    """
    del per_image
    _check(logits, target)
    phi = torch.from_numpy(signed_distance(target[:, 0].detach().cpu().float().numpy() > 0.5)).to(logits.device)
    return (phi[:, None] * (torch.sigmoid(logits.float()) - target.float())).mean()


def signed_distance(masks: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Distance of every pixel's centre to the mask's border, negative inside: (N, H, W) -> float32, in longer sides.

    The border runs half a pixel from the centres on both of its sides. An empty mask has none: 1 everywhere, the
    worst; a full one -1. Raises ``ShapeError`` for what is not bool.
    """
    check_arrays(masks=Need(masks, "N H W", "bool"))
    side = max(masks.shape[1:])
    phi = np.ones(masks.shape, dtype=np.float32)
    for mask, out in zip(masks, phi, strict=True):
        if mask.all():
            out[:] = -1
        elif mask.any():
            distance = distance_to_outline(mask)
            out[:] = np.where(mask, -distance, distance) / side
    return phi


def dice_boundary(logits: Tensor, target: Tensor, *, per_image: bool = True) -> Tensor:
    """``soft_dice`` + ``boundary``, both with weight 1; the paper raises the second weight as training goes on."""
    return soft_dice(logits, target, per_image=per_image) + boundary(logits, target)


def _sums(logits: Tensor, target: Tensor, per_image: bool) -> tuple[Tensor, Tensor]:
    """sum(p t) and sum(p) + sum(t), each (N,) or, pooled over the batch, ()."""
    _check(logits, target)
    probabilities, truth = torch.sigmoid(logits.float()), target.float()
    dims = (1, 2, 3) if per_image else (0, 1, 2, 3)
    return (probabilities * truth).sum(dims), (probabilities + truth).sum(dims)


def _check(logits: Tensor, target: Tensor) -> None:
    check_arrays(
        "give a mask its channel with `mask[:, None]`",
        logits=Need(logits, "N 1 H W", finite=False),
        target=Need(target, "N 1 H W", "number or bool", between=(0, 1)),
    )


LOSSES: dict[str, Callable[..., Tensor]] = {
    "bce": bce,
    "bce-probabilities": bce_probabilities,
    "dice": soft_dice,
    "iou": soft_iou,
    "dice+bce": dice_bce,
    "focal": focal,
    "tversky": tversky,
    "boundary": boundary,
    "dice+boundary": dice_boundary,
}


def get_loss(name: str, per_image: bool = True, **options: float) -> Loss:
    """The loss of that name, with options of its own such as ``smooth`` or ``focus``. Raises ``UnknownNameError``."""
    return partial(look_up(LOSSES, name, "loss"), per_image=per_image, **options)
