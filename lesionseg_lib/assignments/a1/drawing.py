"""Masks of A1: drawn, so that every student has others. A network's maps with the mistakes that networks make."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.assignments.variants import Variant

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Map = NDArray[np.float32]

PHOTOS = 40
"""Photos of a student's own pack."""
SMALL = (48, 64)
"""Height and width of a network's maps."""


def outline(rng: np.random.Generator, size: tuple[int, int], share: float) -> NDArray[np.float32]:
    """A blob's signed height, float32 (H, W): positive inside; its area is about ``share`` of the picture."""
    high, wide = size
    radius = np.sqrt(share * high * wide / np.pi)
    y, x = np.mgrid[:high, :wide].astype(np.float32)
    y0, x0 = rng.uniform(0.35, 0.65) * high, rng.uniform(0.35, 0.65) * wide
    angle = np.arctan2(y - y0, x - x0)
    waves = sum(rng.uniform(0, 0.16) * np.cos(n * angle + rng.uniform(0, 2 * np.pi)) for n in (2, 3, 5, 7))
    distance = np.hypot(y - y0, x - x0)
    return np.asarray(radius * (1 + waves) - distance, np.float32)


def grey_file(rng: np.random.Generator, mask: Mask, soft: bool) -> Grey:
    """A mask as a file holds it, uint8 (H, W): 0 and 255, or, ``soft``, with greys along the border."""
    grey = np.asarray(mask.astype(np.float32) * 255)
    if soft:
        grey = np.asarray(cv2.GaussianBlur(grey, (5, 5), 0), np.float32)
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def network_map(rng: np.random.Generator, height: NDArray[np.float32], small: tuple[int, int]) -> Map:
    """Probabilities of a network for a lesion of this height, float32 (h, w): its border is off by a little."""
    wanted = cv2.resize(height, small[::-1], interpolation=cv2.INTER_AREA)
    scale = height.shape[0] / small[0]
    noise = cv2.GaussianBlur(rng.normal(0, 1, small).astype(np.float32), (0, 0), 3)
    logits = wanted / scale + rng.normal(0, 0.7) + 5 * noise
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


@dataclass(frozen=True)
class MaskPack:
    """What a student scores. ``truths``: id -> grey file, uint8 (H, W); ``maps``: id -> probabilities, float32 (h, w).

    The two have different orders, one photo has no map, and one map has no photo.
    """

    truths: dict[str, Grey]
    maps: dict[str, Map]


def mask_pack(variant: Variant, photos: int = PHOTOS) -> MaskPack:
    """A student's own pack of masks."""
    rng = variant.rng("mask pack")
    ids = [f"ISIC_{number:07d}" for number in rng.choice(10**7, photos + 1, replace=False)]
    truths: dict[str, Grey] = {}
    maps: dict[str, Map] = {}
    for number, name in enumerate(ids):
        size = (int(rng.integers(120, 200)), int(rng.integers(160, 260)))
        share = float(np.clip(np.exp(rng.normal(-1.6, 0.8)), 0.01, 0.6))
        height = outline(rng, size, share)
        mask, probabilities = height > 0, network_map(rng, height, SMALL)
        if number in (0, 1):
            mask = np.zeros(size, bool)  # no lesion
        if number in (1, 2):
            probabilities = np.minimum(probabilities, np.float32(0.3))  # nothing drawn
        if number != photos:
            truths[name] = grey_file(rng, mask, bool(rng.uniform() < 0.5))
        if number != 3:
            maps[name] = probabilities
    order = list(maps)
    rng.shuffle(order)
    return MaskPack(dict(sorted(truths.items())), {name: maps[name] for name in order})
