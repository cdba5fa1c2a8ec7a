"""A small network that learns from a larger one's probabilities as well as from the masks.

Source: Hinton, Vinyals and Dean, *Distilling the Knowledge in a Neural Network*, 2015; pixel by pixel, at temperature
1: what the teacher calls a doubtful border, a mask calls all or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from lesionseg_lib.models.segmenter import Segmenter


@dataclass(frozen=True, eq=False)
class Teacher:
    """A trained segmenter that answers and does not change; ``sha256``: of its weights, which tell runs apart."""

    network: Segmenter
    sha256: str

    @torch.no_grad()
    def probabilities(self, images: Tensor) -> Tensor:
        """Normalised images (N, 3, H, W) -> probabilities (N, 1, H, W), on the images' device, without a gradient."""
        network = self.network.to(images.device).eval()
        return torch.sigmoid(network(images).float())


def distilled(loss: Tensor, logits: Tensor, taught: Tensor, weight: float) -> Tensor:
    """``(1 - weight)`` of the loss by the masks, and ``weight`` of the cross-entropy with the teacher's probabilities.

    ``loss`` scalar; ``logits`` and ``taught`` (N, 1, H, W), the latter from 0 to 1.
    """
    return (1 - weight) * loss + weight * F.binary_cross_entropy_with_logits(logits.float(), taught)
