"""What an assignment's notebook calls: who works, the checks, and writing down the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lesionseg_lib.assignments.checks import check
from lesionseg_lib.assignments.hand_in import write_answers
from lesionseg_lib.assignments.registry import get_assignment
from lesionseg_lib.assignments.variants import Variant, public_variant, student_id
from lesionseg_lib.teaching.diagnosis.reading import is_blank, opened
from lesionseg_lib.teaching.verdicts import Verdict

NOBODY = "nobody"
"""Whose variant is shown before an id is put in; it cannot be handed in."""


class Work:
    """An assignment, for one student in one term. ``variant`` is what the student's own numbers are drawn from."""

    def __init__(self, key: str, student: str, term: str) -> None:
        self.assignment, self.student, self.term = get_assignment(key), student_id(student), term
        self.variant: Variant = public_variant(key, student, term)

    def check(self, function: str, answer: Any) -> Verdict:
        """Try a function on public cases: *not attempted*, *wrong*, *crashed* or *right*, and what is likely wrong."""
        return check(self.assignment.key, function, answer)

    def save(self, **answers: Any) -> None:
        """Write the answers down, for ``lesionseg hand-in``; says which are missing. Raises ``AssignmentError``."""
        given = {name: opened(answer) for name, answer in answers.items() if not is_blank(answer)}
        missing = [name for name in self.assignment.answers if name not in given]
        if self.student == NOBODY:
            print("not attempted: put your id into STUDENT and run the notebook again; nothing is written yet.")
            return
        path = Path(f"{self.assignment.key}-answers.json")
        write_answers(self.assignment, self.student, self.term, given, path)
        print(f"Written: {path}, for {self.student}." + (f" Not attempted: {', '.join(missing)}." if missing else ""))
        print(f"Save this notebook, then: lesionseg hand-in {self.assignment.key} NOTEBOOK.ipynb")


def start(key: str, student: Any, term: str) -> Work:
    """Begin: whose numbers these are. ``...`` for an id shows the numbers of nobody. Raises ``AssignmentError``."""
    work = Work(key, NOBODY if is_blank(student) else student, term)
    print(f"{key.upper()} {work.assignment.title}, term {term}, numbers of {work.student}")
    return work
