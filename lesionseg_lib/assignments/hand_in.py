"""The zip that is handed in: written by ``lesionseg hand-in``, read by the grader, by one and the same reader.

Inside: ``answers.json`` (assignment, student, term, answers), ``notebook.ipynb``, and the files that the assignment
lists. Everything else in it is passed over.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from lesionseg_lib.assignments.archive import read_archive
from lesionseg_lib.assignments.files import READERS, read_json
from lesionseg_lib.assignments.model import Assignment, FileRule
from lesionseg_lib.assignments.variants import student_id
from lesionseg_lib.errors import AssignmentError
from lesionseg_lib.utils.files import is_file, write_bytes

FORMAT = 1
ANSWERS, NOTEBOOK = "answers.json", "notebook.ipynb"
OWN = {ANSWERS: 1 << 20, NOTEBOOK: 20 << 20}
"""Files of every assignment -> the most bytes."""
CODE = 1 << 20
"""Characters of code that a notebook may hold."""


@dataclass(frozen=True)
class HandIn:
    """What was handed in, read. ``problems``: files that cannot be used, name -> why; only their questions suffer."""

    student: str
    term: str
    answers: Mapping[str, Any]
    cells: tuple[str, ...]
    """The notebook's code cells."""
    files: Mapping[str, Any] = field(default_factory=dict)
    """Name in the zip -> what its reader made of it: see ``files.READERS``."""
    problems: Mapping[str, str] = field(default_factory=dict)

    def file(self, name: str) -> Any:
        """What was read of a file. Raises ``AssignmentError`` where it is missing or cannot be used."""
        if name in self.files:
            return self.files[name]
        raise AssignmentError(self.problems.get(name, f"{name} is missing from the zip."))


def read_hand_in(path: Path, assignment: Assignment) -> HandIn:
    """Read a zip. Raises ``AssignmentError``: no zip, a dangerous one, another assignment's, answers without form."""
    content = read_archive(path, lambda name: OWN.get(name, _largest(name, assignment)))
    if ANSWERS not in content:
        raise AssignmentError(f"{path.name}: holds no {ANSWERS}. Pack it with `lesionseg hand-in {assignment.key}`.")
    said = read_json(content[ANSWERS], ANSWERS)
    if not isinstance(said, dict) or said.get("format") != FORMAT or not isinstance(said.get("answers"), dict):
        raise AssignmentError(f"{path.name}: {ANSWERS} has another form than `lesionseg hand-in` gives it.")
    if said.get("assignment") != assignment.key:
        raise AssignmentError(
            f"{path.name}: belongs to assignment {str(said.get('assignment'))[:20]!r}; expected {assignment.key!r}."
        )
    files, problems = _files(content, assignment)
    cells: tuple[str, ...] = ()
    try:
        cells = code_cells(content[NOTEBOOK], NOTEBOOK)
    except KeyError:
        problems[NOTEBOOK] = f"{NOTEBOOK} is missing from the zip."
    except AssignmentError as error:
        problems[NOTEBOOK] = str(error)
    return HandIn(student_id(said.get("student")), str(said.get("term"))[:100], said["answers"], cells, files, problems)


def _rule(name: str, assignment: Assignment) -> FileRule | None:
    return next((rule for pattern, rule in assignment.files.items() if fnmatchcase(name, pattern)), None)


def _largest(name: str, assignment: Assignment) -> int | None:
    rule = _rule(name, assignment)
    return rule.largest if rule else None


def _files(content: Mapping[str, bytes], assignment: Assignment) -> tuple[dict[str, Any], dict[str, str]]:
    files: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, data in content.items():
        rule = _rule(name, assignment)
        if rule is not None:
            try:
                files[name] = READERS[rule.kind](data, name)
            except AssignmentError as error:
                problems[name] = str(error)
    for pattern, rule in assignment.files.items():
        if rule.needed and not any(fnmatchcase(name, pattern) for name in content):
            problems[pattern] = f"{pattern} is missing from the zip."
    return files, problems


def code_cells(content: bytes, name: str) -> tuple[str, ...]:
    """The code cells of a notebook, in its order. Raises ``AssignmentError``: no notebook, or too much code."""
    notebook = read_json(content, name)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise AssignmentError(f"{name}: no Jupyter notebook of format 4. Save it again as .ipynb.")
    found = []
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            found.append("".join(map(str, source)) if isinstance(source, list) else str(source))
    if sum(map(len, found)) > CODE:
        raise AssignmentError(f"{name}: more than {CODE:,} characters of code. Take out what is no code.")
    return tuple(found)


def write_answers(assignment: Assignment, student: str, term: str, answers: Mapping[str, Any], path: Path) -> None:
    """Write ``answers.json``, as the notebook's last cell does. Raises ``AssignmentError`` for values JSON has not."""
    whole = {
        "format": FORMAT, "assignment": assignment.key, "student": student_id(student), "term": term,
        "answers": dict(answers),
    }  # fmt: skip
    try:
        text = json.dumps(whole, indent=1, default=_number)
    except (TypeError, ValueError, RecursionError) as error:
        raise AssignmentError(f"answers: {error}. Give numbers, texts, lists and dictionaries of these.") from error
    write_bytes(path, text.encode())


def _number(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} cannot be written")


def pack_hand_in(assignment: Assignment, notebook: Path, answers: Path, folder: Path, out: Path) -> tuple[Path, HandIn]:
    """Pack what lies in ``folder`` into ``out/KEY-ID.zip`` and read it as the grader will: path, and what was read.

    Raises ``AssignmentError`` where the grader would refuse it, or a file would be useless to it; no zip is left then.
    """
    for path in (notebook, answers):
        if not is_file(path):
            raise AssignmentError(f"{path}: no such file. Run the notebook to its end, save it, and name both files.")
    said = read_json(answers.read_bytes(), answers.name)
    student = student_id(said.get("student") if isinstance(said, dict) else None)
    members = {ANSWERS: answers.read_bytes(), NOTEBOOK: notebook.read_bytes()}
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        name = file.relative_to(folder).as_posix()
        if _rule(name, assignment) is not None:
            members[name] = file.read_bytes()
    target = out / f"{assignment.key}-{student}.zip"
    write_bytes(target, zipped(members))
    try:
        read = read_hand_in(target, assignment)
        if read.problems:
            raise AssignmentError("\n".join(read.problems.values()))
    except AssignmentError:
        target.unlink()
        raise
    return target, read


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip of these files, the same bytes for the same files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), members[name], zipfile.ZIP_DEFLATED)
    return file.getvalue()
