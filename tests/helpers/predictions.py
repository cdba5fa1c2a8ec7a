"""Network outputs beside truths of many sizes."""

from __future__ import annotations

import cv2
import numpy as np

from tests.helpers.tiny import ArrayDataset

SIZES = ((40, 60), (33, 17), (64, 64), (16, 16), (20, 90))


def drawn(sizes: tuple[tuple[int, int], ...] = SIZES, seed: int = 0) -> tuple[np.ndarray, ArrayDataset]:
    """Smooth random logits (N, 16, 16), and truths of these sizes that resemble them; one truth is empty."""
    rng = np.random.default_rng(seed)
    logits = np.stack([cv2.GaussianBlur(rng.normal(0, 8, (16, 16)), (5, 5), 0) for _ in sizes]).astype(np.float32)
    truths = []
    for (height, width), image_logits in zip(sizes, logits, strict=True):
        noise = cv2.GaussianBlur(rng.normal(0, 3, (16, 16)), (5, 5), 0)
        truths.append(cv2.resize(image_logits + noise, (width, height)) > 0)
    truths[-1] = np.zeros(sizes[-1], bool)
    return logits, ArrayDataset([np.zeros((*size, 3), np.uint8) for size in sizes], truths)
