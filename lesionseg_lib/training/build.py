"""From a recipe: its network, its optimiser, its schedule."""

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from lesionseg_lib.models.decoders import build_decoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.recipes import OPTIMIZERS, SCHEDULES, Recipe
from lesionseg_lib.utils.lookup import look_up


def build_segmenter(recipe: Recipe, weights: str | None = "IMAGENET1K_V1") -> Segmenter:
    """A fresh segmenter with the recipe's decoder, and all stages frozen that the recipe does not train.

    The decoder's initial values come from torch's global generator: seed it first. Raises ``WeightsNotFoundError``, and
    ``UnknownNameError`` for a decoder that does not exist.
    """
    encoder = MobileNetV2Encoder(weights)
    encoder.freeze(recipe.frozen_stages)
    return Segmenter(encoder, build_decoder(recipe.decoder, encoder.channels, encoder.strides))


def build_optimizer(recipe: Recipe, network: Segmenter) -> Optimizer:
    """The recipe's optimiser over what is trainable: one group for the decoder, one for the encoder at its own rate.

    Raises ``UnknownNameError`` for an optimiser that is not in ``recipes.OPTIMIZERS``.
    """
    groups: list[dict[str, object]] = [{"params": [p for p in network.decoder.parameters() if p.requires_grad]}]
    encoder = [p for p in network.encoder.parameters() if p.requires_grad]
    if encoder:
        groups.append({"params": encoder, "lr": recipe.encoder_learning_rate or recipe.learning_rate})
    kind = getattr(torch.optim, look_up(OPTIMIZERS, recipe.optimizer, "optimiser"))
    optimizer: Optimizer = kind(groups, lr=recipe.learning_rate)
    return optimizer


def build_schedule(recipe: Recipe, optimizer: Optimizer) -> LambdaLR:
    """The recipe's factor on every group's rate, by epoch. Raises ``UnknownNameError``; see ``recipes.SCHEDULES``."""
    factor = look_up(SCHEDULES, recipe.schedule, "schedule")
    return LambdaLR(optimizer, lambda epoch: factor(epoch, recipe.epochs))
