"""``check``: an answer to its grader, and whatever happens there into a verdict."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from lesionseg_lib.teaching.diagnosis.guard import Stopped, crash, guarded
from lesionseg_lib.teaching.diagnosis.reading import Wrong, is_blank, opened
from lesionseg_lib.teaching.exercises.registry import EXERCISES, HINTS, SECTIONS
from lesionseg_lib.teaching.verdicts import Verdict
from lesionseg_lib.utils.lookup import look_up

LONG = 120.0
"""Seconds for the whole check, a student's function being stopped long before (``guard.LIMIT``)."""


def check(name: str, answer: Any = None, *given: Any) -> Verdict:
    """Judge an answer to the exercise ``name``; ``given`` is what it was made from, as the exercise says.

    None, ``...`` and containers of nothing else are not attempted, and so is a function that returns None or raises
    ``NotImplementedError``. What a student's function raises is part of the verdict, and so is a loop without end.
    Neither models nor the state of random numbers are changed; gradients are on, whatever a cell before switched off.
    Raises ``UnknownNameError`` for an unknown exercise.
    """
    grader = look_up(EXERCISES, name, "exercise")
    call = f'exercises.check("{name}", {{arguments}})'
    return judged(grader, name, answer, given, HINTS[name], SECTIONS[name], call)


def judged(
    grader: Callable[..., None],
    name: str,
    answer: Any,
    given: tuple[Any, ...],
    hints: tuple[str, ...],
    where: str,
    call: str,
) -> Verdict:
    """What ``check`` says, for any grader. ``call``: how the check is written, with ``{arguments}`` for its own."""

    def verdict(status: Any, detail: str, causes: tuple[str, ...] = (), section: str = "") -> Verdict:
        return Verdict(name, status, detail, causes, hints, section or where)

    try:
        answer = guarded(lambda: opened(answer))
    except Stopped as problem:
        return verdict("crashed", str(problem), ("stopped",))
    except Exception as error:
        return verdict("crashed", crash(error))
    if is_blank(answer):
        return verdict("not attempted", "put your answer in and run this again.")
    try:
        inspect.signature(grader).bind(answer, *given)
    except TypeError as error:
        wanted = ", ".join(inspect.signature(grader).parameters)
        return verdict("crashed", f"{error}; write {call.format(arguments=wanted)}.")
    numpy_state = np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]), torch.enable_grad(), np.errstate(all="ignore"):
            torch.default_generator.manual_seed(0)
            guarded(lambda: grader(answer, *given), LONG)
    except Wrong as problem:
        return verdict("wrong", str(problem), problem.causes, problem.where)
    except NotImplementedError:
        return verdict("not attempted", "the function returns nothing yet.")
    except Stopped as problem:
        return verdict("crashed", str(problem), ("stopped",))
    except Exception as error:
        return verdict("crashed", crash(error))
    finally:
        np.random.set_state(numpy_state)
    return verdict("right", (grader.__doc__ or "").partition("\n")[0])
