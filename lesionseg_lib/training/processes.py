"""Several processes that decide alike: what one of them does alone, its failure included, is told to all."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from accelerate import Accelerator
from accelerate.state import is_initialized
from accelerate.utils import broadcast_object_list

from lesionseg_lib.errors import LesionSegError, TrainingError
from lesionseg_lib.models.device import pick_device

T = TypeVar("T")


def start_accelerator() -> Accelerator:
    """Accelerate as the course uses it: in bfloat16 where a card computes in it, unless somebody chose a precision.

    Who chose: a program that made an ``Accelerator`` before, or ``accelerate config`` and its variables.
    """
    chosen = is_initialized() or "ACCELERATE_MIXED_PRECISION" in os.environ or pick_device().type != "cuda"
    if chosen or not torch.cuda.is_bf16_supported(including_emulation=False):
        return Accelerator()
    return Accelerator(mixed_precision="bf16")


def on_main(accelerator: Accelerator, work: Callable[[], T]) -> T:
    """What ``work`` returns on the main process, for all of them; the others wait until it is done.

    Raises what ``work`` raises, on all: an error of the library as it is, another as ``TrainingError`` on those that
    did not do the work. A process that stopped alone would leave the others waiting for ever.
    """
    result: T | None = None
    failure: BaseException | None = None
    if accelerator.is_main_process:
        try:
            result = work()
        except BaseException as error:
            failure = error
    if accelerator.num_processes > 1:
        box: list[Any] = [result, type(failure) if isinstance(failure, LesionSegError) else None, _told(failure)]
        broadcast_object_list(box)
        if failure is None and box[2] is not None:
            kind = box[1] or TrainingError
            raise kind(box[2])
        result = box[0]
    if failure is not None:
        raise failure
    return result  # type: ignore[return-value]


def _told(failure: BaseException | None) -> str | None:
    if failure is None:
        return None
    if isinstance(failure, LesionSegError):
        return str(failure)
    return f"The main process stopped: {type(failure).__name__}: {failure}".rstrip(": ")
