"""Who explains the answers? The simplest suspect that explains all of them, both where two do, nobody where none does.

A verdict does not depend on how fast the machine is: every suspect is asked until the others are dearer than one that
fits. The largest spaces hold some fifteen thousand, of which most are dismissed by their first answer; the whole check
ends after ``exercises.checking.LONG`` at the latest, far beyond what any of them takes.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis.causes import Cause
from lesionseg_lib.teaching.diagnosis.suspects import Suspect

EQUAL = 0.05
"""Two suspects are as simple as each other when their costs differ by less."""


TELLING = 4
"""Digits that a single wrong answer must have to convict two mistakes at once: a rounded number fits many pairs."""


@dataclass(frozen=True)
class Finding:
    """What explains the answers: one or more alternatives, each of one or more causes that act together."""

    alternatives: tuple[tuple[Cause, ...], ...]

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Every cause named, each once."""
        return tuple(dict.fromkeys(cause for together in self.alternatives for cause in together))

    def sentence(self) -> str:
        """In words: the likeliest cause, and where it is explained. Never what is right."""
        said = [", and ".join(cause.text for cause in together) for together in self.alternatives]
        which = said[0] if len(said) == 1 else "either " + ", or ".join(said)
        text = f"Likeliest cause: {which}{'' if which.endswith('?') else '.'}"
        places = list(dict.fromkeys(cause.section for cause in self.causes))[:2]
        return f"{text} (See {' and '.join(places)}.)"


def close(found: Any, predicted: Any, within: float = 1e-6) -> bool:
    """Whether two answers are the same: numbers and arrays within ``within`` (absolute below 1, else relative)."""
    if isinstance(found, float) and isinstance(predicted, float):  # numpy's float64 is one
        return _near(found, predicted, within)
    try:
        a, b = np.asarray(found, float), np.asarray(predicted, float)
    except (TypeError, ValueError):
        return type(found) is type(predicted) and bool(found == predicted)
    if a.shape != b.shape:
        return False
    if a.ndim == 0:
        return _near(float(a), float(b), within)
    both = np.isnan(a) & np.isnan(b)
    with np.errstate(all="ignore"):
        near = (a == b) | (np.isfinite(b)) & (np.abs(a - b) <= within * np.maximum(1.0, np.abs(b)))
    return bool((both | near).all())


def _near(found: float, predicted: float, within: float) -> bool:
    if found == predicted:
        return True
    if math.isnan(found) or math.isnan(predicted):
        return math.isnan(found) and math.isnan(predicted)
    return math.isfinite(predicted) and abs(found - predicted) <= within * max(1.0, abs(predicted))


def explain(
    found: Mapping[Any, Any],
    right: Mapping[Any, Any],
    suspects: Iterable[Suspect],
    same: Callable[[Any, Any], bool] = close,
    partial: bool = False,
    names: frozenset[str] = frozenset(),
) -> Finding | None:
    """The simplest suspects that explain every answer in ``found``, question -> answer.

    ``right`` holds what is right. ``partial``: a suspect may be right about some of the questions that were answered
    rightly, as somebody who makes a mistake in one row only. ``names``: what the code calls, which decides between
    suspects with equal outcomes. None when nothing fits.
    """
    off = [key for key in found if not same(found[key], right[key])]
    if not off:
        return None
    rest = [key for key in found if key not in off]
    telling = len(off) > 1 or _digits(found[off[0]]) >= TELLING
    fits: list[tuple[float, Suspect]] = []
    least = math.inf
    with np.errstate(all="ignore"):
        for suspect in suspects:
            if (suspect.costly and fits) or (len(suspect.causes) > 1 and not telling):
                continue
            if suspect.cost > least + EQUAL:
                if len(suspect.causes) > 1:  # pairs come after single causes, sorted by what they cost
                    break
                continue
            extra = _misfit(suspect, found, off, rest, same, partial)
            if extra is not None:
                fits.append((suspect.cost + extra, suspect))
                least = min(least, suspect.cost + extra)
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
        if not all(same(found[key], suspect.predict(key)) for key in off):
            return None
        try:
            if all(same(found[key], suspect.predict(key)) for key in rest):
                return 0.0
        except KeyError:  # it says nothing about the others
            return 0.0
        return 0.5 if partial else None
    except Exception:  # this mistake leads to no answer here, whatever stops it
        return None


def _digits(answer: Any) -> int:
    """Significant digits of a number, to six; six for whatever is more than one number."""
    if np.ndim(answer) or not isinstance(answer, int | float | np.number) or not math.isfinite(answer):
        return 6
    return len(f"{abs(answer):.6g}".partition("e")[0].replace(".", "").lstrip("0"))


def _choose(fits: Sequence[tuple[float, Suspect]], names: frozenset[str]) -> Finding | None:
    if not fits:
        return None
    witnessed = [fit for fit in fits if any(word in names for cause in fit[1].causes for word in cause.words)]
    fits = witnessed or fits
    least = min(cost for cost, _ in fits)
    alternatives = dict.fromkeys(suspect.causes for cost, suspect in fits if cost <= least + EQUAL)
    kept: list[tuple[Cause, ...]] = []
    for causes in alternatives:
        if not any({c.text for c in other} == {c.text for c in causes} for other in kept):
            kept.append(causes)
    return Finding(tuple(kept[:3]))
