"""The engine: the simplest explanation, both where two explain equally, none where none does; and what it reads."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from lesionseg_lib.teaching import clinic, exercises
from lesionseg_lib.teaching.diagnosis.causes import CAUSES, LESSONS, Cause
from lesionseg_lib.teaching.diagnosis.engine import close, explain
from lesionseg_lib.teaching.diagnosis.guard import Stopped, guarded
from lesionseg_lib.teaching.diagnosis.reading import Wrong, number, numbers, several, yes_or_no
from lesionseg_lib.teaching.diagnosis.suspects import slot, span
from lesionseg_lib.teaching.exercises.registry import HINTS, SECTIONS
from tools.notebooks import sources

TWICE, PLUS, MINUS = (Cause(key, key, "03: Where to cut?") for key in ("twice", "plus", "minus"))
STEPS = {"times": slot(1, (2, TWICE)), "add": slot(0, (3, PLUS), (-3, MINUS))}
RIGHT = {1.0: 1.0, 2.0: 2.0}


def suspects() -> Any:
    return span(lambda x, times, add: times * x + add, STEPS)


@pytest.mark.parametrize(
    ("found", "causes"),
    [
        ({1.0: 2.0, 2.0: 4.0}, ("twice",)),
        ({1.0: 4.0, 2.0: 5.0}, ("plus",)),
        ({1.0: 5.0, 2.0: 7.0}, ("twice", "plus")),
    ],
)
def test_the_simplest_that_explains_every_answer_is_named(found: Any, causes: tuple[str, ...]) -> None:
    finding = explain(found, RIGHT, suspects())
    assert finding is not None and tuple(cause.key for cause in finding.causes) == causes
    assert 'lesson 03, "Where to cut?"' in finding.sentence()


def test_two_that_explain_equally_are_both_named_and_none_where_none_fits() -> None:
    finding = explain({3.0: 6.0}, {3.0: 3.0}, suspects())  # 2 * 3 and 3 + 3
    assert finding is not None and finding.sentence().startswith("Likeliest cause: either twice, or plus.")
    assert explain({1.0: 1.5, 2.0: 9.0}, RIGHT, suspects()) is None
    assert explain(RIGHT, RIGHT, suspects()) is None


def test_infinity_explains_nothing_and_nan_is_nan() -> None:
    assert not close(1.0, float("inf")) and close(float("nan"), float("nan")) and not close([1, 2], [1, 2, 3])


def test_every_cause_points_to_a_section_that_is_there() -> None:
    headings = {
        path.stem[:2]: {
            line.lstrip("# ").strip() for line in path.read_text("utf-8").splitlines() if line[:4] == "# ##"
        }
        for path in sources()
    }
    places = {cause.where for cause in CAUSES.values()} | set(SECTIONS.values())
    assert [where for where in places if where.partition(": ")[2] not in headings[where[:2]]] == []
    assert {path.stem for path in sources()} == set(LESSONS.values())
    assert all(not cause.text.endswith(".") for cause in CAUSES.values())


def test_every_exercise_has_hints_of_its_own_and_a_verdict_gives_them() -> None:
    assert all(len(HINTS[name]) == 2 for name in exercises.EXERCISES)
    verdict = exercises.check("10.1", (2, 2, 2))
    assert verdict.hint() != verdict.hint(2) == verdict.hint(9)
    assert verdict.why().endswith("notebooks/10_atrous_convolution.ipynb#What-falls-through-the-holes?")


def loop() -> None:
    while True:
        pass


def endless(n: int = 0) -> int:
    return endless(n + 1) + 1


def leave() -> None:
    sys.exit(3)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("work", "words"),
    [(loop, "did not end"), (endless, "calls itself"), (leave, "exit"), (interrupt, "KeyboardInterrupt")],
)
def test_whatever_code_does_it_ends_in_a_sentence(work: Any, words: str) -> None:
    with pytest.raises(Stopped, match=words):
        guarded(work, 0.2)
    verdict = clinic.check("best_epoch", lambda v, t: work()) if work is not loop else None
    assert verdict is None or (verdict.status == "crashed" and words in verdict.detail)


def test_printing_without_end_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: print("x" * 3_000_000) or 7) == 7
    assert len(capsys.readouterr().out) < 3_000


def test_containers_say_the_same() -> None:
    for answer in (
        {"8": 1, 16: 2.0}, [1, 2], np.array([1, 2]), pd.Series([1, 2], [8, 16]), (torch.tensor(1), 2),
        (n for n in (1, 2)), {8: 1, 16: 2}.values(), pd.DataFrame({8: [1], 16: [2]}), torch.tensor([1.0, 2.0]),
        {"stride 8": 1, "stride 16": 2}, [("8", 1), ("16", 2)],
    ):  # fmt: skip
        assert dict(exercises_numbers(answer)) == {8: 1.0, 16: 2.0}, answer
    assert several({"b": 2, "a": 1}, ["a", "b"]) == [1, 2] == several(np.array([1, 2]), ["a", "b"])
    assert yes_or_no(np.array([True]), "x") and not yes_or_no(0.0, "x")
    assert number(np.array(3), "x") == number([3], "x") == number("3", "x") == 3.0
    with pytest.raises(Wrong, match="shape"):
        number([1, 2], "x")


def exercises_numbers(answer: Any) -> dict[Any, float]:
    return numbers(answer, [8, 16], "x")
