"""Answers to the exercises of lesson 04."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from lesionseg_lib.teaching.demos.loss_recall import recall
from tests.helpers.exercises.registry import case


@case("04.1")
def _() -> Any:
    def gradient(z: Tensor, t: Tensor, smooth: float = 1) -> Tensor:
        p = torch.sigmoid(z)
        overlap, union = (p * t).sum() + smooth, (p + t - p * t).sum() + smooth
        return -p * (1 - p) * (t * union - (1 - t) * overlap) / union**2

    def of_dice(z: Tensor, t: Tensor) -> Tensor:
        p = torch.sigmoid(z)
        overlap, total = 2 * (p * t).sum() + 1, (p + t).sum() + 1
        return -p * (1 - p) * (2 * t * total - overlap) / total**2

    return (gradient,), [
        ((lambda z, t: -gradient(z, t),), "the sign"),
        ((of_dice,), "soft Dice"),
        ((lambda z, t: gradient(z, t) / (torch.sigmoid(z) * torch.sigmoid(-z)),), "chain"),
        ((lambda z, t: gradient(z, t, 0),), "s = 1"),
        ((lambda z, t: torch.zeros_like(z),), "all zeros"),
        ((lambda z, t: gradient(z, t).sum(),), "one number a pixel"),
    ]


@case("04.2")
def _() -> Any:
    def tversky(z: Tensor, t: Tensor, beta: float) -> Tensor:
        p = torch.sigmoid(z)
        tp, fp, fn = (p * t).sum(), (p * (1 - t)).sum(), ((1 - p) * t).sum()
        return 1 - (tp + 1) / (tp + (1 - beta) * fp + beta * fn + 1)

    y, x = np.mgrid[:48, :64]
    t = torch.tensor(np.hypot(y - 24, x - 30) < 14)[None, None].float()
    noisy = t + 0.5 * torch.randn(t.shape, generator=torch.Generator().manual_seed(0))
    reached = {b / 40: recall(lambda z, t, b=b: tversky(z, t, b / 40), noisy, t) for b in range(20, 40)}
    right = min(reached, key=lambda b: abs(reached[b] - 0.95))
    return ((tversky, right), noisy, t), [
        (((tversky, 0.5), noisy, t), "try a larger one"),
        (((tversky, 0.99), noisy, t), "try a smaller one"),
        (((lambda z, t, beta: tversky(z, t, 1 - beta), right), noisy, t), "weighs the false negatives"),
        (((lambda z, t, beta: tversky(z, t, beta) ** 2, right), noisy, t), "with beta = 0.7"),
        ((tversky, noisy, t), "pass a pair"),
    ]


@case("04.3")
def _() -> Any:
    def loss(z: Tensor, t: Tensor, smooth: float = 1, dims: Any = (1, 2, 3), sigmoids: int = 1) -> Tensor:
        for _ in range(sigmoids):
            z = torch.sigmoid(z)
        return (1 - (2 * (z * t).sum(dims) + smooth) / ((z + t).sum(dims) + smooth)).mean()

    return (loss,), [
        ((lambda z, t: loss(z, t, sigmoids=2),), "a sigmoid of a sigmoid"),
        ((lambda z, t: loss(z, t, smooth=15),), "the constant"),
        ((lambda z, t: loss(z, t, dims=None),), "the whole batch"),
        ((lambda z, t: loss(z, t, smooth=1000),), "the constant is too large"),
    ]
