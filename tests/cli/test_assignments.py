"""The two commands: what they print, write and refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from lesionseg_lib.assignments.hand_in import write_answers
from lesionseg_lib.assignments.packs import write_pack
from lesionseg_lib.assignments.registry import get_assignment
from lesionseg_lib.assignments.sandbox import Sandbox
from lesionseg_lib.errors import AssignmentError
from tests.helpers.commands import lesionseg, refused
from tests.helpers.hand_ins import PACK, RIGHT, TERM, notebook, right_answers, submit, walled

A1 = get_assignment("a1")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_hand_in_says_what_is_graded_and_what_is_not_checked_here(here: Path) -> None:
    (here / "mine.ipynb").write_bytes(notebook(list(RIGHT.values())[:3]))
    write_answers(A1, "Ann", TERM, {"table": right_answers("ann")["table"]}, here / "a1-answers.json")
    said = lesionseg("hand-in", "a1").stdout
    assert "Packed: a1-ann.zip" in said and (here / "a1-ann.zip").is_file()
    assert "scores                  is there" in said and "mean_jaccard            NOT THERE" in said
    assert "interval                NOT THERE" in said
    assert all(question.property in said for question in A1.questions) and "15 marks" in said
    assert "Not checked here" in said and all(sentence in said for sentence in A1.unchecked)


def test_hand_in_refuses_what_the_grader_would_refuse(here: Path) -> None:
    refused(lesionseg("hand-in", "a1"), "0 notebooks lie here")
    (here / "mine.ipynb").write_bytes(b"{}")
    refused(lesionseg("hand-in", "a1"), "a1-answers.json: no such file")
    write_answers(A1, "ann", TERM, {}, here / "a1-answers.json")
    refused(lesionseg("hand-in", "a1"), "no Jupyter notebook")
    assert not (here / "a1-ann.zip").exists()
    refused(lesionseg("hand-in", "a9"), "no assignment named 'a9'")


def test_grade_writes_marks_once_and_one_student_anew(here: Path) -> None:
    walled()
    folder = here / "in"
    submit(folder, "ann")
    submit(folder, "bob", [])
    refused(lesionseg("grade", "a1", "in", "--csv", "marks.csv"), "no grading pack there")
    write_pack(PACK, here / "a1-grading.zip")
    said = lesionseg("grade", "a1", "in", "--csv", "marks.csv").stdout
    assert "a1-ann.zip: 15 of 15" in said and "a1-bob.zip: 2 of 15" in said
    refused(lesionseg("grade", "a1", "in", "--csv", "marks.csv"), "is there already")
    submit(folder, "bob")
    lesionseg("grade", "a1", "in", "--csv", "marks.csv", "--one", "Bob")
    rows = (here / "marks.csv").read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[:2] for row in rows[1:]] == [["ann", "15"], ["bob", "15"]]
    refused(lesionseg("grade", "a1", "in", "--csv", "marks.csv", "--one", "eve"), "no zip is named for eve")


def test_without_walls_nothing_is_graded_unless_the_teacher_trusts(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(here / "in", "ann")
    write_pack(PACK, here / "a1-grading.zip")

    def none(self: Sandbox) -> None:
        if self.isolated:
            raise AssignmentError("no walls")

    monkeypatch.setattr(Sandbox, "demand_walls", none)
    refused(lesionseg("grade", "a1", "in", "--csv", "marks.csv"), "no walls")
    assert not (here / "marks.csv").exists()
    assert "15 of 15" in lesionseg("grade", "a1", "in", "--csv", "marks.csv", "--trust").stdout
