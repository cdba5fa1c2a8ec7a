"""A small run in a process of its own, to be killed or doubled: ``python -m tests.core_run FOLDER [PROCESSES]``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import accelerate
from accelerate import Accelerator

from lesionseg_lib import decoders
from lesionseg_lib.training import Run, train
from tests.core_fixtures import TinyDecoder, discs, tiny_recipe

RECIPE = tiny_recipe(augmentation="family-c", schedule="cosine", epochs=4)
"""Everything that draws random numbers: order, augmentation, dropout."""


def run(folder: str, resume: bool = False, epochs: int = RECIPE.epochs) -> Run:
    decoders.DECODERS["tiny"] = TinyDecoder
    recipe = replace(RECIPE, epochs=epochs)
    return train(
        recipe, discs(8), discs(4, seed=1), Path(folder), weights=None, resume=resume, accelerator=Accelerator(cpu=True)
    )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        accelerate.debug_launcher(run, (sys.argv[1], False, 2), num_processes=int(sys.argv[2]))
    else:
        run(sys.argv[1])
