"""Who explains the answers? The simplest suspect that explains all of them, both where two do, "
"nobody where none does."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis.causes import Cause
from lesionseg_lib.teaching.diagnosis.suspects import Suspect

SECONDS = 0.9
"""Seconds of computing to look for suspects: a check answers in about a second."""

AFTER_A_FIT = 0.15
"""Seconds to look on for another that is as simple, once somebody explains everything."""


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
        which = said[0] if len(said) == 1 else "either " + ", or ".join(said)
        text = f"Likeliest cause: {which}."
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
    fits: list[tuple[float, Suspect]] = []
    until = time.thread_time() + seconds
    for suspect in suspects:
        if fits and suspect.cost > min(cost for cost, _ in fits) + 0.05:
            if len(suspect.causes) > 1:
                break
            continue
        if time.thread_time() > until:
            break
        extra = _misfit(suspect, found, off, rest, same, partial)
        if extra is not None:
            if not fits:
                until = min(until, time.thread_time() + AFTER_A_FIT)
            fits.append((suspect.cost + extra, suspect))
    return _choose(fits, names)


def _misfit(
    suspect: Suspect,
    found: Mapping[Any, Any],
    off: Sequence[Any],
    rest: Sequence[Any],
    same: Callable[[Any, Any], bool],
    partial: bool,
) -> float | None:
    """0 where a suspect explains every answer, more where it explains the wrong ones only; None: it does not."""
    try:
        with np.errstate(all="ignore"):
            if not all(same(found[key], suspect.predict(key)) for key in off):
                return None
            try:
                if all(same(found[key], suspect.predict(key)) for key in rest):
                    return 0.0
            except KeyError:  # it says nothing about the others
                return 0.0
            return 0.5 if partial else None
    except (ArithmeticError, IndexError, KeyError, RuntimeError, TypeError, ValueError):
        return None  # this mistake leads to no answer here


def _choose(fits: Sequence[tuple[float, Suspect]], names: frozenset[str]) -> Finding | None:
    if not fits:
        return None
    witnessed = [fit for fit in fits if any(word in names for cause in fit[1].causes for word in cause.words)]
    fits = witnessed or fits
    least = min(cost for cost, _ in fits)
    alternatives = dict.fromkeys(suspect.causes for cost, suspect in fits if cost <= least + 0.05)
    kept: list[tuple[Cause, ...]] = []
    for causes in alternatives:
        if not any({c.text for c in other} == {c.text for c in causes} for other in kept):
            kept.append(causes)
    return Finding(tuple(kept[:3]))
