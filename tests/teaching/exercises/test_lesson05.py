"""Exercises of lesson 05: each accepts its solution, and refuses what students try with a sentence of its own."""

from __future__ import annotations

from typing import Any

import pytest

from lesionseg_lib.teaching import exercises
from tests.helpers.exercises import CASES, arguments

NAMES = pytest.mark.parametrize("name", [name for name in CASES if name.startswith("05")])


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
