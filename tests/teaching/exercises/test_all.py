"""All exercises: how answers are read, what is not attempted, what crashes, and that the lessons ask each of them."""

from __future__ import annotations

import copy
import inspect
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from lesionseg_lib.errors import UnknownNameError
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.preprocessing import default_preprocessing
from lesionseg_lib.teaching import exercises
from lesionseg_lib.teaching.diagnosis.reading import is_blank, number, numbers
from tests.helpers.exercises import CASES, arguments
from tests.helpers.exercises.lesson08 import Unfinished
from tests.helpers.notebooks import of
from tools.notebooks import SOLUTION, read, sources, tags


@pytest.mark.parametrize("name", exercises.EXERCISES)
def test_no_answer_is_not_attempted(name: str) -> None:
    for nothing in (None, ..., {}, [], (None, None), {"a": None}):
        assert exercises.check(name, nothing).status == "not attempted"
    assert exercises.check(name).status == "not attempted"


@pytest.mark.parametrize("name", exercises.EXERCISES)
def test_what_is_missing_in_the_call_is_named(name: str) -> None:
    grader = exercises.EXERCISES[name]
    verdict = exercises.check(name, "answer", *["x"] * 9)
    assert verdict.status == "crashed" and f'exercises.check("{name}", ' in verdict.detail
    assert all(parameter in verdict.detail for parameter in inspect.signature(grader).parameters)


def test_every_exercise_is_tested_and_an_unknown_one_is_answered_with_the_nearest() -> None:
    assert set(CASES) | {"07.2"} == set(exercises.EXERCISES)
    with pytest.raises(UnknownNameError, match="There is no exercise named '7.1'. Did you mean '07.1'"):
        exercises.check("7.1", 1)


@pytest.mark.parametrize("name", ["03.1", "11.3"])
def test_a_function_that_says_nothing_is_not_attempted_and_one_that_raises_crashed(name: str) -> None:
    def silent(*_: Any) -> None: ...

    def unfinished(*_: Any) -> None:
        raise NotImplementedError

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("division by zero")

    right, _ = arguments(name)
    for function, status in ((silent, "not attempted"), (unfinished, "not attempted"), (broken, "crashed")):
        answer = function if name == "03.1" else (function, None)
        verdict = exercises.check(name, answer, *right[1:])
        assert verdict.status == status
    assert verdict.detail.startswith("ZeroDivisionError: division by zero (")


def test_a_class_that_is_not_finished_is_not_attempted() -> None:
    assert exercises.check("08.2", Unfinished, MobileNetV2Encoder(None)).status == "not attempted"


def test_a_check_leaves_models_and_random_numbers_alone() -> None:
    slips, gates = (arguments(name)[0] for name in ("06.1", "09.2"))
    models = [fit.model for fit in slips[2].values()]
    state, before = copy.deepcopy(gates[1].state_dict()), torch.get_rng_state()
    exercises.check("06.1", *slips)
    exercises.check("09.2", *gates)
    exercises.check("10.3", *arguments("10.3")[0])
    assert torch.equal(torch.get_rng_state(), before)
    assert all(model.preprocessing == default_preprocessing() for model in models)
    assert all(torch.equal(value, state[name]) for name, value in gates[1].state_dict().items())


# ---- how answers are read


def test_numbers_are_read_from_what_students_have() -> None:
    for answer in ({"8": 1, 16: 2.0}, [1, 2], np.array([1, 2]), pd.Series([1, 2], [8, 16]), (torch.tensor(1), 2)):
        assert numbers(answer, [8, 16], "x") == {8: 1.0, 16: 2.0}
    assert numbers({0.1 * 3: 1}, [0.3], "x") == {0.3: 1.0}
    assert number(np.float32(2), "x") == 2.0
    assert is_blank([None, (..., {})]) and not is_blank([0]) and not is_blank(np.zeros(2))


# ---- the lessons

QUESTION = re.compile(r'exercises\.check\("(\d\d)\.(\d)"')


def asked(text: str) -> set[str]:
    return {".".join(found) for found in QUESTION.findall(text)}


def of_ours() -> list[Any]:
    """The lessons that have exercises here."""
    return [path for path in sources() if any(name.startswith(path.stem[:2]) for name in exercises.EXERCISES)]


@pytest.mark.parametrize("source", of_ours(), ids=lambda path: path.stem)
def test_each_exercise_of_a_lesson_is_checked_in_its_frame_and_in_its_solution(source: Any) -> None:
    text = source.read_text(encoding="utf-8")
    known = {name for name in exercises.EXERCISES if name.startswith(source.stem[:2])}
    solutions = "".join(re.findall(r"# %% Solution.*?(?=\n# %%|\Z)", text, re.DOTALL))
    frames = re.sub(r"# %% Solution.*?(?=\n# %%|\Z)", "", text, flags=re.DOTALL)
    questions = set(
        re.findall(r"(?m)^# (?:\*\*|### )(\d)\. ", text.split("# ## Exercises")[1].split("# ## Take-away")[0])
    )
    assert known == {f"{source.stem[:2]}.{number}" for number in questions} == asked(frames) == asked(solutions)
    assert 2 <= len(known) <= 4


@pytest.mark.parametrize("source", of_ours(), ids=lambda path: path.stem)
def test_the_published_solutions_were_found_right(source: Any) -> None:
    for cell in read(of(source)).cells:
        if cell.cell_type != "code" or "hide-cell" not in tags(cell) or not asked(cell.source):
            continue
        shown = "\n".join(str(o.get("text") or o.get("data", {}).get("text/plain", "")) for o in cell.outputs)
        verdicts = re.findall(r"(?m)^(right|wrong|crashed|not attempted): ", shown)
        assert verdicts == ["right"] * len(asked(cell.source)), cell.source.removeprefix(SOLUTION)[:200] + shown[:400]
