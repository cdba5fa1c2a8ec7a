"""The right answer, changed as students change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.helpers.exercises import arguments
from tests.teaching.mutants.bank import Later


def made(task: str, change: Callable[[Any], Any]) -> Later:
    """The right answer, changed."""
    return Later(lambda: (change(arguments(task)[0][0]), *arguments(task)[0][1:]))


def each(function: Callable[[float], float]) -> Callable[[Any], Any]:
    return lambda values: {key: function(value) for key, value in values.items()}


def placed(function: Callable[[list[Any]], list[Any]]) -> Callable[[Any], Any]:
    return lambda values: dict(zip(values, function(list(values.values())), strict=True))


def swap(i: int, j: int) -> Callable[[list[Any]], list[Any]]:
    def change(values: list[Any]) -> list[Any]:
        values[i], values[j] = values[j], values[i]
        return values

    return change


def same(values: Any) -> Any:
    return values


def over(m: Any, t: Any, axes: Any = (1, 2)) -> Any:
    return (m & t).sum(axes), (m | t).sum(axes)


def by_hand(m: Any, t: Any, axes: Any = (1, 2)) -> Any:
    both, either = over(m, t, axes)
    return both / either
