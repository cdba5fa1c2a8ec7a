"""A saved model that costs no training."""

from __future__ import annotations

from pathlib import Path

import torch

from lesionseg_lib.models.decoders import build_decoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.segmenter import Segmenter

SIZE = (64, 64)


def save_random_model(folder: Path, recipe: str = "transposed-frozen", threshold: float = 0.5) -> Path:
    """Random weights from a fixed seed; the network's input is 64 x 64."""
    torch.manual_seed(0)
    encoder = MobileNetV2Encoder(weights=None)
    network = Segmenter(encoder, build_decoder("transposed", encoder.channels, encoder.strides))
    return network.save(folder, recipe=recipe, threshold=threshold, size=SIZE)
