"""The checks a student may run: on public cases, with the course's diagnosis, and never for marks.

``aN/checks.py`` registers one for each function. What a check says is right has been asked of public cases only; the
graded ones are others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

from lesionseg_lib.teaching.exercises.checking import judged
from lesionseg_lib.teaching.verdicts import Verdict
from lesionseg_lib.utils.lookup import look_up

Grader = TypeVar("Grader", bound=Callable[..., None])


@dataclass(frozen=True)
class PublicCheck:
    """A grader as those of the lessons' exercises, its hints, and the section that prepares it."""

    grader: Callable[..., None]
    where: str
    hints: tuple[str, ...]


CHECKS: dict[str, PublicCheck] = {}
"""``assignment.function`` -> its check."""


def public_check(name: str, where: str, *hints: str) -> Callable[[Grader], Grader]:
    """Register a check: it raises ``Wrong``, and the first line of its docstring is what it says when all is well."""

    def register(grader: Grader) -> Grader:
        CHECKS[name] = PublicCheck(grader, where, hints)
        return grader

    return register


def check(assignment: str, function: str, answer: Any) -> Verdict:
    """Judge a student's function on public cases. Raises ``UnknownNameError``."""
    import_module(f"lesionseg_lib.assignments.{assignment}.checks")
    name = f"{assignment}.{function}"
    found = look_up(CHECKS, name, "check")
    return judged(found.grader, name, answer, (), found.hints, found.where, f'work.check("{function}", {{arguments}})')
