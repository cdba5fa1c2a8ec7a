"""A folder of submissions to a table of marks. It always ends, and every submission has its row."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from lesionseg_lib.assignments.feedback import page
from lesionseg_lib.assignments.grading import Graded, grade
from lesionseg_lib.assignments.model import Assignment
from lesionseg_lib.assignments.packs import Pack
from lesionseg_lib.assignments.sandbox import Sandbox
from lesionseg_lib.errors import AssignmentError
from lesionseg_lib.utils.files import write_bytes

FIXED = ("id", "marks", "of", "why", "notes", "file", "seconds", "memory_mb")


def submissions(folder: Path) -> list[Path]:
    """The zips of a folder and of its folders, in order of their names; links are not followed.

    Moodle makes a folder for each student, Canvas puts an own name before each file: both are found. Raises
    ``AssignmentError`` where there is none.
    """
    if not folder.is_dir():
        raise AssignmentError(f"{folder}: no such folder. Expected the zips that were handed in.")
    inside = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    found = [path for place in (folder, *inside) for path in place.iterdir() if path.suffix.lower() == ".zip"]
    kept = sorted(path for path in found if path.is_file() and not path.is_symlink())
    if not kept:
        raise AssignmentError(f"{folder}: no zip in it, nor in its folders. Expected what `lesionseg hand-in` packs.")
    return kept


def grade_all(
    paths: Sequence[Path], assignment: Assignment, pack: Pack, sandbox: Sandbox,
    jobs: int = 1, report: Callable[[str], None] = lambda _: None,
) -> list[Graded]:  # fmt: skip
    """Grade every zip, ``jobs`` at once; the order is that of ``paths``. Reports a line for each."""
    slots: SimpleQueue[int] = SimpleQueue()
    for slot in range(jobs):
        slots.put(slot)

    def one(path: Path) -> Graded:
        slot = slots.get()
        try:
            return grade(path, assignment, pack, sandbox, slot)
        except Exception as error:  # ours, not theirs: the row says so, and the others go on
            said = f"the grader itself stopped here ({type(error).__name__}: {error}). Grade it again with --one."
            return Graded(path.name, "", refused=said, held=True)
        finally:
            slots.put(slot)

    done: dict[Path, Graded] = {}
    with ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(one, path): path for path in paths}
        for future in as_completed(running):
            graded = done[running[future]] = future.result()
            said = graded.refused or f"{graded.total:g} of {assignment.marks:g}"
            report(f"{len(done)} of {len(paths)}  {graded.file}: {said}")
    return _once_each([done[path] for path in paths])


def _once_each(rows: list[Graded]) -> list[Graded]:
    """Two zips of one id: nobody here knows whose they are, or which counts, so both wait for a person."""
    files: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.marks:
            files[row.student].append(row.file)
    return [
        replace(row, held=True, notes=(f"held back: {len(files[row.student])} files are {row.student}'s", *row.notes))
        if row.marks and len(files[row.student]) > 1
        else row
        for row in rows
    ]


def table(rows: Sequence[Graded], assignment: Assignment) -> str:
    """The marks as CSV: a row a submission, a column a question. A row that is held back has no marks yet."""
    names = [question.name for question in assignment.questions]
    file = io.StringIO()
    writer = csv.DictWriter(file, [*FIXED[:3], *names, *FIXED[3:]], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        said = [f"{mark.question.name}: {mark.said}" for mark in row.marks if mark.said]
        writer.writerow({
            "id": row.student,
            "marks": "" if row.held else f"{row.total:g}",
            "of": f"{assignment.marks:g}",
            **{name: 0 for name in names},
            **{mark.question.name: f"{mark.marks:g}" for mark in row.marks},
            "why": harmless(row.refused or "; ".join(said) or "everything is right"),
            "notes": harmless("; ".join(row.notes)),
            "file": harmless(row.file),
            "seconds": f"{row.seconds:.1f}",
            "memory_mb": round(row.memory / 2**20),
        })  # fmt: skip
    return file.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    line = " ".join(cell.split())
    return f"'{line}" if line[:1] in ("=", "+", "-", "@") else line


def write_marks(rows: Sequence[Graded], assignment: Assignment, path: Path, only: str | None = None) -> None:
    """Write the table, and a page of feedback a submission into the folder ``NAME-feedback`` beside it.

    ``only``: the table is there, and the rows of this student alone are replaced. Raises ``OSError``, and
    ``AssignmentError`` for a table of another assignment.
    """
    text = table(rows, assignment)
    if only is not None and path.exists():
        text = _with_rows(path, text, only)
    write_bytes(path, text.encode())
    folder = path.with_name(f"{path.stem}-feedback")
    for row in rows:
        if not row.held:
            write_bytes(folder / f"{Path(row.file).stem}.html", page(row, assignment).encode())


def _with_rows(path: Path, text: str, student: str) -> str:
    """The table at ``path`` with a student's rows from ``text``."""
    new = list(csv.DictReader(io.StringIO(text)))
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        old, columns = list(reader), reader.fieldnames or []
    if set(columns) != set(new[0]):
        raise AssignmentError(f"{path}: has other columns than this assignment's. Write the marks to another file.")
    kept = [row for row in old if row["id"] != student and row["file"] not in {row["file"] for row in new}]
    file_ = io.StringIO()
    writer = csv.DictWriter(file_, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted([*kept, *new], key=lambda row: row["file"]))
    return file_.getvalue()
