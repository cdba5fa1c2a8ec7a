"""How graders read answers and refuse them: numbers out of whatever a student hands in, and the likeliest mistake."""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

Slip = tuple[str, Callable[[], Mapping[Any, float]]]
"""A mistake: the sentence that helps, and the numbers that whoever makes it gets."""


class Wrong(Exception):
    """The answer is wrong; the message is for the student."""


def demand(condition: object, otherwise: str) -> None:
    """Refuse the answer, with this sentence, unless the condition holds."""
    if not condition:
        raise Wrong(otherwise)


def is_blank(answer: Any) -> bool:
    """Whether there is no answer yet: None, ``...``, or a container of nothing else."""
    if answer is None or answer is ...:
        return True
    if isinstance(answer, Mapping):
        answer = list(answer.values())
    return isinstance(answer, list | tuple) and all(map(is_blank, answer))


def ask(function: Any, *arguments: Any) -> Any:
    """What a student's function says. Raises ``NotImplementedError`` when it says nothing."""
    demand(callable(function), f"pass the function itself, not what it returned ({str(function)[:40]}).")
    found = function(*arguments)
    if is_blank(found):
        raise NotImplementedError
    return found


def number(answer: Any, what: str) -> float:
    """One number, of any type that has one."""
    demand(not is_blank(answer), f"{what} is still missing.")
    try:
        value = float(answer)
    except (TypeError, ValueError):
        raise Wrong(f"{what} should be a number; found {type(answer).__name__} {str(answer)[:40]!r}.") from None
    demand(not math.isnan(value), f"{what} is not a number (nan): something was divided by zero, or is missing.")
    return value


def numbers(answer: Any, keys: Sequence[Hashable], what: str) -> dict[Hashable, float]:
    """``key -> number`` for these keys, from a mapping or a table's column, or from as many numbers in their order."""
    if hasattr(answer, "to_dict"):
        answer = answer.to_dict()
    if not isinstance(answer, Mapping):
        values = list(answer) if isinstance(answer, Iterable) and not isinstance(answer, str) else [answer]
        listed = ", ".join(map(str, keys))
        demand(len(values) == len(keys), f"{what}: expected {len(keys)} numbers, for {listed}; found {len(values)}.")
        answer = dict(zip(keys, values, strict=True))
    found = {}
    for key in keys:
        own = [given for given in answer if _same(given, key)]
        demand(own, f"{what}: {key} is missing; found {', '.join(map(str, answer)) or 'nothing'}.")
        found[key] = number(answer[own[0]], f"{what}, {key}")
    return found


def scores(answer: Any, keys: Sequence[Hashable], what: str) -> dict[Hashable, float]:
    """As ``numbers``, each from 0 to 1."""
    found = numbers(answer, keys, what)
    demand(max(found.values()) <= 1, f"{what}: a score runs from 0 to 1; yours look like percent.")
    demand(min(found.values()) >= 0, f"{what}: a score is never below 0.")
    return found


def agree(
    found: Mapping[Any, float],
    expected: Mapping[Any, float],
    slips: Sequence[Slip] = (),
    within: float = 2e-3,
    hint: str = "",
    of: str = "",
) -> None:
    """Refuse numbers that are not the expected ones: by the first slip that explains them, else by the first of them.

    A slip is computed only when something is wrong, and may say less than all of the numbers. ``of`` names the row of
    a table that they stand in.
    """
    of = f"{of}: " if of else ""
    off = [key for key in expected if not _near(found[key], expected[key], within)]
    if not off:
        return
    for sentence, suspect in slips:
        values = suspect()
        if any(key in values for key in off) and all(_near(found[k], v, within) for k, v in values.items()):
            raise Wrong(of + sentence)
    first = off[0]
    side = "high" if found[first] > expected[first] else "low"
    raise Wrong(f"{of}{first}: {found[first]:.3g} is too {side}.{' ' + hint if hint else ''}")


def _near(a: float, b: float, within: float) -> bool:
    return a == b or abs(a - b) <= within


def _same(given: Hashable, key: Hashable) -> bool:
    """Keys that say the same: 8 and "8", .3 and .30000000000000004."""
    if given == key or str(given) == str(key):
        return True
    numeric = (int, float, np.number)
    return isinstance(given, numeric) and isinstance(key, numeric) and math.isclose(given, key, rel_tol=1e-6)
