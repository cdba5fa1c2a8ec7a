"""From photos as they are stored to what the encoder was trained on."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torchvision.models import MobileNet_V2_Weights


@dataclass(frozen=True)
class Preprocessing:
    """What the weights were trained with: per-channel mean and standard deviation of RGB in [0, 1]."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


def default_preprocessing() -> Preprocessing:
    """Mean and standard deviation as torchvision's weights enum declares them (no network, no file)."""
    transform: Any = MobileNet_V2_Weights.IMAGENET1K_V1.transforms()
    return Preprocessing(tuple(transform.mean), tuple(transform.std))


def normalise(images: Tensor, preprocessing: Preprocessing) -> Tensor:
    """uint8 RGB (N, H, W, 3) -> float32 (N, 3, H, W): to [0, 1], minus mean, over standard deviation."""
    mean, std = _constants(preprocessing, images.device)
    return ((images.float() / 255 - mean) / std).permute(0, 3, 1, 2)


@cache
def _constants(preprocessing: Preprocessing, device: torch.device) -> tuple[Tensor, Tensor]:
    """Sent to the device once: each time would wait for what a card is doing."""
    with torch.inference_mode(False):  # made inside, they could take part in no gradient ever after
        mean, std = (torch.tensor(values, device=device) for values in (preprocessing.mean, preprocessing.std))
    return mean, std
