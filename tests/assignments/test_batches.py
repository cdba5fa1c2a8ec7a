"""A folder to a table: rows, columns, pages of feedback, one student anew."""

from __future__ import annotations

import csv
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import pytest

from lesionseg_lib.assignments import batches
from lesionseg_lib.assignments.batches import grade_all, harmless, submissions, write_marks
from lesionseg_lib.assignments.grading import Graded, Mark
from lesionseg_lib.assignments.registry import get_assignment
from lesionseg_lib.assignments.sandbox import Sandbox
from lesionseg_lib.errors import AssignmentError
from tests.helpers.hand_ins import PACK

A1 = get_assignment("a1")


def graded(student: str, share: float = 1.0, said: str = "", **more: Any) -> Graded:
    marks = tuple(Mark(question, share * question.marks, said) for question in A1.questions)
    return Graded(f"a1-{student}.zip", student, marks, **more)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_zips_are_found_as_platforms_lay_them_out_and_links_are_not_followed(tmp_path: Path) -> None:
    for name in ("b.zip", "Doe Jane_12_assignsubmission_file/a1-x.ZIP", "deep/er/c.zip", "note.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "link.zip").symlink_to(tmp_path / "b.zip")
    (tmp_path / "folder").symlink_to(tmp_path / "deep" / "er")
    found = [path.relative_to(tmp_path).as_posix() for path in submissions(tmp_path)]
    assert found == ["Doe Jane_12_assignsubmission_file/a1-x.ZIP", "b.zip"]


def test_a_folder_without_zips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssignmentError, match="no zip in it"):
        submissions(tmp_path)
    with pytest.raises(AssignmentError, match="no such folder"):
        submissions(tmp_path / "x")


def test_the_grader_own_fault_is_a_row_and_stops_no_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    def grade(path: Path, *_: Any) -> Graded:
        if path.name == "b.zip":
            raise ZeroDivisionError("ours")
        return graded(path.stem)

    monkeypatch.setattr(batches, "grade", grade)
    found = grade_all([Path(f"{name}.zip") for name in "abc"], A1, PACK, Sandbox(), jobs=2)
    assert [row.total for row in found] == [15, 0, 15]
    assert found[1].held and "ZeroDivisionError: ours" in found[1].refused


def test_two_files_of_one_student_wait_for_a_person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(batches, "grade", lambda path, *_: replace(graded("ann"), file=path.name))
    found = grade_all([Path("x.zip"), Path("y.zip")], A1, PACK, Sandbox())
    write_marks(found, A1, tmp_path / "marks.csv")
    assert [(row["marks"], row["notes"]) for row in rows(tmp_path / "marks.csv")] == [
        ("", "held back: 2 files are ann's"),
    ] * 2
    assert not (tmp_path / "marks-feedback").exists()


def test_the_table_and_the_pages(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    bad = graded("bob", 0, "<script>alert(1)</script> & more")
    write_marks([graded("ann"), bad, Graded("a1-c.zip", "c", refused="no zip")], A1, path)
    found = rows(path)
    assert [(row["id"], row["marks"], row["of"]) for row in found] == [
        ("ann", "15", "15"),
        ("bob", "0", "15"),
        ("c", "0", "15"),
    ]
    assert found[0]["why"] == "everything is right" and found[2]["why"] == "no zip"
    assert found[0]["scores.empty"] == "2" and found[2]["scores.empty"] == "0"
    pages = {page.stem: page.read_text(encoding="utf-8") for page in (tmp_path / "marks-feedback").iterdir()}
    assert set(pages) == {"a1-ann", "a1-bob", "a1-c"}
    assert "15 of 15 marks" in pages["a1-ann"] and "ann" not in pages["a1-ann"].replace("scann", "")
    assert "&lt;script&gt;" in pages["a1-bob"] and "<script" not in pages["a1-bob"]
    assert all(escape(question.property) in pages["a1-bob"] for question in A1.questions)


def test_one_student_anew_replaces_that_row_alone(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    write_marks([graded("ann"), graded("bob", 0, "why")], A1, path)
    write_marks([graded("bob")], A1, path, "bob")
    assert [(row["id"], row["marks"]) for row in rows(path)] == [("ann", "15"), ("bob", "15")]
    path.write_text("id,marks\nann,1\n", encoding="utf-8")
    with pytest.raises(AssignmentError, match="other columns"):
        write_marks([graded("bob")], A1, path, "bob")


@pytest.mark.parametrize(
    ("cell", "shown"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-1", "'-1"), ("a\nb", "a b"), ("a=1", "a=1")]
)
def test_no_cell_is_a_formula(cell: str, shown: str) -> None:
    assert harmless(cell) == shown
