"""One submission to its marks: the hostile pack, and sixty at once."""

from __future__ import annotations

import csv
import resource
import sys
import time
from pathlib import Path

import pytest

from lesionseg_lib.assignments.batches import grade_all, submissions, write_marks
from lesionseg_lib.assignments.grading import Graded, grade, named_for
from lesionseg_lib.assignments.packs import write_pack
from lesionseg_lib.assignments.registry import get_assignment
from lesionseg_lib.assignments.sandbox import Sandbox
from tests.assignments.hostile import HOSTILE, MARKER
from tests.helpers.hand_ins import FULL, PACK, SCORES, submit, walled, with_function

A1 = get_assignment("a1")


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return walled()


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """The teacher's pack and marks, where a student's code would look for them."""
    folder = tmp_path / "teacher"
    write_pack(PACK, folder / "a1-grading.zip")
    (folder / "marks.csv").write_text("mine", encoding="utf-8")
    return folder / "a1-grading.zip"


def left_behind() -> list[str]:
    """Command lines of processes that a hostile submission started, and of launchers."""
    found = [path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace") for path in commands()]
    return [line for line in found if MARKER in line]


def commands() -> list[Path]:
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]


def words(row: Graded) -> str:
    return "; ".join((row.refused, *row.notes, *(f"{m.question.name}: {m.said}" for m in row.marks if m.said)))


@pytest.mark.parametrize("name", HOSTILE)
def test_each_of_the_hostile_pack_gets_its_marks_and_its_reason(
    name: str, tmp_path: Path, secrets: Path, sandbox: Sandbox
) -> None:
    one = HOSTILE[name]
    row = grade(one.build(tmp_path, "ann", secrets), A1, PACK, sandbox)
    assert (row.total, one.says in (words(row) or "everything is right")) == (one.marks, True), words(row)
    assert secrets.with_name("marks.csv").read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in secrets.parent.iterdir()) == ["a1-grading.zip", "marks.csv"]
    assert left_behind() == []


def test_what_a_child_is_sent_holds_no_answer(tmp_path: Path, sandbox: Sandbox) -> None:
    found = "[o for o in gc.get_objects() if type(o) is dict and 'right' in o]"
    code = f"import gc\ndef scores(m, t):\n    raise ValueError({found})\n"
    row = grade(submit(tmp_path, "ann", with_function("scores", code)), A1, PACK, sandbox)
    assert "ValueError: []" in words(row)


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("a1-ann.zip", "ann"),
        ("doejane_123_456_a1-ann.zip", "ann"),
        ("A1-Ann.zip", "ann"),
        ("xa1-ann.zip", ""),
        ("ann.zip", ""),
        ("a2-ann.zip", ""),
    ],
)
def test_the_id_in_a_files_name(name: str, student: str) -> None:
    assert named_for(Path(name), A1) == student


RIGHTS = 20
WRONGS = {
    "dice-without-two": (SCORES.replace("2 * both", "both"), FULL - 2 - 1),  # scores.dice 1, scores.empty 2: one pixel
    "no-empty-rule": (SCORES.replace("    if either == 0:\n        return 1.0, 1.0\n", ""), 12.0),
    "soft-constant": (SCORES.replace("both / either, ", "(both + 1) / (either + 1), "), FULL - 1 - 2 - 4),
    "swapped": (
        SCORES.replace("both / either, 2 * both / (both + either)", "2 * both / (both + either), both / either"),
        FULL - 1 - 1 - 4,  # an empty mask has the same number twice
    ),
}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_sixty_submissions_twenty_of_them_hostile_get_sixty_right_marks(
    tmp_path: Path, secrets: Path, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, expected = tmp_path / "handed-in", {}
    for number in range(RIGHTS):
        submit(folder, f"right-{number}")
        expected[f"right-{number}"] = FULL
    for number in range(20):
        name, (code, marks) = list(WRONGS.items())[number % len(WRONGS)]
        submit(folder, f"{name}-{number}", with_function("scores", code))
        expected[f"{name}-{number}"] = marks
    for number, one in enumerate(list(HOSTILE.values())[:40:2]):
        one.build(folder, f"hostile-{number}", secrets)
        expected[f"hostile-{number}"] = one.marks
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.monotonic()
    rows = grade_all(submissions(folder), A1, PACK, sandbox, jobs=2)
    seconds = time.monotonic() - start
    grown = (
        (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 / (1024 if sys.platform == "darwin" else 1)
    )
    write_marks(rows, A1, tmp_path / "marks.csv")
    with (tmp_path / "marks.csv").open(encoding="utf-8") as file:
        found = {row["id"]: float(row["marks"]) for row in csv.DictReader(file)}
    assert found == expected and len(found) == 60
    with capsys.disabled():
        most = max(row.memory for row in rows) / 2**20
        print(f"\n60 submissions: {seconds:.0f} s, grader grew by {grown:.0f} MiB, a child had at most {most:.0f} MiB")
    assert seconds < 600 and grown < 600
    assert left_behind() == []
