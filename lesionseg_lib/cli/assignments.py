"""The commands of assignments: what a student hands in, and what a teacher grades."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lesionseg_lib.cli.console import say
from lesionseg_lib.errors import AssignmentError

Key = Annotated[str, typer.Argument(metavar="ASSIGNMENT", help="Which one: a1.")]


def hand_in(
    key: Key,
    notebook: Annotated[
        Path | None, typer.Argument(metavar="NOTEBOOK", help="Your notebook. By default the only one here.")
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(help="The file that the notebook's last cell wrote. By default ASSIGNMENT-answers.json."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the zip.")] = Path(),
) -> None:
    """Pack an assignment into one zip.

    Reads it as the grader will, says what is graded, and what cannot be checked here.
    """
    from lesionseg_lib.assignments.hand_in import pack_hand_in
    from lesionseg_lib.assignments.inside.cells import bound, statements, twice
    from lesionseg_lib.assignments.registry import get_assignment

    assignment = get_assignment(key)
    if notebook is None:
        here = sorted(Path().glob("*.ipynb"))
        if len(here) != 1:
            raise AssignmentError(f"{len(here)} notebooks lie here. Name yours: lesionseg hand-in {key} NOTEBOOK.ipynb")
        notebook = here[0]
    answers = answers or notebook.parent / f"{key}-answers.json"
    path, read = pack_hand_in(assignment, notebook, answers, answers.parent, out)
    found, unread = statements(read.cells)
    defined = set().union(*map(bound, found)) if found else set()
    say(f"Packed: {path}, {path.stat().st_size:,} bytes, for {read.student}, term {read.term}\n")
    for name in assignment.functions:
        note = " (defined more than once: the last one counts)" if name in twice(found, [name]) else ""
        say(f"  {'function':9}{name:24}{'is there' + note if name in defined else 'NOT THERE'}")
    for name, what in assignment.answers.items():
        say(f"  {'answer':9}{name:24}{'is there' if name in read.answers else 'NOT THERE'} ({what})")
    for sentence in unread:
        say(f"  Note: {sentence}; what it defines is missing.")
    say(f"\nGraded, {assignment.marks:g} marks:")
    for question in assignment.questions:
        say(f"  {question.marks:>3g}  {question.property}")
    say("\nNot checked here, only when it is graded:")
    for sentence in assignment.unchecked:
        say(f"  - {sentence}")


def grade(
    key: Key,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder with the zips that were handed in.")],
    csv: Annotated[Path, typer.Option(help="File for the marks; pages of feedback go into a folder beside it.")],
    pack: Annotated[
        Path | None, typer.Option(help="What `make assignments` wrote for you. By default ASSIGNMENT-grading.zip.")
    ] = None,
    one: Annotated[
        str | None, typer.Option(metavar="ID", help="Grade this student alone, and replace the row.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Submissions at once.")] = 1,
    trust: Annotated[
        bool, typer.Option("--trust", help="Where no walls can be built: run the code as you, with your files.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier table of marks.")] = False,
) -> None:
    """Grade a folder of submissions.

    A student's code runs in a process of its own, behind walls, and answers questions; what is right never goes there.
    Every submission gets a row with marks and reasons.
    """
    from lesionseg_lib.assignments.batches import grade_all, submissions, write_marks
    from lesionseg_lib.assignments.grading import named_for
    from lesionseg_lib.assignments.packs import read_pack
    from lesionseg_lib.assignments.registry import get_assignment
    from lesionseg_lib.assignments.sandbox import Sandbox
    from lesionseg_lib.assignments.variants import student_id

    assignment = get_assignment(key)
    read = read_pack(pack or Path(f"{key}-grading.zip"), key)
    paths = submissions(folder)
    if one is not None:
        one = student_id(one)
        paths = [path for path in paths if named_for(path, assignment) == one]
        if not paths:
            raise AssignmentError(f"{folder}: no zip is named for {one}; expected {key}-{one}.zip.")
    elif csv.exists() and not force:
        raise AssignmentError(f"{csv} is there already. Give another name, --one ID to grade one anew, or --force.")
    sandbox = Sandbox(isolated=not trust, library=assignment.library)
    sandbox.demand_walls()
    rows = grade_all(paths, assignment, read, sandbox, jobs, say)
    write_marks(rows, assignment, csv, one)
    held = sum(row.held for row in rows)
    say(f"\nMarks: {csv}" + (f". Held back, for you to look at: {held}" if held else ""))


def add_to(app: typer.Typer) -> None:
    """Put both commands behind those that are there."""
    app.command("hand-in")(hand_in)
    app.command()(grade)
