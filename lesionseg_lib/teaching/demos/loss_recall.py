"""What a loss makes of a cut: the recall that it ends in."""

import torch
from torch import Tensor

from lesionseg_lib.training.losses import Loss


def recall(loss: Loss, noisy: Tensor, t: Tensor) -> float:
    """Share of the lesion that the reader ``a noisy + b`` finds, once a and b are trained with this loss."""
    weights = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=0.2)
    for _ in range(150):
        optimizer.zero_grad()
        loss(weights[0] * noisy + weights[1], t).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    found = (weights[0] * noisy + weights[1] > 0) & (t > 0)
    return float(found.sum() / t.sum())
