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


def _probabilities() -> Cases:
    return {
        "one photo of four pixels": (_row(0.9, 0.6, 0.4, 0.1), _row(1, 1, 1, 0) == 1),
        BOTH: (SLOPE, TRUTH),
        "probabilities close to one half": (CLOSE, TRUTH),
        "a perfect but unsure mask": (_row(0.7, 0.6, 0.4, 0.3), _row(1, 1, 0, 0) == 1),
    }


def _logits() -> Cases:
    return {
        "one photo of four pixels": (_row(2, 0.3, -0.3, -2), _row(1, 1, 1, 0) == 1),
        BOTH: (np.log(SLOPE / (1 - SLOPE)), TRUTH),
        "logits close to zero": (np.where(DRAWN, 0.01, -0.01), TRUTH),
    }


def _masks() -> Cases:
    return {
        BOTH: (DRAWN, TRUTH),
        "one photo, all of it found and as much again drawn": (_row(1, 1, 0, 0) == 1, _row(1, 0, 0, 0) == 1),
        "one photo, the lesion missed": (_row(0, 0, 0, 1) == 1, _row(1, 1, 0, 0) == 1),
    }


def _with_channel() -> Cases:
    return {name: (mask[:, None], truth[:, None]) for name, (mask, truth) in _masks().items()}


def _batches() -> Cases:
    mask, truth = np.concatenate([DRAWN, DRAWN[::-1], DRAWN[:1]]), np.concatenate([TRUTH, TRUTH[::-1], TRUTH[1:]])
    return {
        "a single batch": ([(DRAWN, TRUTH)],),
        "batches of 2, 2 and 1 photos": ([(mask[i : i + 2], truth[i : i + 2]) for i in (0, 2, 4)],),
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
        BOTH: (DRAWN, TRUTH),
    }


def _large() -> Cases:
    truth, mask = np.zeros((300, 300), bool), np.ones((300, 300), bool)
    truth[:240] = True
    return {
        "a small photo": (DRAWN[0], TRUTH[0]),
        "300 x 300 pixels, nearly all lesion": (mask, truth),
        "200 x 250 pixels, all lesion": (np.ones((200, 250), bool), np.ones((200, 250), bool)),
    }


def _files() -> Cases:
    grey = np.where(TRUTH, 255, 0).astype(np.uint8)
    grey[0, 0, :4] = 120  # a faint scratch outside, and a rim that was softened
    grey[1][TRUTH[1] & ~DRAWN[1]] = 135
    return {
        "two mask files of 0 and 255": (DRAWN, np.where(TRUTH, 255, 0).astype(np.uint8)),
        "mask files with greys: 120 is skin, 135 is lesion": (DRAWN, grey),
        "nothing drawn": (np.zeros_like(DRAWN), np.where(TRUTH, 255, 0).astype(np.uint8)),
    }


def _resizing() -> Cases:
    large, wide = disc((96, 128), (46.5, 61.5), 31), disc((60, 200), (30.5, 97.5), 22)
    return {
        "a disc, 96 x 128 to 48 x 64": (np.where(large, 255, 0).astype(np.uint8), (48, 64)),
        "a disc, 60 x 200 to 40 x 100": (np.where(wide, 255, 0).astype(np.uint8), (40, 100)),
    }


def _enlarging() -> Cases:
    y, x = np.mgrid[:8, :12]
    hill = np.float32(0.95) - 0.11 * np.hypot(y - 3.6, x - 5.2).astype(np.float32)
    cliff = sigmoid(np.where(hill > 0.55, 3, -0.2).astype(np.float32))  # sure inside, in doubt outside
    return {
        "a gentle hill, 8 x 12 to 40 x 66": (hill, (40, 66)),
        "sure inside, in doubt outside, 8 x 12 to 48 x 48": (cliff, (48, 48)),
        "the same size": (hill, (8, 12)),
    }


def _names() -> Cases:
    photos = [f"ISIC_000000{i}.jpg" for i in range(6)]
    masks = [f"ISIC_000000{i}_Segmentation.png" for i in range(6)]
    return {
        "all there, in another order": (photos[::-1], masks[2:] + masks[:2]),
        "the mask of ISIC_0000002 is missing": (photos, masks[:2] + masks[3:]),
        "a stray mask in front": (photos[1:], masks),
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
