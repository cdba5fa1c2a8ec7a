"""`make assignments`: from each master to the student's notebook, the handout of solutions and the grading pack.

A master is py:percent with the solution inside: what stands between `# BEGIN SOLUTION` and `# END SOLUTION`, and the
right side of a line that ends in `# SOLUTION`, is left out for students. The solved notebook is run first, and every
check in it must say *right*; nothing is written before all is well.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import jupytext
import nbformat

from lesionseg_lib.assignments.packs import Pack, course_secret, write_pack
from lesionseg_lib.assignments.registry import MODULES, get_assignment
from lesionseg_lib.errors import LesionSegError
from tools import ROOT, TextError, repository
from tools.execute import LessonError, execute
from tools.notebooks import INSTALL, KERNEL, Notebook, save

MASTERS = ROOT / "notebooks" / "assignments"
OUT = ROOT / "_build" / "assignments"
SECRET = ROOT / "course-secret.txt"
BEGIN, END, LINE = "# BEGIN SOLUTION", "# END SOLUTION", "# SOLUTION"
BAD = re.compile(r"\b(not attempted|wrong|crashed): ")


def solved(text: str) -> str:
    """A master as it runs: with its solution, without the marks of where it is."""
    kept = [line for line in text.splitlines() if line.strip() not in (BEGIN, END)]
    return "\n".join(line.removesuffix(LINE).rstrip() for line in kept) + "\n"


def unsolved(text: str, name: str) -> str:
    """A master as students get it: `...` where a solution stood. Raises ``TextError`` for marks without a partner."""
    kept: list[str] = []
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        mark = line.strip()
        if mark in (BEGIN, END):
            if inside == (mark == BEGIN):
                raise TextError(f"{name}, line {number}: {mark!r} without its partner.")
            inside = mark == BEGIN
            if inside and kept and kept[-1].startswith((" ", "def ", "class ")):  # a function needs a body
                kept.append(line[: len(line) - len(line.lstrip())] + "...")
        elif not inside:
            kept.append(re.sub(r"= .*# SOLUTION$", "= ...", line))
    if inside:
        raise TextError(f"{name}: {BEGIN!r} without {END!r}.")
    return "\n".join(kept) + "\n"


def solution_lines(text: str) -> list[str]:
    """Lines of a master that no student may see, without indentation; those too short to mean anything are left out."""
    found, inside = [], False
    for line in text.splitlines():
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        elif inside or line.rstrip().endswith(LINE):
            found.append(line.strip().removesuffix(LINE).strip())
    return [line for line in found if len(line) > 12]


def notebook(text: str, term: str) -> Notebook:
    """A notebook without outputs, with the cell that installs the library after the title."""
    made = jupytext.reads(text.replace("{{ term }}", term), fmt="py:percent")
    install = nbformat.v4.new_code_cell(INSTALL.format(repository=repository()).rstrip())
    install.metadata["tags"] = ["install"]
    made.cells.insert(1, install)
    for number, cell in enumerate(made.cells, start=1):
        cell["id"] = f"cell-{number:02d}"
    made.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    return made


def make(key: str, term: str, secret: bytes, masters: Path, out: Path) -> list[Path]:
    """Write student notebook, handout and pack of one assignment. Raises ``LessonError`` where a check is not right."""
    text = (masters / f"{key}.py").read_text(encoding="utf-8")
    for hidden in solution_lines(text):
        if hidden in unsolved(text, key):
            raise TextError(f"{key}: the solution's line {hidden!r} stands in the student's notebook, too.")
    with tempfile.TemporaryDirectory() as folder:
        handout = Path(folder, f"{key}-solution.ipynb")
        ran = notebook(solved(text), term)
        execute(ran, handout, Path(folder, "work"), {})
        for cell in ran.cells:
            for output in cell.get("outputs", []):
                said = str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))
                if BAD.search(said):
                    raise LessonError(f"{key}: a check of the master's own solution says {said.strip()!r:.300}")
        out.mkdir(parents=True, exist_ok=True)
        shutil.copy(handout, out)
    student = out / f"{key}.ipynb"
    save(notebook(unsolved(text, key), term), student)
    pack = out / f"{key}-grading.zip"
    write_pack(Pack(key, term, secret), pack)
    return [student, out / handout.name, pack]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("keys", nargs="*", help=f"of {', '.join(MODULES)}; by default all")
    parser.add_argument("--term", default=str(datetime.now(UTC).year), help="a name, printed in the notebooks")
    parser.add_argument("--secret", type=Path, default=SECRET, help="the file with the course's secret")
    parser.add_argument("--masters", type=Path, default=MASTERS, help="the folder of masters")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args(arguments)
    os.environ.setdefault("LESIONSEG_PROFILE", "smoke")
    secret = course_secret(options.secret)
    for key in options.keys or MODULES:
        assignment = get_assignment(key)
        student, handout, pack = make(key, options.term, secret, options.masters, options.out)
        print(f"{key.upper()} {assignment.title}, {assignment.marks:g} marks, term {options.term}")
        print(f"  for students:     {student}\n  for you:          {handout}\n  to grade, secret: {pack}")


if __name__ == "__main__":
    try:
        main()
    except (LessonError, LesionSegError, TextError, OSError) as error:
        sys.exit(f"\n{error}")
