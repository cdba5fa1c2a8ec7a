"""Why a training stopped by itself, in sentences: what happened, what is kept, what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor

from lesionseg_lib.errors import LesionSegError, TrainingError
from lesionseg_lib.training.checkpoints import CHECKPOINT
from lesionseg_lib.training.recipes import Recipe

# Words in what gloo and NCCL say when the process at the other end is gone.
_LOST = ("by peer", "gloo", "nccl", "broken pipe", "socket", "connection refused")


def not_finite(value: float, recipe: Recipe, folder: Path, place: str) -> str:
    """A loss that is NaN or infinite; ``place``: epoch and batch."""
    return (
        f"Recipe {recipe.name}: the loss became {value} in epoch {place}. Expected a finite number. {_kept(folder)} "
        f"Usual causes: a learning rate that is too large ({recipe.learning_rate} here), sums in half "
        f"precision, masks that are not 0 or 1."
    )


def demand_finite(losses: Tensor, accelerator: Accelerator, recipe: Recipe, folder: Path, epoch: int) -> None:
    """Raise ``TrainingError`` where one of an epoch's losses so far, one a batch, is not finite on any process.

    Over all of them: one that stopped alone would leave the others waiting for its gradients.
    """
    totals = accelerator.reduce(losses).tolist()
    for batch, total in enumerate(totals, start=1):
        if not math.isfinite(total):
            raise TrainingError(not_finite(total, recipe, folder, f"{epoch}, batch {batch}"))


@contextmanager
def told(recipe: Recipe, folder: Path, epoch: int, processes: int) -> Iterator[None]:
    """Says what stops this epoch: a card without memory left, a process that another one waits for in vain.

    Raises ``TrainingError`` for both; the last complete epoch stays on disk.
    """
    try:
        yield
    except LesionSegError:
        raise
    except torch.cuda.OutOfMemoryError as error:
        height, width = recipe.size
        raise TrainingError(
            f"Recipe {recipe.name}: the card's memory ran out in epoch {epoch}, with batches of {recipe.batch_size} "
            f"photos of {height} x {width}. {_kept(folder)} Free the card (`nvidia-smi` lists who uses it; in a "
            f"notebook, restart the kernel) and go on with --resume, or go on without it: ACCELERATE_USE_CPU=true. If "
            f"the card is too small: `replace(recipe, batch_size={max(1, recipe.batch_size // 2)})`, or a smaller "
            f"`size`, in a folder of its own, for that is another recipe."
        ) from error
    except RuntimeError as error:
        if processes == 1 or not any(word in str(error).lower() for word in _LOST):
            raise
        raise TrainingError(
            f"Recipe {recipe.name}: another of the {processes} processes is gone in epoch {epoch}, so this one stops "
            f"too. {_kept(folder)} Look above for what the other one said (a killed one says nothing: usual causes are "
            f"too little memory, or a scheduler's time limit), then start all of them again with --resume."
        ) from error


def _kept(folder: Path) -> str:
    kept = "The last complete epoch is kept" if (folder / CHECKPOINT).exists() else "No epoch was complete yet"
    return f"{kept} in {folder}."
