"""From a recipe: its network, its optimiser, its schedule."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from lesionseg_lib.models.decoders import build_decoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.recipes import OPTIMIZERS, PER_STEP, SCHEDULES, Recipe
from lesionseg_lib.utils.lookup import look_up


def build_segmenter(recipe: Recipe, weights: str | None = "IMAGENET1K_V1") -> Segmenter:
    """A fresh segmenter with the recipe's decoder, and all stages frozen that the recipe does not train.

    The decoder's initial values come from torch's global generator: seed it first. Raises ``WeightsNotFoundError``, and
    ``UnknownNameError`` for a decoder that does not exist.
    """
    encoder = MobileNetV2Encoder(weights, recipe.last_stage)
    encoder.freeze(recipe.frozen_stages)
    return Segmenter(encoder, build_decoder(recipe.decoder, encoder.channels, encoder.strides))


def build_optimizer(recipe: Recipe, network: Segmenter) -> Optimizer:
    """The recipe's optimiser over what is trainable: one group for the decoder, one for the encoder at its own rate.

    AdamW (Loshchilov and Hutter, *Decoupled Weight Decay Regularization*, ICLR 2019) has each of them twice: kernels,
    which decay, then biases and what batch norm learns, which do not. Raises ``UnknownNameError`` for an optimiser that
    is not in ``recipes.OPTIMIZERS``.
    """
    groups: list[dict[str, object]] = []
    rates = (
        (network.decoder, recipe.learning_rate),
        (network.encoder, recipe.encoder_learning_rate or recipe.learning_rate),
    )
    for part, rate in rates:
        parameters = [p for p in part.parameters() if p.requires_grad]
        decays = {"weight_decay": recipe.weight_decay} if recipe.optimizer == "adamw" else {}
        for few, decay in _by_decay(parameters, decays):
            if few:
                groups.append({"params": few, "lr": rate, **decay})
    kind = getattr(torch.optim, look_up(OPTIMIZERS, recipe.optimizer, "optimiser"))
    optimizer: Optimizer = kind(groups, lr=recipe.learning_rate)
    return optimizer


def _by_decay(
    parameters: list[nn.Parameter], decay: dict[str, float]
) -> Iterable[tuple[list[nn.Parameter], dict[str, float]]]:
    if not decay:
        yield parameters, {}
        return
    yield [p for p in parameters if p.ndim > 1], decay
    yield [p for p in parameters if p.ndim <= 1], {"weight_decay": 0.0}


def build_schedule(recipe: Recipe, optimizer: Optimizer, steps_per_epoch: int = 1) -> LambdaLR:
    """The recipe's factor on every group's rate, by epoch, or by step where the schedule counts those.

    ``steps_per_epoch``: of this process. Raises ``UnknownNameError``; see ``recipes.SCHEDULES``.
    """
    factor = look_up(SCHEDULES, recipe.schedule, "schedule")
    total = recipe.epochs * (steps_per_epoch if recipe.schedule in PER_STEP else 1)
    return LambdaLR(optimizer, lambda done: factor(done, total))
