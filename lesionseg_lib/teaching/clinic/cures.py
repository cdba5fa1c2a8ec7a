"""The cures: what each patient of ``wrong`` should have said.

The first line of a docstring is the diagnosis, which ``check`` gives once a function is right. Arrays of photos have
the shape (N, H, W); p are probabilities, logits their logits; masks and truths are bool. Every Jaccard index is the
organisers': one a photo, then the mean.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lesionseg_lib.evaluation.metrics import confusion, dice, jaccard
from lesionseg_lib.models.postprocessing import enlarge

Array: TypeAlias = npt.NDArray[Any]
Mask: TypeAlias = npt.NDArray[np.bool_]
Batch: TypeAlias = tuple[Mask, Mask]
Size: TypeAlias = tuple[int, int]


def iou(mask: Mask, truth: Mask) -> npt.NDArray[np.float64]:
    """Jaccard index of each photo, (N,)."""
    return np.asarray(jaccard(confusion(mask, truth)))


# ---- where is the cut?


def soft(p: Array, truth: Mask) -> float:
    """Probabilities are no mask: cut first, then count."""
    return float(iou(p > 0.5, truth).mean())


def cut(logits: Array, truth: Mask) -> float:
    """A logit is not a probability: p > .5 is logit > 0, and logit > .5 is p > .62."""
    return float(iou(logits > 0, truth).mean())


def twice(p: Array, truth: Mask) -> float:
    """These had been through a sigmoid: a second one lifts them all above .5, and everything is lesion."""
    return float(iou(p > 0.5, truth).mean())


def thresholds(p: Array, truth: Mask) -> float:
    """A mask has one threshold, fixed beforehand; a mean over five belongs to no mask that exists."""
    return float(iou(p > 0.5, truth).mean())


# ---- what is added up?


def columns(mask: Mask, truth: Mask) -> float:
    """Masks (N, 1, H, W): axes 1 and 2 are channel and rows, so each column was a photo; empty columns scored 1."""
    return float(iou(mask[:, 0], truth[:, 0]).mean())


def pooled(mask: Mask, truth: Mask) -> float:
    """All pixels as one photo: a large lesion had many votes, a small one few."""
    return float(iou(mask, truth).mean())


def last_batch(batches: Iterable[Batch]) -> float:
    """Assigned in the loop, not collected: only the last batch counted. (The last is smaller: no mean of means.)"""
    return float(np.concatenate([iou(mask, truth) for mask, truth in batches]).mean())


# ---- what counts as success?


def background(mask: Mask, truth: Mask) -> float:
    """Skin is a class that everybody gets right: averaged in, it flatters."""
    return float(iou(mask, truth).mean())


def agreement(mask: Mask, truth: Mask) -> float:
    """Pixels that agree on skin were counted too: that is accuracy. Dice is 2 tp / (2 tp + fp + fn)."""
    return float(dice(confusion(mask, truth)).mean())


def nothing(mask: Mask, truth: Mask) -> float:
    """0 / 0: nothing to find and nothing drawn scores 1, by the organisers' rule."""
    return float(iou(mask, truth).mean())


def half(mask: Mask, truth: Mask) -> float:
    """One photo (H, W): float16 ends at 65,504, a sum beyond is infinite, and large lesions score 0 or NaN."""
    return float(iou(mask, truth)[0])


# ---- how large, and in which numbers?


def as_bytes(mask: Mask, png: Array) -> float:
    """A mask file holds 0 and 255, uint8 (N, H, W): lesion is what is above 128, not what is 255 times as much."""
    return float(iou(mask, png > 128).mean())


def bilinear(png: Array, size: Size) -> Mask:
    """A mask file (H, W) to (height, width): interpolation makes greys at the border, and all of them became lesion."""
    return np.asarray(cv2.resize(png, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT) > 128)


def flag(png: Array, size: Size) -> Mask:
    """The third argument of cv2.resize is dst: the flag was lost, and the default, bilinear, made greys."""
    return np.asarray(cv2.resize(png, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT) > 128)


def hard(p: Array, size: Size) -> Mask:
    """Probabilities (h, w) to (height, width): enlarge first, then cut; the other way the border is a staircase."""
    return enlarge(p, size) > 0.5


# ---- which photos, which network, which epoch?


def pairs(photos: Sequence[str], masks: Sequence[str]) -> list[tuple[str, str]]:
    """Names like X.jpg and X_Segmentation.png: pair by id. Two sorted listings shift at the first stray file."""
    by_id = {mask.removesuffix("_Segmentation.png"): mask for mask in masks}
    ids = (photo.removesuffix(".jpg") for photo in photos)
    return [(f"{i}.jpg", by_id[i]) for i in ids if i in by_id]


def training_mode(model: nn.Module, x: Tensor) -> Tensor:
    """In training mode dropout is on, and batch norm takes its statistics from the batch: call eval() first."""
    model.eval()
    with torch.no_grad():
        return model(x)  # type: ignore[no-any-return]


def best_epoch(validation: Sequence[float], test: Sequence[float]) -> float:
    """Choosing on test is training on test: choose on validation, then look at test, once."""
    return test[int(np.argmax(validation))]
