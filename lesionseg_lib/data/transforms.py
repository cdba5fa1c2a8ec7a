"""Augmentation of image and mask together, by the name of the family of write-ups that used it.

Albumentations draws once per sample and applies the same draw to both; masks are always resampled by nearest
neighbour. The course's own augmentations, which a GPU can do in batches too, are in ``data.warps``. Every draw depends
on a seed that the caller gives, so a run can be repeated and resumed exactly.
"""

import os
import random
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from lesionseg_lib.data.warps import WARPS, warp
from lesionseg_lib.utils.lookup import look_up

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # else importing it asks the network for a newer version

import albumentations as A
import cv2

U8 = npt.NDArray[np.uint8]


def _none(size: tuple[int, int]) -> list[Any]:
    """Nothing; family B, and family E as its write-up ran it."""
    del size
    return []


def _family_a(size: tuple[int, int]) -> list[Any]:
    """Random crop, flip, rotation, colour jitter, Gaussian noise; applied once, offline, to double the set."""
    return [
        A.RandomResizedCrop(size=size, scale=(0.7, 1.0), ratio=(0.9, 1.1), mask_interpolation=cv2.INTER_NEAREST, p=1.0),
        A.HorizontalFlip(p=0.5),
        A.VerticalFlip(p=0.5),
        _rotate(45),
        A.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.02, p=0.8),
        A.GaussNoise(std_range=(0.01, 0.05), p=0.5),
    ]


def _family_c(size: tuple[int, int]) -> list[Any]:
    """Flips with p = .5 each, random brightness and contrast; online."""
    del size
    return [A.HorizontalFlip(p=0.5), A.VerticalFlip(p=0.5), A.RandomBrightnessContrast(p=0.5)]


def _family_d(size: tuple[int, int]) -> list[Any]:
    """Random horizontal flips and rotations; applied offline, to expand 900 images to 3600."""
    del size
    return [A.HorizontalFlip(p=0.5), _rotate(90)]


def _family_e(size: tuple[int, int]) -> list[Any]:
    """Colour jitter and rotation: the options of family E, which are off by default."""
    del size
    return [A.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.02, p=0.5), _rotate(30)]


def _rotate(limit: int) -> Any:
    # The border is reflected: black corners would be a cue that no photo of skin has.
    return A.Rotate(
        limit=(-limit, limit),
        border_mode=cv2.BORDER_REFLECT_101,
        mask_interpolation=cv2.INTER_NEAREST,
        p=1.0,
    )


AUGMENTATIONS = {
    "none": _none,
    "family-a": _family_a,
    "family-c": _family_c,
    "family-d": _family_d,
    "family-e": _family_e,
}

OFFLINE = {"family-a": 2, "family-d": 4}
"""Families that expand the set once, before training, and by which factor (900 -> 1800, 900 -> 3600)."""


@cache
def _pipeline(name: str, size: tuple[int, int]) -> A.Compose:
    return A.Compose(look_up(AUGMENTATIONS, name, "augmentation")(size), seed=0)


def augment(name: str, image: U8, mask: U8, seed: int) -> tuple[U8, U8]:
    """Image uint8 (H, W, 3) and mask uint8 (H, W) of one size -> the same shapes and types, augmented with this seed.

    ``name``: one of ``AUGMENTATIONS`` or of ``warps.WARPS``. Raises ``UnknownNameError`` for any other.
    """
    if name in WARPS:
        return warp(name, image, mask, seed)
    pipeline = _pipeline(name, (mask.shape[0], mask.shape[1]))
    if not pipeline.transforms:
        return image, mask
    # Not ``set_random_seed``: it gives every transform the same seed, so that both flips come together or not at all.
    pipeline.set_random_state(np.random.default_rng(seed), random.Random(seed))
    out = pipeline(image=image, mask=mask)
    return out["image"], out["mask"]


def expand_offline(name: str, images: U8, masks: U8, seed: int = 0) -> tuple[U8, U8]:
    """Images (N, H, W, 3) and masks (N, H, W) -> the originals, then augmented copies, ``OFFLINE[name]`` * N in all.

    What the offline families do before training; the draws of one copy never change between epochs.
    """
    factor = look_up(OFFLINE, name, "offline augmentation")
    new_images, new_masks = [images], [masks]
    for copy in range(1, factor):
        pairs = [
            augment(name, image, mask, sample_seed(seed, copy, index))
            for index, (image, mask) in enumerate(zip(images, masks, strict=True))
        ]
        new_images.append(np.stack([pair[0] for pair in pairs]))
        new_masks.append(np.stack([pair[1] for pair in pairs]))
    return np.concatenate(new_images), np.concatenate(new_masks)


def sample_seed(seed: int, epoch: int, index: int) -> int:
    """A seed for one sample of one epoch of one run: the same on every machine, different for all others."""
    return int(np.random.SeedSequence([seed, epoch, index]).generate_state(1)[0])
