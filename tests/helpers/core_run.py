"""A small run in a process of its own, to be killed or doubled.

``python -m tests.helpers.core_run FOLDER [PROCESSES [nan]]``. With ``nan`` the loss of process 1 alone
is NaN in epoch 2; each process leaves ``stopped-RANK.txt`` with its error.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import accelerate
from accelerate import Accelerator
from torch import Tensor

from lesionseg_lib.errors import TrainingError
from lesionseg_lib.models import decoders
from lesionseg_lib.training import loop
from lesionseg_lib.training.loop import Run, train
from lesionseg_lib.training.losses import get_loss
from tests.helpers.tiny import TinyDecoder, discs, tiny_recipe

RECIPE = tiny_recipe(augmentation="family-c", schedule="cosine", epochs=4)
"""Everything that draws random numbers: order, augmentation, dropout."""


def run(folder: str, resume: bool = False, epochs: int = RECIPE.epochs) -> Run:
    decoders.DECODERS["tiny"] = TinyDecoder
    recipe = replace(RECIPE, epochs=epochs)
    return train(
        recipe, discs(8), discs(4, seed=1), Path(folder), weights=None, resume=resume, accelerator=Accelerator(cpu=True)
    )


def run_to_nan(folder: str) -> None:
    rank, losses = Accelerator(cpu=True).process_index, 0
    loss_of = get_loss(RECIPE.loss)

    def loss(logits: Tensor, target: Tensor) -> Tensor:
        nonlocal losses
        losses += logits.requires_grad  # one batch an epoch on each of two processes
        return loss_of(logits, target) * (float("nan") if rank == 1 and losses == 2 else 1.0)

    loop.get_loss = lambda name: loss
    try:
        run(folder)
    except TrainingError as error:
        Path(folder, f"stopped-{rank}.txt").write_text(str(error), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[3:] == ["nan"]:
        accelerate.debug_launcher(run_to_nan, (sys.argv[1],), num_processes=int(sys.argv[2]))
    elif len(sys.argv) > 2:
        accelerate.debug_launcher(run, (sys.argv[1], False, 2), num_processes=int(sys.argv[2]))
    else:
        run(sys.argv[1])
