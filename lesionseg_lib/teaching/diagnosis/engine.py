"""Who explains the answers? The simplest suspect that explains all of them, both where two do, nobody where none does."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis.causes import Cause
from lesionseg_lib.teaching.diagnosis.suspects import Suspect

SECONDS = 0.7
"""How long to look for suspects: a check answers in about a second."""


@dataclass(frozen=True)
class Finding:
    """What explains the answers: one or more alternatives, each of one or more causes that act together."""

    alternatives: tuple[tuple[Cause, ...], ...]

    @property
    def causes(self) -> tuple[Cause, ...]:
        return tuple(dict.fromkeys(cause for together in self.alternatives for cause in together))

    def sentence(self) -> str:
        """In words: the likeliest cause, and where it is explained. Never what is right."""
        said = [", and ".join(cause.text for cause in together) for together in self.alternatives]
        if len(said) == 1:
            text = f"Likeliest cause: {said[0]}."
        else:
            text = f"Likeliest cause: either {', or '.join(said)}."
        places = list(dict.fromkeys(cause.section for cause in self.causes))[:2]
        return f"{text} (See {' and '.join(places)}.)"


def close(found: Any, predicted: Any, within: float = 1e-6) -> bool:
    """Whether two answers are the same: numbers and arrays within ``within`` (absolute below 1, else relative)."""
    try:
        a, b = np.asarray(found, float), np.asarray(predicted, float)
    except (TypeError, ValueError):
        return type(found) is type(predicted) and bool(found == predicted)
    if a.shape != b.shape:
        return False
    if a.ndim == 0:
        x, y = float(a), float(b)
        return (
            x == y
            or (math.isnan(x) and math.isnan(y))
            or (math.isfinite(y) and abs(x - y) <= within * max(1.0, abs(y)))
        )
    both = np.isnan(a) & np.isnan(b)
    with np.errstate(all="ignore"):
        near = (a == b) | (np.isfinite(b)) & (np.abs(a - b) <= within * np.maximum(1.0, np.abs(b)))
    return bool((both | near).all())


def explain(
    found: Mapping[Any, Any],
    right: Mapping[Any, Any],
    suspects: Iterable[Suspect],
    same: Callable[[Any, Any], bool] = close,
    partial: bool = False,
    seconds: float = SECONDS,
    names: frozenset[str] = frozenset(),
) -> Finding | None:
    """The simplest suspects that explain every answer in ``found``, question -> answer.

    ``right`` holds what is right. ``partial``: a suspect may be right about some of the questions that were answered
    rightly, as somebody who makes a mistake in one row only. ``names``: what the code calls, which decides between
    suspects with equal outcomes. None when nothing fits within ``seconds``.
    """
    off = [key for key in found if not same(found[key], right[key])]
    if not off:
        return None
    rest = [key for key in found if key not in off]
    fits: list[Suspect] = []
    until = time.monotonic() + seconds
    for suspect in suspects:
        if fits and suspect.cost > min(fit.cost for fit in fits) + 0.7:
            if len(suspect.causes) > max(len(fit.causes) for fit in fits):
                break
            continue
        if time.monotonic() > until:
            break
        if _explains(suspect, found, right, off, rest, same, partial):
            fits.append(suspect)
    return _choose(fits, names)


def _explains(
    suspect: Suspect,
    found: Mapping[Any, Any],
    right: Mapping[Any, Any],
    off: Sequence[Any],
    rest: Sequence[Any],
    same: Callable[[Any, Any], bool],
    partial: bool,
) -> bool:
    try:
        with np.errstate(all="ignore"):
            return all(same(found[key], suspect.predict(key)) for key in off) and (
                partial or all(same(found[key], suspect.predict(key)) for key in rest)
            )
    except (ArithmeticError, IndexError, KeyError, RuntimeError, TypeError, ValueError):
        return False  # this mistake leads to no answer here


def _choose(fits: Sequence[Suspect], names: frozenset[str]) -> Finding | None:
    if not fits:
        return None
    witnessed = [fit for fit in fits if any(word in names for cause in fit.causes for word in cause.words)]
    fits = witnessed or fits
    least = min(fit.cost for fit in fits)
    best = [fit for fit in fits if fit.cost <= least + 0.05]
    alternatives = list(dict.fromkeys(fit.causes for fit in best))
    kept: list[tuple[Cause, ...]] = []
    for causes in alternatives:
        if not any({c.text for c in other} == {c.text for c in causes} for other in kept):
            kept.append(causes)
    return Finding(tuple(kept[:3]))
