"""What can be seen of a function without knowing its code: which arguments matter, and where it went well."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis.causes import Cause
from lesionseg_lib.teaching.diagnosis.engine import close
from lesionseg_lib.teaching.diagnosis.guard import Stopped, guarded
from lesionseg_lib.teaching.diagnosis.score_causes import ALWAYS


def constant(found: Mapping[str, Any], right: Mapping[str, Any]) -> Cause | None:
    """The cause that one and the same answer was given to all questions; 0 and 1 may have another reason."""
    answers = list(found.values())
    if len(answers) < 3 or close(answers[0], 0.0) or close(answers[0], 1.0):
        return None
    try:
        alike = all(close(answer, answers[0], 1e-9) for answer in answers[1:])
        return ALWAYS if alike and not all(close(r, next(iter(right.values()))) for r in right.values()) else None
    except (TypeError, ValueError, RuntimeError):
        return None


def dependence(function: Callable[..., Any], questions: Sequence[tuple[Any, ...]], names: Sequence[str] = ()) -> str:
    """A sentence where an argument changes nothing in any answer, or where two calls disagree; empty otherwise."""
    try:
        before = [guarded(lambda q=q: function(*deepcopy(q)), 5) for q in questions]  # type: ignore[misc]
        again = [guarded(lambda q=q: function(*deepcopy(q)), 5) for q in questions]  # type: ignore[misc]
        if not all(close(a, b, 1e-6) for a, b in zip(before, again, strict=True)):
            return (
                "The same question, asked twice, gets two answers: it draws at random, or keeps something from the "
                "call before."
            )
        for place in range(len(questions[0]) if len(questions[0]) > 1 else 0):
            other = [_changed(question, place) for question in questions]
            if any(question is None for question in other):
                continue
            after = [guarded(lambda q=q: function(*q), 5) for q in other]  # type: ignore[misc]
            if all(close(a, b, 1e-9) for a, b in zip(before, after, strict=True)):
                which = f"`{names[place]}`" if names else f"argument number {place + 1}"
                return f"The answer does not change with {which}: the function never uses it."
    except (Exception, Stopped):
        return ""
    return ""


def _changed(question: tuple[Any, ...], place: int) -> tuple[Any, ...] | None:
    """The question with one argument turned round, where that makes sense."""
    given = list(deepcopy(question))
    value = given[place]
    if isinstance(value, np.ndarray) and value.dtype == np.bool_:
        given[place] = ~value
    elif isinstance(value, np.ndarray):
        given[place] = value[..., ::-1].copy() * 0.9
    elif isinstance(value, float):
        given[place] = value * 0.7
    elif isinstance(value, list) and value and isinstance(value[0], float):
        given[place] = value[::-1]
    else:
        return None
    return tuple(given)


def narrowed(wrong: Sequence[str], right: Sequence[str]) -> str:
    """Which questions went well and which did not: no guess, but it says where not to look."""
    if not right:
        return (
            "Every question was answered wrongly, so look at what they share: the formula and the cut, not the special "
            "cases."
        )
    few = wrong if len(wrong) <= 3 else [*wrong[:2], f"{len(wrong) - 2} more"]
    well = right if len(right) <= 3 else [*right[:2], f"{len(right) - 2} more"]
    return (
        f"Wrong for: {'; '.join(few)}. Right for: {'; '.join(well)}. What do the first have that the others have not?"
    )
