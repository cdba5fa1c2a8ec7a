"""What the checker asks: for each patient a few small questions, in words and as arguments.

Together they are chosen so that neither the patient nor a near miss passes (the tests try many); they leave open what
the lesson leaves open, for example which pixel stands for a border when a mask is made smaller.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching.clinic.cures import Array, Mask

Cases = dict[str, tuple[Any, ...]]


def disc(shape: tuple[int, int], centre: tuple[float, float], radius: float) -> Mask:
    """A disc, bool (H, W); pixel centres have whole numbers."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.asarray((y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2)


def _row(*values: float) -> Array:
    return np.array(values, np.float32)[None, None]  # one photo of one row: (1, 1, W)


# Two photos of 12 x 16, a large lesion and a small one, each drawn a little off; the small one worse.
TRUTH = np.stack([disc((12, 16), (6, 8), 5), disc((12, 16), (3, 4), 2)])
DRAWN = np.stack([disc((12, 16), (6, 9), 5), disc((12, 16), (4, 5), 2.5)])
# Probabilities that fall off slowly from .95 to .05, so that every cut gives another mask.
_Y, _X = np.mgrid[:12, :16]
SLOPE = np.stack([0.95 - 0.06 * np.hypot(_Y - 6, _X - 8), 0.75 - 0.09 * np.hypot(_Y - 4, _X - 4)]).clip(0.05)
CLOSE = np.where(DRAWN, 0.502, 0.498)  # hardly decided, but decided
BOTH = "two photos, a large lesion and a small one"
# Four photos of an odd size: half of the photo, a middling lesion, a single pixel (missed), and all of it.
FOUR_TRUTHS = np.stack(
    [disc((9, 11), (4, 5), 4), disc((9, 11), (5, 3), 2.5), disc((9, 11), (2, 8), 0.5), np.ones((9, 11), bool)]
)
FOUR_DRAWN = np.stack(
    [disc((9, 11), (4, 6), 4.2), disc((9, 11), (4, 4), 2), disc((9, 11), (6, 2), 1.5), disc((9, 11), (4, 5), 5.2)]
)
FOUR = "four photos of 9 x 11: large, middling, a single pixel, all of it"
_FALL = np.stack(
    [np.hypot(*(np.mgrid[:9, :11] - np.array(c)[:, None, None])) for c in ((4, 6), (4, 4), (6, 2), (4, 5))]
)
FOUR_SLOPES = (np.array([0.93, 0.77, 0.68, 0.97])[:, None, None] - 0.083 * _FALL).clip(0.03)


def _probabilities() -> Cases:
    return {
        "one photo of four pixels": (_row(0.9, 0.6, 0.4, 0.1), _row(1, 1, 1, 0) == 1),
        BOTH: (SLOPE, TRUTH),
        "probabilities close to one half": (CLOSE, TRUTH),
        FOUR: (FOUR_SLOPES, FOUR_TRUTHS),
        "a perfect but unsure mask": (_row(0.7, 0.6, 0.4, 0.3), _row(1, 1, 0, 0) == 1),
    }


def _logits() -> Cases:
    return {
        "one photo of four pixels": (_row(2, 0.3, -0.3, -2), _row(1, 1, 1, 0) == 1),
        BOTH: (np.log(SLOPE / (1 - SLOPE)), TRUTH),
        "logits close to zero": (np.where(DRAWN, 0.01, -0.01), TRUTH),
        "two photos, surer of skin than of lesion": (np.where(SLOPE > 0.5, 1, 3) * np.log(SLOPE / (1 - SLOPE)), TRUTH),
        FOUR: (4 * np.log(FOUR_SLOPES / (1 - FOUR_SLOPES)), FOUR_TRUTHS),
    }


def _masks() -> Cases:
    return {
        BOTH: (DRAWN, TRUTH),
        "one photo, all of it found and as much again drawn": (_row(1, 1, 0, 0) == 1, _row(1, 0, 0, 0) == 1),
        FOUR: (FOUR_DRAWN, FOUR_TRUTHS),
        "three photos, the smallest lesion last": (FOUR_DRAWN[[1, 0, 2]], FOUR_TRUTHS[[1, 0, 2]]),
        "one photo, the lesion missed": (_row(0, 0, 0, 1) == 1, _row(1, 1, 0, 0) == 1),
    }


def _with_channel() -> Cases:
    return {name: (mask[:, None], truth[:, None]) for name, (mask, truth) in _masks().items()}


def _batches() -> Cases:
    mask, truth = np.concatenate([DRAWN, DRAWN[::-1], DRAWN[:1]]), np.concatenate([TRUTH, TRUTH[::-1], TRUTH[1:]])
    return {
        "a single batch": ([(DRAWN, TRUTH)],),
        "batches of 2, 2 and 1 photos": ([(mask[i : i + 2], truth[i : i + 2]) for i in (0, 2, 4)],),
        "batches of 1, 2, 2 and 1 photos of 9 x 11": (
            [(FOUR_DRAWN[i], FOUR_TRUTHS[i]) for i in ([0], [1, 2], [3, 1], [2])],
        ),
        "batches of 1 and 4 photos": ([(mask[:1], truth[:1]), (mask[1:], truth[1:])],),
    }


def _empty() -> Cases:
    none = np.zeros_like(TRUTH[:1])
    return {
        "one photo without lesion, nothing drawn": (none, none),
        "three photos, the last without lesion, nothing drawn there": (
            np.concatenate([DRAWN, none]),
            np.concatenate([TRUTH, none]),
        ),
        "one photo without lesion, something drawn": (DRAWN[:1], none),
        "one photo with a lesion, nothing drawn": (none, TRUTH[:1]),
        FOUR: (FOUR_DRAWN, FOUR_TRUTHS),
        "four photos, one without lesion, drawn on, one with, missed": (
            np.concatenate([DRAWN[:1], DRAWN[1:], none, none]),
            np.concatenate([TRUTH[:1], none, TRUTH[1:], none]),
        ),
        BOTH: (DRAWN, TRUTH),
    }


def _large() -> Cases:
    truth, mask = np.zeros((300, 300), bool), np.ones((300, 300), bool)
    truth[:240] = True
    return {
        "a small photo": (DRAWN[0], TRUTH[0]),
        **{f"{side} x {side} pixels, shifted by one": (_shifted(side), _square(side)) for side in (15, 21, 63)},
        "one pixel": (np.ones((1, 1), bool), np.ones((1, 1), bool)),
        "300 x 300 pixels, nearly all lesion": (mask, truth),
        "200 x 250 pixels, all lesion": (np.ones((200, 250), bool), np.ones((200, 250), bool)),
    }


def _square(side: int) -> Mask:
    square = np.zeros((side + 2, side + 2), bool)
    square[1 : side - 1, 1:side] = True
    return square


def _shifted(side: int) -> Mask:
    return np.roll(_square(side), 1, axis=1)


def _files() -> Cases:
    grey = np.where(TRUTH, 255, 0).astype(np.uint8)
    grey[0, 0, :4] = 120  # a faint scratch outside, and a rim that was softened
    grey[1][TRUTH[1] & ~DRAWN[1]] = 135
    return {
        "two mask files of 0 and 255": (DRAWN, np.where(TRUTH, 255, 0).astype(np.uint8)),
        "mask files with greys: 120 is skin, 135 is lesion": (DRAWN, grey),
        "four files of 9 x 11": (FOUR_DRAWN, np.where(FOUR_TRUTHS, 255, 0).astype(np.uint8)),
        "nothing drawn": (np.zeros_like(DRAWN), np.where(TRUTH, 255, 0).astype(np.uint8)),
    }


_UP, _ACROSS = np.mgrid[:151, :90]


def _resizing() -> Cases:
    large, wide = disc((96, 128), (46.5, 61.5), 31), disc((60, 200), (30.5, 97.5), 22)
    return {
        "a disc, 96 x 128 to 48 x 64": (np.where(large, 255, 0).astype(np.uint8), (48, 64)),
        "an ellipse upright, 151 x 90 to 37 x 41": (
            np.where(np.hypot((_UP - 80) / 2, _ACROSS - 40) < 29, 255, 0).astype(np.uint8),
            (37, 41),
        ),
        "a disc, 60 x 200 to 40 x 100": (np.where(wide, 255, 0).astype(np.uint8), (40, 100)),
    }


def _enlarging() -> Cases:
    y, x = np.mgrid[:8, :12]
    hill = np.float32(0.95) - 0.11 * np.hypot(y - 3.6, x - 5.2).astype(np.float32)
    cliff = sigmoid(np.where(hill > 0.55, 3, -0.2).astype(np.float32))  # sure inside, in doubt outside
    return {
        "a gentle hill, 8 x 12 to 40 x 66": (hill, (40, 66)),
        "sure inside, in doubt outside, 8 x 12 to 48 x 48": (cliff, (48, 48)),
        "a hill off the middle, 7 x 9 to 63 x 45": (
            np.float32(0.9)
            - 0.14 * np.hypot(*(np.mgrid[:7, :9] - np.array([2, 5.5])[:, None, None])).astype(np.float32),
            (63, 45),
        ),
        "the same size": (hill, (8, 12)),
    }


def _names() -> Cases:
    photos = [f"ISIC_000000{i}.jpg" for i in range(6)]
    masks = [f"ISIC_000000{i}_Segmentation.png" for i in range(6)]
    return {
        "all there, in another order": (photos[::-1], masks[2:] + masks[:2]),
        "the mask of ISIC_0000002 is missing": (photos, masks[:2] + masks[3:]),
        "a stray mask in front": (photos[1:], masks),
        "a photo without a mask and a mask without a photo": (
            [f"{i}.jpg" for i in "abdef"],
            [f"{i}_Segmentation.png" for i in "acdef"],
        ),
        "ids of different lengths, X1 and X10": (
            ["X1.jpg", "X10.jpg"],
            ["X1_Segmentation.png", "X10_Segmentation.png"],
        ),
    }


def _models() -> Cases:
    torch.manual_seed(0)
    x = 2 + 3 * torch.randn(6, 3, 4, 4)
    norm, dropout = nn.BatchNorm2d(3), nn.Dropout(0.5)
    return {
        "a network with batch norm": (nn.Sequential(norm, nn.Conv2d(3, 1, 1)).train(), x),
        "a network with dropout": (nn.Sequential(dropout, nn.Conv2d(3, 1, 1)).train(), x),
        "both, and a batch of one photo": (nn.Sequential(norm, dropout, nn.Conv2d(3, 1, 1)).train(), x[:1]),
    }


def _epochs() -> Cases:
    return {
        "validation and test peak in different epochs": ([0.60, 0.75, 0.80, 0.78], [0.58, 0.79, 0.74, 0.73]),
        "validation peaks in the first epoch": ([0.80, 0.75, 0.70], [0.71, 0.70, 0.76]),
        "five epochs, the peak before the last": ([0.41, 0.66, 0.62, 0.81, 0.77], [0.45, 0.83, 0.69, 0.72, 0.61]),
        "validation peaks in the last epoch": ([0.50, 0.65, 0.72], [0.68, 0.55, 0.63]),
    }


CASES: dict[str, Callable[[], Cases]] = {
    "soft": _probabilities,
    "cut": _logits,
    "twice": _probabilities,
    "thresholds": _probabilities,
    "columns": _with_channel,
    "pooled": _masks,
    "last_batch": _batches,
    "background": _masks,
    "agreement": _masks,
    "nothing": _empty,
    "half": _large,
    "as_bytes": _files,
    "bilinear": _resizing,
    "flag": _resizing,
    "hard": _enlarging,
    "pairs": _names,
    "training_mode": _models,
    "best_epoch": _epochs,
}
"""Patient -> its questions, made anew for every check, so that no answer can spoil the next."""
