"""From a master to what students get: it runs unsolved, it holds no solution, and nothing that is published does."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lesionseg_lib.assignments.packs import course_secret
from lesionseg_lib.assignments.registry import MODULES, get_assignment
from lesionseg_lib.errors import UnknownNameError
from tests.helpers.hand_ins import TERM
from tools import ROOT, TextError, assignments
from tools.execute import LessonError, execute
from tools.notebooks import read
from tools.offline import build_wheel

KEYS = sorted(MODULES)


def master(key: str) -> str:
    return (assignments.MASTERS / f"{key}.py").read_text(encoding="utf-8")


def test_every_assignment_has_a_master_and_every_master_an_assignment() -> None:
    assert sorted(path.stem for path in assignments.MASTERS.glob("*.py")) == KEYS
    assert all(get_assignment(key).key == key for key in KEYS)
    with pytest.raises(UnknownNameError, match="a1"):
        get_assignment("a9")


@pytest.mark.parametrize("key", KEYS)
def test_a_students_notebook_holds_no_line_of_the_solution_and_no_grader(key: str) -> None:
    hidden, shown = assignments.solution_lines(master(key)), assignments.unsolved(master(key), key)
    assert len(hidden) > 8
    assert [line for line in hidden if line in shown] == []
    assert "SOLUTION" not in shown and "grading" not in shown and "questions" not in shown.replace("question:", "")
    assert all(f"def {name}(" in shown or f"class {name}" in shown for name in get_assignment(key).functions)


@pytest.mark.parametrize("key", KEYS)
def test_lines_are_as_long_as_a_page_shows(key: str) -> None:
    code = [line for line in master(key).splitlines() if not line.startswith("#")]
    assert [line for line in code if len(line) > 88] == []


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_make_assignments_writes_three_files_and_the_unsolved_one_runs_to_its_end(key: str, tmp_path: Path) -> None:
    secret = course_secret(tmp_path / "secret.txt")
    student, handout, pack = assignments.make(key, TERM, secret, assignments.MASTERS, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        p.name for p in (student, handout, pack)
    )
    for published in (student, handout):
        assert secret.hex() not in published.read_text(encoding="utf-8")
    notebook = read(student)
    seconds = execute(notebook, tmp_path / "ran.ipynb", tmp_path / "work", {})
    said = [
        str(o.get("data", {}).get("text/plain", o.get("text", "")))
        for c in notebook.cells
        for o in c.get("outputs", [])
    ]
    assert sum("not attempted" in text for text in said) >= len(get_assignment(key).functions)
    assert not any("crashed" in text or "wrong:" in text for text in said)
    assert seconds < 60
    assert not list((tmp_path / "work").glob("*.json"))


@pytest.mark.slow
def test_a_master_whose_solution_is_wrong_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a1.py").write_text(master("a1").replace("grey > 128", "grey > 127"), encoding="utf-8")
    with pytest.raises(LessonError, match="a check of the master's own solution says"):
        assignments.make("a1", TERM, bytes(32), tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_marks_without_a_partner_are_refused() -> None:
    for text in ("# BEGIN SOLUTION\nx = 1\n", "# END SOLUTION\n", "# BEGIN SOLUTION\n# BEGIN SOLUTION\n"):
        with pytest.raises(TextError, match="without"):
            assignments.unsolved(text, "a1")


def test_unsolved_and_solved_text() -> None:
    text = "x = 3 + 4  # SOLUTION\ndef f(a):\n    # BEGIN SOLUTION\n    return a\n    # END SOLUTION\n"
    assert assignments.unsolved(text, "a1") == "x = ...\ndef f(a):\n    ...\n"
    assert assignments.solved(text) == "x = 3 + 4\ndef f(a):\n    return a\n"


@pytest.mark.slow
def test_neither_wheel_nor_source_archive_nor_pages_hold_a_solution(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(tmp_path / "sdist")],
        check=True, cwd=ROOT, capture_output=True,
    )  # fmt: skip
    wheel = build_wheel(ROOT, tmp_path / "wheel")
    with zipfile.ZipFile(wheel) as archive:
        published = {name: archive.read(name) for name in archive.namelist()}
    (source,) = (tmp_path / "sdist").glob("*.tar.gz")
    listed = subprocess.run(["tar", "-tzf", str(source)], check=True, capture_output=True, text=True).stdout
    assert "notebooks/assignments" not in listed and "course-secret" not in listed
    pages = {
        str(path): path.read_bytes() for path in [*(ROOT / "book").glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]
    }
    own = {line for key in KEYS for line in assignments.solution_lines(master(key)) if len(line) > 40}
    for name, content in {**published, **pages}.items():
        assert [line for line in own if line.encode() in content] == [], name


def test_the_secret_is_nothing_that_git_takes() -> None:
    found = subprocess.run(["git", "check-ignore", assignments.SECRET.name], cwd=ROOT, capture_output=True, text=True)
    if found.returncode == 128:
        pytest.skip("no git checkout")
    assert found.stdout.strip() == assignments.SECRET.name
