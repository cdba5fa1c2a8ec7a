"""From a recipe: its network, its optimiser, its schedule."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.recipes import Recipe


def build_segmenter(recipe: Recipe, weights: str | None = "IMAGENET1K_V1") -> Segmenter:
    """A fresh segmenter with the recipe's decoder, and all stages frozen that the recipe does not train.

    The decoder's initial values come from torch's global generator: seed it first. Raises ``WeightsNotFoundError``, and
    ``UnknownNameError`` for a decoder that does not exist.
    """
    from lesionseg_lib.models.decoders import build_decoder
    from lesionseg_lib.models.encoder import MobileNetV2Encoder
    from lesionseg_lib.models.segmenter import Segmenter

    encoder = MobileNetV2Encoder(weights)
    encoder.freeze(recipe.frozen_stages)
    return Segmenter(encoder, build_decoder(recipe.decoder, encoder.channels, encoder.strides))


def build_optimizer(recipe: Recipe, network: Segmenter) -> Optimizer:
    """The recipe's optimiser over what is trainable: one group for the decoder, one for the encoder at its own rate."""
    groups = [{"params": [p for p in network.decoder.parameters() if p.requires_grad]}]
    encoder = [p for p in network.encoder.parameters() if p.requires_grad]
    if encoder:
        groups.append({"params": encoder, "lr": recipe.encoder_learning_rate or recipe.learning_rate})  # type: ignore[dict-item]
    optimizers: dict[str, Callable[..., Optimizer]] = {
        "adam": torch.optim.Adam,
        "nadam": torch.optim.NAdam,
        "rmsprop": torch.optim.RMSprop,
    }
    return optimizers[recipe.optimizer](groups, lr=recipe.learning_rate)


def build_schedule(recipe: Recipe, optimizer: Optimizer) -> LambdaLR:
    """A factor on every group's rate, by epoch: 1 throughout, or half a cosine from 1 down to 0."""
    if recipe.schedule == "cosine":
        return LambdaLR(optimizer, lambda epoch: (1 + math.cos(math.pi * epoch / recipe.epochs)) / 2)
    return LambdaLR(optimizer, lambda epoch: 1.0)
