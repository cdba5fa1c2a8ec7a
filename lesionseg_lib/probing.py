"""What an encoder's deepest map says about location, as far as a linear map can read it."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from lesionseg_lib.cache import CachedDataset
from lesionseg_lib.encoder import default_preprocessing
from lesionseg_lib.metrics import confusion, reduce
from lesionseg_lib.segmenter import normalise

RIDGE = 100.0
BATCH = 32


def linear_probe(encoder: Any, train: CachedDataset, validation: CachedDataset) -> float:
    """Mean Jaccard on ``validation`` of the best linear map from deepest features to masks, fitted on ``train``.

    Each cell of the deepest map, stride s, has C numbers and lies over s x s pixels. Ridge regression fits one matrix
    (C + 1, s * s) for all cells; more than .5 is lesion. No depth, no neighbours, no skips: what comes out is what the
    C numbers say, scored at the network's size. The encoder is used in evaluation mode, and does not change.

    Source: Alain & Bengio, *Understanding intermediate layers using linear classifier probes*, 2016.
    """
    features, pixels = _cells(encoder, train)
    penalty = RIDGE * torch.eye(features.shape[1])
    weights = torch.linalg.solve(features.T @ features + penalty, features.T @ pixels)  # (C + 1, s * s)
    features, pixels = _cells(encoder, validation)
    images = len(validation.ids)
    drawn, truth = ((x > 0.5).reshape(images, -1, 1).numpy() for x in (features @ weights, pixels))
    return reduce(confusion(drawn, truth), "jaccard")


@torch.no_grad()
def _cells(encoder: Any, data: CachedDataset) -> tuple[Tensor, Tensor]:
    """Features and a constant 1, (N * h * w, C + 1), and the pixels of the mask below, (N * h * w, s * s)."""
    training, stride = encoder.training, encoder.strides[-1]
    device = next(encoder.parameters()).device
    encoder.eval()
    parts = []
    for start in range(0, len(data.ids), BATCH):
        images = torch.tensor(np.asarray(data.images[start : start + BATCH]), device=device)
        parts.append(encoder(normalise(images, default_preprocessing()))[-1].cpu())
    encoder.train(training)
    deepest = torch.cat(parts).permute(0, 2, 3, 1).flatten(0, 2)  # (N * h * w, C)
    masks = torch.tensor(np.asarray(data.masks)).float()  # (N, H, W)
    n, h, w = len(masks), data.size[0] // stride, data.size[1] // stride
    pixels = masks.reshape(n, h, stride, w, stride).transpose(2, 3).reshape(n * h * w, stride * stride)
    return torch.cat([deepest, torch.ones(len(deepest), 1)], dim=1), pixels
