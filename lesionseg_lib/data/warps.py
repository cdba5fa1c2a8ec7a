"""Augmentation as numbers: one affine map of places and one of colours for each sample, drawn from its seed.

The draws are apart from their use, so that a photo alone (here, with OpenCV) and a whole batch on a GPU
(``training.device_batches``) are turned by the same angle. What leaves the picture is filled by reflection: black
corners would be a cue that no photo of skin has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
Floats = NDArray[np.float64]

GREY = 127.5
"""What contrast stretches from."""
LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in grey (ITU-R BT.601), which saturation keeps."""


@dataclass(frozen=True)
class Ranges:
    """From where each sample's numbers are drawn, evenly, each on its own. 0: never.

    Attributes:
        turn: degrees to either side.
        scale: least and largest magnification.
        shift: share of the side, along either axis, to either side.
        brightness: share of 255, added or taken away.
        contrast, saturation, colour: the largest relative change; ``colour`` is of each channel on its own.

    Flips of both axes, and of a square picture its transposition, come with probability .5 each.
    """

    turn: float = 0
    scale: tuple[float, float] = (1, 1)
    shift: float = 0
    brightness: float = 0
    contrast: float = 0
    saturation: float = 0
    colour: float = 0


WARPS = {
    "flips": Ranges(),
    "geometric": Ranges(turn=45, scale=(0.75, 1.25), shift=0.15),
    "strong": Ranges(turn=45, scale=(0.75, 1.25), shift=0.15, brightness=0.2, contrast=0.2, saturation=0.2, colour=0.1),
}
"""Name of an augmentation -> its ranges."""


def draw(name: str, size: tuple[int, int], seed: int) -> tuple[Floats, Floats]:
    """The two maps of one sample: places (2, 3) and colours (3, 4). Every number depends on ``seed`` alone.

    Places: pixel centre (x, y, 1) of the result -> (x, y) in the photo of ``size`` (height, width). Colours: red,
    green, blue of the photo, and 1 -> those of the result, on a scale of 0 to 255. ``name``: one of ``WARPS``.
    """
    places, colours = draws(name, size, [seed])
    return places[0], colours[0]


def draws(name: str, size: tuple[int, int], seeds: Sequence[int]) -> tuple[Floats, Floats]:
    """The maps of N samples, one a seed: places (N, 2, 3) and colours (N, 3, 4); see ``draw``."""
    ranges, (height, width) = WARPS[name], size
    u = np.stack([np.random.default_rng(seed).uniform(-1, 1, 13) for seed in seeds])
    signs = np.where(u[:, :2] < 0, -1.0, 1.0)
    mirror = signs[:, :, None] * np.eye(2)
    if height == width:
        mirror = np.where(u[:, 2, None, None] < 0, mirror[:, ::-1], mirror)
    angle = np.deg2rad(ranges.turn * u[:, 3])
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=1).reshape(-1, 2, 2)
    low, high = ranges.scale
    linear = turn @ mirror / (low + (high - low) * (u[:, 4] + 1) / 2)[:, None, None]
    middle = np.array([width - 1, height - 1]) / 2
    shift = ranges.shift * u[:, 5:7] * [width, height]
    offset = middle[:, None] - linear @ (middle + shift)[:, :, None]
    places = np.concatenate([linear, offset], axis=2)

    saturation = (1 + ranges.saturation * u[:, 7])[:, None, None]
    mix = saturation * np.eye(3) + (1 - saturation) * LUMA
    # A sample has one brightness and one contrast, and a cast of its own on every channel.
    gains = 1 + ranges.colour * u[:, 10:]
    contrast = 1 + ranges.contrast * u[:, 8]
    offset = 255 * ranges.brightness * u[:, 9] + GREY * (1 - contrast)
    linear = (contrast[:, None] * gains)[:, :, None] * mix
    return places, np.concatenate([linear, np.broadcast_to(offset[:, None, None], (len(u), 3, 1))], axis=2)


def warp(name: str, image: U8, mask: U8, seed: int) -> tuple[U8, U8]:
    """Image uint8 (H, W, 3) and mask uint8 (H, W) of one size -> the same shapes and types, under the maps of ``draw``.

    The image is interpolated linearly, the mask takes the nearest pixel.
    """
    height, width = mask.shape
    places, colours = draw(name, (height, width), seed)

    def move(picture: U8, interpolation: int) -> U8:
        flags = interpolation | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpAffine(picture, places, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101), np.uint8
        )

    image, mask = move(image, cv2.INTER_LINEAR), move(mask, cv2.INTER_NEAREST)
    return np.asarray(cv2.transform(image, colours), np.uint8), mask
