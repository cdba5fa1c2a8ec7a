"""The bank: wrong answers as students give them, each with words that its verdict must hold, and right ones."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from lesionseg_lib.teaching import clinic, exercises
from lesionseg_lib.teaching.verdicts import Verdict


@dataclass(frozen=True)
class Answer:
    """To an exercise, or to a patient of the clinic ("clinic soft"). ``says`` is None for a right answer."""

    task: str
    text: str
    """What was done, in a few words."""
    make: Callable[[], tuple[Any, ...]]
    """The answer, and what the exercise wants beside it."""
    says: str | None

    @property
    def half(self) -> str:
        """A or B, by hash: the checks were developed with a look at A alone."""
        return "AB"[hashlib.sha256(f"{self.task} {self.text}".encode()).digest()[0] % 2]

    def verdict(self) -> Verdict:
        given = self.make()
        if self.task.startswith("clinic "):
            return clinic.check(self.task.removeprefix("clinic "), *given)
        return exercises.check(self.task, *given)

    def outcome(self) -> tuple[str, Verdict]:
        """named, pointed, unnamed, wrong name or accepted; right or refused."""
        verdict = self.verdict()
        if self.says is None:
            return ("right" if verdict.status == "right" else "refused"), verdict
        if verdict.status == "right":
            return "accepted", verdict
        if re.search(self.says, verdict.detail, re.IGNORECASE):
            return "named", verdict
        if verdict.causes:
            return "wrong name", verdict
        return ("pointed" if "Right for" in verdict.detail or "(" in verdict.detail else "unnamed"), verdict


ANSWERS: list[Answer] = []


def wrong(task: str, text: str, says: str, *given: Any) -> None:
    """A wrong answer; what is given may be a function without arguments that makes it, if it is costly (``later``)."""
    ANSWERS.append(Answer(task, text, _maker(given), says))


def right(task: str, text: str, *given: Any) -> None:
    ANSWERS.append(Answer(task, text, _maker(given), None))


@dataclass(frozen=True)
class Later:
    """An answer that is made when it is needed."""

    make: Callable[[], tuple[Any, ...]]


def _maker(given: tuple[Any, ...]) -> Callable[[], tuple[Any, ...]]:
    if len(given) == 1 and isinstance(given[0], Later):
        return given[0].make
    return lambda: given


@cache
def bank() -> tuple[Answer, ...]:
    """All answers of all files beside this one."""
    for path in sorted(Path(__file__).parent.glob("answers_*.py")):
        import_module(f"{__package__}.{path.stem}")
    return tuple(ANSWERS)
