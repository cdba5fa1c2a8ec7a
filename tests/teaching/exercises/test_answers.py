"""Each exercise accepts its solution, and refuses what students try with a sentence of its own."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest

from lesionseg_lib.teaching import exercises
from tests.helpers.exercises import CASES, arguments

NAMES = pytest.mark.parametrize("name", CASES)


@NAMES
def test_the_solution_is_right(name: str) -> None:
    right, _ = arguments(name)
    verdict = exercises.check(name, *right)
    assert verdict.status == "right" and len(verdict.detail) > 15, verdict
    assert str(verdict) == repr(verdict) == f"right: {verdict.detail}"


@NAMES
def test_wrong_answers_are_refused_each_with_its_own_sentence(name: str) -> None:
    _, wrong = arguments(name)
    verdicts: list[tuple[Any, str]] = [(exercises.check(name, *answer), words) for answer, words in wrong]
    assert [(str(v), words) for v, words in verdicts if v.status != "wrong" or words not in v.detail] == []
    assert len({v.detail for v, _ in verdicts}) > len(verdicts) // 2


CLOCKS = ("time", "monotonic", "perf_counter", "process_time", "thread_time")


@pytest.mark.parametrize("name", ["03.1", "04.3", "05.3", "11.3", "12.1"])
def test_a_verdict_is_the_same_on_a_machine_that_is_twenty_times_slower(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, wrong = arguments(name)
    usual = [str(exercises.check(name, *answer)) for answer, _ in wrong[:3]]
    for clock in CLOCKS:
        real = getattr(time, clock)
        monkeypatch.setattr(time, clock, lambda real=real: 20 * real())
    assert [str(exercises.check(name, *answer)) for answer, _ in wrong[:3]] == usual
    ticks = itertools.count(step=1e6)  # and where every look at the clock costs eleven days
    for clock in CLOCKS:
        monkeypatch.setattr(time, clock, lambda: float(next(ticks)))
    assert [str(exercises.check(name, *answer)) for answer, _ in wrong[:3]] == usual
