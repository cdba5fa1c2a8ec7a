"""A run on disk for exercise 07.2: a network, an encoder as it was before, and scores with its stages put back."""

from __future__ import annotations

import copy
import tempfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from lesionseg_lib.training import recipes
from lesionseg_lib.training.checkpoints import BEST
from tests.helpers.exercises.lesson07 import put_back
from tests.helpers.stand_ins import SIZE, centred, lesson


@cache
def trained() -> Any:
    """Stands for ``lesson.fit("dilated-all")``."""
    model = centred("dilated-all", "final_conv")
    folder = Path(tempfile.mkdtemp(prefix="lesionseg-run-"))
    model.save(folder / BEST, recipe="dilated-all", threshold=0.5, size=SIZE)
    return SimpleNamespace(model=model, folder=folder, recipe=recipes.get_recipe("dilated-all"))


@cache
def before() -> Any:
    """The photos' statistics, and weights a little elsewhere."""
    old = copy.deepcopy(trained().model.encoder)
    torch.manual_seed(1)
    with torch.no_grad():
        for tensor in old.state_dict().values():
            if tensor.is_floating_point():
                tensor.mul_(1 + 0.2 * torch.randn_like(tensor))
    return old


def rest() -> tuple[Any, ...]:
    """What 07.2 wants beside the scores."""
    return trained(), before(), lesson()


@cache
def restored(together: bool = False, weights_only: bool = False) -> Any:
    """Scores with nothing (None) and with stage 1, 2, 3 or 4 put back."""
    return put_back(trained().model, before(), together, weights_only)
