"""A small run for ``torchrun``: ``torchrun --nproc_per_node 2 -m tests.helpers.two_run FOLDER [killed]``.

Nothing in it draws random numbers but order and augmentation, and nothing learns from one process's batch alone: so two
processes take the steps of one with batches twice as large. With ``killed`` process 1 is killed in epoch 2.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional as F

from lesionseg_lib.models import decoders
from lesionseg_lib.training import loop
from lesionseg_lib.training.loop import Run, train
from lesionseg_lib.training.losses import get_loss
from tests.helpers.tiny import discs, tiny_recipe


class PlainDecoder(nn.Module):
    """Neither dropout nor batch norm."""

    def __init__(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        self.head = nn.Conv2d(channels[-1], 1, 1)

    def forward(self, pyramid: list[Tensor], size: tuple[int, int]) -> Tensor:
        return F.interpolate(self.head(pyramid[-1]), size=size, mode="bilinear", align_corners=False)


def run(folder: str, batch_size: int = 4) -> Run:
    decoders.DECODERS["plain"] = PlainDecoder
    recipe = tiny_recipe(
        "transposed-frozen", decoder="plain", augmentation="flips", batch_size=batch_size, epochs=2, optimizer="adam"
    )
    return train(recipe, discs(16), discs(4, seed=1), Path(folder), weights=None, accelerator=Accelerator(cpu=True))


def be_killed_in_epoch_2() -> None:
    losses, loss_of = 0, get_loss("bce")

    def loss(logits: Tensor, target: Tensor) -> Tensor:
        nonlocal losses
        losses += 1
        if losses > 2:  # two batches of each process's own an epoch
            os.kill(os.getpid(), signal.SIGKILL)
        return loss_of(logits, target)

    loop.get_loss = lambda name: loss  # type: ignore[assignment, attr-defined]


if __name__ == "__main__":
    if sys.argv[2:] == ["killed"] and os.environ["RANK"] == "1":
        be_killed_in_epoch_2()
    run(sys.argv[1])
