"""Which exercises there are: graders register themselves."""

from collections.abc import Callable
from typing import TypeVar

Grader = TypeVar("Grader", bound=Callable[..., None])

EXERCISES: dict[str, Callable[..., None]] = {}
"""Lesson.exercise -> its grader, called with the answer and what the lesson says to pass along."""

HINTS: dict[str, tuple[str, ...]] = {}
"""Lesson.exercise -> hints, the second gives more away."""

SECTIONS: dict[str, str] = {}
"""Lesson.exercise -> the lesson and heading of the section that prepares it."""


def exercise(name: str, where: str, *hints: str) -> Callable[[Grader], Grader]:
    """Register a grader under its exercise, with the section that prepares it and up to two hints.

    Raises ``ValueError`` for a name that is taken and for more than two hints.
    """
    if name in EXERCISES or len(hints) > 2:
        raise ValueError(f"exercise {name!r}: expected a new name and at most two hints.")

    def register(grader: Grader) -> Grader:
        EXERCISES[name], HINTS[name], SECTIONS[name] = grader, hints, where
        return grader

    return register
