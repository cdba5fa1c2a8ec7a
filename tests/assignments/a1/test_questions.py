"""Every question of A1 against right and wrong solutions, in a process of their own where nothing is hostile."""

from __future__ import annotations

import io
from collections import Counter

import numpy as np
import pytest
import torch  # noqa: F401  (here, so that a solution that imports it is not stopped for taking long)

from lesionseg_lib.assignments.a1 import rules
from lesionseg_lib.assignments.a1.drawing import mask_pack
from lesionseg_lib.assignments.asking import ask
from lesionseg_lib.assignments.grading import _mark
from lesionseg_lib.assignments.hand_in import HandIn
from lesionseg_lib.assignments.inside import child, messages
from lesionseg_lib.assignments.model import CodeQuestion, Limits
from lesionseg_lib.assignments.registry import get_assignment
from lesionseg_lib.assignments.sandbox import Ended, Sandbox
from lesionseg_lib.assignments.variants import public_variant
from lesionseg_lib.evaluation.bootstrap import bootstrap_interval
from tests.assignments.a1.solutions import SOLUTIONS, Solution
from tests.helpers.hand_ins import PACK, RIGHT, TERM, right_answers

A1 = get_assignment("a1")
CODE = [question.name for question in A1.questions if isinstance(question, CodeQuestion)]


class Here(Sandbox):
    """Answers in this process: for solutions that are ours, a hundred of which would take a minute otherwise."""

    def ask(self, message: bytes, limits: Limits, slot: int = 0) -> Ended:
        file = io.BytesIO()
        child.answer_all(messages.decode(message), file)
        return Ended(file.getvalue(), "", 0.0, 0, "")


def lost(solution: Solution, student: str = "ann") -> set[str]:
    given = PACK.given(student)
    asked = ask(A1, solution.cells, given, Here())
    hand_in = HandIn(student, TERM, right_answers(student), tuple(solution.cells))
    marks = [_mark(question, hand_in, asked, given) for question in A1.questions]
    return {mark.question.name for mark in marks if mark.marks < mark.question.marks}


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda s: f"{s.function}: {s.text[-60:]!r}")
def test_a_right_solution_loses_nothing_and_a_wrong_one_its_own_question(solution: Solution) -> None:
    found = lost(solution)
    if not solution.loses:
        assert found == set()
    assert solution.loses <= found
    touched = {solution.function} | ({"mean_jaccard"} if solution.function == "scores" else set())
    assert {name.partition(".")[0] for name in found} <= touched


@pytest.mark.parametrize("name", CODE)
def test_every_question_has_four_right_and_eight_wrong_solutions(name: str) -> None:
    function = name.partition(".")[0]
    kinds = Counter(
        "right" if not s.loses else "wrong"
        for s in SOLUTIONS
        if s.function == function and (name in s.loses or not s.loses)
    )
    assert kinds["right"] >= 4 and kinds["wrong"] >= 8, kinds


def test_table_of_question_by_solution(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed with ``pytest -s``: how many of the solutions each question takes and refuses."""
    found = [(solution, lost(solution)) for solution in SOLUTIONS]
    for name in CODE:
        own = [(s, names) for s, names in found if s.function == name.partition(".")[0]]
        print(f"{name:24} {len(own):3} solutions, {sum(name in names for _, names in own):3} refused")
    assert "scores.empty" in capsys.readouterr().out


def test_two_students_are_asked_other_things_and_one_student_the_same() -> None:
    def arguments(student: str) -> list[np.ndarray]:
        cases = [c for q in A1.questions if isinstance(q, CodeQuestion) for c in q.cases(PACK.given(student))]
        return [np.asarray(c.arguments[0]) for c in cases if isinstance(c.arguments[0], np.ndarray)]

    first, again, other = arguments("ann"), arguments("ann"), arguments("bob")
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    differ = [a.shape != b.shape or (a != b).any() for a, b in zip(first, other, strict=True)]
    empty = sum(not a.any() for a in first)
    assert sum(differ) >= len(differ) - 2 * empty - 2


def judged(name: str, answers: dict[str, object], student: str = "ann") -> tuple[float, str]:
    question = next(q for q in A1.questions if q.name == name)
    found = question.judge(HandIn(student, TERM, answers, ()), PACK.given(student))  # type: ignore[union-attr]
    return found.share, found.said


SCORES_OF_ANN = np.array(list(rules.pack_scores(mask_pack(public_variant("a1", "ann", TERM))).values()))
SE = SCORES_OF_ANN.std(ddof=1) / len(SCORES_OF_ANN) ** 0.5
MEAN = float(SCORES_OF_ANN.mean())


@pytest.mark.parametrize(
    "interval",
    [
        bootstrap_interval(SCORES_OF_ANN, seed=1),
        bootstrap_interval(SCORES_OF_ANN, n=1000, seed=2),
        bootstrap_interval(SCORES_OF_ANN, method="bca"),
        (MEAN - 1.96 * SE, MEAN + 1.96 * SE),
        (MEAN - 2.023 * SE, MEAN + 2.023 * SE),  # Student's t with 39 degrees of freedom
    ],
)
def test_a_right_interval(interval: tuple[float, float]) -> None:
    answers = {"table": right_answers("ann")["table"], "interval": list(interval)}
    assert judged("interval", answers) == (1, "")


@pytest.mark.parametrize(
    "interval",
    [
        (MEAN - SE, MEAN + SE),
        (MEAN - 1.645 * SE, MEAN + 1.645 * SE),
        (MEAN - 2.576 * SE, MEAN + 2.576 * SE),
        (MEAN - 1.96 * SE * 40**0.5, MEAN + 1.96 * SE * 40**0.5),
        (MEAN - 1.96 * SE / 40**0.5, MEAN + 1.96 * SE / 40**0.5),
        (MEAN + 1.96 * SE, MEAN - 1.96 * SE),
        (0.0, 1.0),
        (MEAN, MEAN),
        (MEAN, MEAN + 3.92 * SE),
        ("low", "high"),
        (float("nan"), 1.0),
        (True, False),
    ],
)
def test_a_wrong_interval(interval: tuple[float, float]) -> None:
    answers = {"table": right_answers("ann")["table"], "interval": list(interval)}
    share, said = judged("interval", answers)
    assert share == 0 and "interval" in said


def test_the_table() -> None:
    right = right_answers("ann")["table"]
    rounded = {name: round(value, 3) for name, value in right.items()}
    assert judged("table", {"table": right}) == judged("table", {"table": rounded}) == (1, "")
    one = next(iter(right))
    for wrong in (
        {}, None, [1, 2], dict.fromkeys(right, 1.0), right_answers("bob")["table"], {**right, one: right[one] + 0.1},
        {k: v for k, v in right.items() if k != one}, {k: 100 * v for k, v in right.items()}, {**right, one: "0.9"},
    ):  # fmt: skip
        assert judged("table", {"table": wrong})[0] == 0, wrong
    assert judged("table", {"table": {**right, "ISIC_0000000": 0.0}})[0] == 0.5


def test_marks_are_those_of_the_handout() -> None:
    assert A1.marks == 15 and A1.functions == tuple(RIGHT)
