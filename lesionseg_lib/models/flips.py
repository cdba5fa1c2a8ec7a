"""A network asked four times: about the photo as it is, flipped along either axis, and along both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter

FLIPS: tuple[tuple[int, ...], ...] = ((), (1,), (2,), (1, 2))
"""Axes of (N, H, W) that are turned round; a lesion has no up and no left."""


def flip_averaged(network: Segmenter, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 RGB (N, H, W, 3) -> float32 probabilities (N, H, W): the mean of four answers, each flipped back.

    It costs four times as much as one, so it is scored in a row of its own. Raises ``ShapeError``.
    """
    answers = [np.flip(sigmoid(network.logits(np.ascontiguousarray(np.flip(images, axes)))), axes) for axes in FLIPS]
    return np.asarray(np.mean(answers, axis=0), np.float32)
