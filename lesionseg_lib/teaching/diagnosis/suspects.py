"""Suspects, and the spaces that span them: every step of a computation with what may go wrong in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from typing import Any

from lesionseg_lib.teaching.diagnosis.causes import Cause


@dataclass(frozen=True)
class Option:
    """A way to take a step. Without a cause it is the right one, or another that is as good."""

    value: Any
    cause: Cause | None = None


Slot = Sequence[Option]
"""The ways to take one step, the right one first."""


def slot(right: Any, *wrong: tuple[Any, Cause]) -> list[Option]:
    """A step's right way, and wrong ones with their causes."""
    return [Option(right), *(Option(value, cause) for value, cause in wrong)]


@dataclass(frozen=True)
class Suspect:
    """Mistakes made together, and ``predict(i)``: what whoever makes them answers to question ``i``."""

    causes: tuple[Cause, ...]
    predict: Callable[[Any], Any]

    @property
    def cost(self) -> float:
        """The simplest is the likeliest: one mistake before two, a usual before a rare one."""
        return sum(cause.weight for cause in self.causes) + 0.6 * (len(self.causes) - 1)


def alone(cause: Cause, predict: Callable[[Any], Any]) -> Suspect:
    """A suspect of one cause."""
    return Suspect((cause,), predict)


def answers(cause: Cause, values: Callable[[], Mapping[Any, Any]]) -> Suspect:
    """A suspect whose answers are computed together, and only when somebody asks."""
    known = lru_cache(maxsize=1)(values)
    return Suspect((cause,), lambda key: known()[key])


def span(compute: Callable[..., Any], slots: Mapping[str, Slot], most: int = 2, cost: float = 4.0) -> Iterator[Suspect]:
    """All suspects with one to ``most`` wrong steps: ``compute(question, **steps)`` is what such a person answers.

    Ordered by the number of mistakes; those that cost more than ``cost`` are left out.
    """
    right = {name: options[0].value for name, options in slots.items()}
    wrong = {name: [o for o in options if o.cause is not None] for name, options in slots.items()}
    for number in range(1, most + 1):
        found = []
        for names in combinations(slots, number):
            for options in product(*(wrong[name] for name in names)):
                steps = right | {name: option.value for name, option in zip(names, options, strict=True)}
                causes = tuple(option.cause for option in options if option.cause is not None)
                suspect = Suspect(causes, lambda question, steps=steps: compute(question, **steps))  # type: ignore[misc]
                if suspect.cost <= cost:
                    found.append(suspect)
        yield from sorted(found, key=lambda suspect: suspect.cost)
