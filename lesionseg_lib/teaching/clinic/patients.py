"""The patients: scoring code, each piece with one mistake that people make. Wrong on purpose.

Lesson 03 shows the same lines to be cured in place; a test says that both are the same. Each has its cure, under the
same name, in ``right``, where shapes are given.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching.clinic.cures import Array, Batch, Mask, Size, iou

# ---- where is the cut?


def soft(p: Array, truth: Mask) -> Any:
    both = (p * truth).sum((1, 2))
    return (both / (p + truth - p * truth).sum((1, 2))).mean()


def cut(logits: Array, truth: Mask) -> Any:
    return iou(logits > 0.5, truth).mean()


def twice(p: Array, truth: Mask) -> Any:
    return iou(sigmoid(p) > 0.5, truth).mean()


def thresholds(p: Array, truth: Mask) -> Any:
    return np.mean([iou(p > t, truth).mean() for t in (0.1, 0.3, 0.5, 0.7, 0.9)])


# ---- what is added up?


def columns(mask: Mask, truth: Mask) -> Any:
    both, either = (mask & truth).sum((1, 2)), (mask | truth).sum((1, 2))
    return ((both + 1e-6) / (either + 1e-6)).mean()


def pooled(mask: Mask, truth: Mask) -> Any:
    return (mask & truth).sum() / (mask | truth).sum()


def last_batch(batches: Iterable[Batch]) -> Any:
    for mask, truth in batches:
        score = iou(mask, truth).mean()
    return score


# ---- what counts as success?


def background(mask: Mask, truth: Mask) -> Any:
    return (iou(mask, truth).mean() + iou(~mask, ~truth).mean()) / 2


def agreement(mask: Mask, truth: Mask) -> Any:
    return (2 * (mask == truth).sum((1, 2)) / (2 * truth[0].size)).mean()


def nothing(mask: Mask, truth: Mask) -> Any:
    both, either = (mask & truth).sum((1, 2)), (mask | truth).sum((1, 2))
    return (both / either).mean()


def half(mask: Mask, truth: Mask) -> Any:
    m, t = mask.astype(np.float16), truth.astype(np.float16)
    return (m * t).sum() / (m.sum() + t.sum() - (m * t).sum())


# ---- how large, and in which numbers?


def as_bytes(mask: Mask, png: Array) -> Any:
    both = (mask * png.astype(float)).sum((1, 2))
    return (both / (mask.sum((1, 2)) + png.sum((1, 2)) - both)).mean()


def bilinear(png: Array, size: Size) -> Any:
    return cv2.resize(png, size[::-1], interpolation=cv2.INTER_LINEAR).astype(bool)


def flag(png: Array, size: Size) -> Any:
    return cv2.resize(png, size[::-1], cv2.INTER_NEAREST).astype(bool)  # type: ignore[call-overload]


def hard(p: Array, size: Size) -> Any:
    mask = (p > 0.5).astype(np.uint8)
    return cv2.resize(mask, size[::-1], interpolation=cv2.INTER_NEAREST) == 1


# ---- which photos, which network, which epoch?


def pairs(photos: Sequence[str], masks: Sequence[str]) -> Any:
    return list(zip(sorted(photos), sorted(masks), strict=False))


def training_mode(model: nn.Module, x: Tensor) -> Any:
    with torch.no_grad():
        return model(x)


def best_epoch(validation: Sequence[float], test: Sequence[float]) -> Any:
    return max(test)
