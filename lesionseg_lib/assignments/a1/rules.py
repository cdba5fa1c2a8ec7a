"""What is right in A1: the organisers' rules, from the library's own functions, which the organisers' scorer checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.assignments.a1.drawing import MaskPack
from lesionseg_lib.evaluation.metrics import confusion, dice, jaccard

LEVEL = 128
"""A byte of a mask's file above this is lesion."""
Mask = NDArray[np.bool_]


def file_mask(grey: NDArray[np.uint8]) -> Mask:
    """A file's bytes (H, W) -> mask (H, W)."""
    return np.asarray(grey > LEVEL)


def enlarged(probabilities: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Probabilities (h, w) -> (H, W), bilinear, with pixel centres."""
    return np.asarray(cv2.resize(probabilities, size[::-1], interpolation=cv2.INTER_LINEAR))


def pair_scores(mask: Mask, truth: Mask) -> tuple[float, float]:
    """Jaccard index and Dice of one photo; both 1 where both masks are empty."""
    counts = confusion(mask, truth)
    return float(jaccard(counts)[0]), float(dice(counts)[0])


def photo_jaccards(masks: Mapping[str, Mask], truths: Mapping[str, Mask]) -> dict[str, float]:
    """Id -> Jaccard index of every photo that has a truth; a photo without a mask counts as nothing drawn."""
    found = {}
    for name, truth in truths.items():
        mask = masks.get(name)
        found[name] = pair_scores(np.zeros_like(truth) if mask is None else mask, truth)[0]
    return found


def mean_jaccard(masks: Mapping[str, Mask], truths: Mapping[str, Mask]) -> float:
    """The mean of ``photo_jaccards``."""
    return float(np.mean(list(photo_jaccards(masks, truths).values())))


def pack_scores(pack: MaskPack) -> dict[str, float]:
    """Id -> Jaccard index of every photo of a pack."""
    truths = {name: file_mask(grey) for name, grey in pack.truths.items()}
    masks = {name: enlarged(pack.maps[name], truths[name].shape) > 0.5 for name in truths if name in pack.maps}  # type: ignore[arg-type]
    return photo_jaccards(masks, truths)


def agrees_within(answer: Any, right: Mapping[str, Any]) -> bool:
    """Whether a mask is the right one wherever ``right["sure"]`` says that no way of interpolating would differ."""
    mask = np.asarray(answer) if isinstance(answer, np.ndarray) else None
    wanted, sure = right["mask"], right["sure"]
    if mask is None or mask.dtype != np.bool_ or mask.shape != wanted.shape:
        return False
    return bool((mask == wanted)[sure].all())


def fits(answer: Any, right: Mapping[str, Any]) -> bool:
    """Whether a mask has the right type and size, and is about the right one."""
    mask = np.asarray(answer) if isinstance(answer, np.ndarray) else None
    wanted = right["mask"]
    return mask is not None and mask.dtype == np.bool_ and mask.shape == wanted.shape and bool(
        (mask == wanted).mean() > 0.9
    )  # fmt: skip
