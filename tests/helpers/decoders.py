"""Decoders with weights from a seed, and a pyramid to feed them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lesionseg_lib.models.decoders import build_decoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder

CHANNELS, STRIDES = MobileNetV2Encoder.channels, MobileNetV2Encoder.strides
NAMES = (
    "unet", "segnet-attention", "segnet-attention-atrous", "transposed", "dilated", "refine", "conv5",
    "light", "unet-without-skips", "segnet", "smp-unet",
)  # fmt: skip


def decoder(name: str) -> nn.Module:
    torch.manual_seed(0)
    return build_decoder(name, CHANNELS, STRIDES)


def pyramid(height: int = 64, width: int = 64, n: int = 2) -> list[Tensor]:
    torch.manual_seed(1)
    return [torch.randn(n, c, height // s, width // s) for c, s in zip(CHANNELS, STRIDES, strict=True)]


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
