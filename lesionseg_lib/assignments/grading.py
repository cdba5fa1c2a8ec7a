"""One submission to its marks: the answers come from the child, what is right is known here alone.

Every question ends in marks and a sentence; whatever goes wrong on the way costs the marks of the questions it touches,
and is said in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lesionseg_lib.assignments.asking import Answer, Asked, ask, plain
from lesionseg_lib.assignments.hand_in import ANSWERS, NOTEBOOK, HandIn, read_hand_in
from lesionseg_lib.assignments.model import Assignment, Case, CodeQuestion, FileQuestion, Given, Judgement, Question
from lesionseg_lib.assignments.packs import Pack
from lesionseg_lib.assignments.sandbox import Sandbox
from lesionseg_lib.errors import AssignmentError


@dataclass(frozen=True)
class Mark:
    """Of one question: what was given, and why not more; ``said`` is "" where everything is right."""

    question: Question
    marks: float
    said: str = ""


@dataclass(frozen=True)
class Graded:
    """A submission: its marks by question, or ``refused``, why there are none, and what a teacher should know.

    ``held``: whether the marks wait for a person, because it is not sure whose they are.
    """

    file: str
    student: str
    marks: tuple[Mark, ...] = ()
    refused: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    memory: int = 0
    held: bool = False

    @property
    def total(self) -> float:
        """Of all questions; 0 where it was refused."""
        return sum(mark.marks for mark in self.marks)


def grade(path: Path, assignment: Assignment, pack: Pack, sandbox: Sandbox, slot: int = 0) -> Graded:
    """Grade one zip. Never raises for what is in it; raises ``OSError`` where the grader's own machine fails."""
    try:
        hand_in = read_hand_in(path, assignment)
    except AssignmentError as error:
        return Graded(path.name, named_for(path, assignment), refused=plain(str(error), 600))
    claimed = named_for(path, assignment)
    if claimed != hand_in.student:
        refused = (
            f"the file's name and {ANSWERS} inside it name two different students, or none. `lesionseg hand-in` "
            "writes the same id in both places."
        )
        return Graded(path.name, claimed, refused=refused)
    given = pack.given(hand_in.student)
    notes = list(hand_in.problems.values())
    if hand_in.term != pack.term:
        notes.append(f"it was made for the term {plain(hand_in.term, 40)!r}, and this is {pack.term!r}")
    asked = ask(assignment, hand_in.cells, given, sandbox, slot)
    notes += [asked.ended] if asked.ended else []
    notes += asked.notes
    marks = tuple(_mark(question, hand_in, asked, given) for question in assignment.questions)
    return Graded(
        path.name, hand_in.student, marks, "", tuple(plain(note, 600) for note in notes), asked.seconds, asked.memory
    )


def named_for(path: Path, assignment: Assignment) -> str:
    """The id in a file's name, ``a1-ID.zip``, with whatever a learning platform put before it; "" without one."""
    stem = path.stem.lower()
    before, sign, student = stem.rpartition(f"{assignment.key}-")
    return student if sign and (not before or not before[-1].isalnum()) else ""


def _mark(question: Question, hand_in: HandIn, asked: Asked, given: Given) -> Mark:
    if isinstance(question, FileQuestion):
        found = _judged(question, hand_in, given)
    else:
        found = _compared(question, asked, NOTEBOOK in hand_in.problems)
    share = min(max(found.share, 0.0), 1.0)
    return Mark(question, round(share * question.marks, 2), plain(found.said, 600) if share < 1 else "")


def _judged(question: FileQuestion, hand_in: HandIn, given: Given) -> Judgement:
    try:
        found = question.judge(hand_in, given)
    except AssignmentError as error:
        return Judgement(0, str(error))
    except Exception as error:  # a judge that stumbles over what it was handed stops no batch
        return Judgement(0, f"it cannot be judged as it is ({type(error).__name__}: {error}). Ask your teacher.")
    return found if found.share >= 1 or found.said else Judgement(found.share, question.reason)


def _compared(question: CodeQuestion, asked: Asked, no_notebook: bool) -> Judgement:
    if no_notebook:
        return Judgement(0, "there is no notebook that can be read.")
    cases, answers = asked.cases[question.name], asked.answers[question.name]
    wrong = [
        (case, answer) for case, answer in zip(cases, answers, strict=True)
        if answer.status != "answer" or not _agrees(question, case, answer)
    ]  # fmt: skip
    if not wrong:
        return Judgement(1)
    case, answer = next(((c, a) for c, a in wrong if a.status != "answer"), wrong[0])
    if answer.status == "answer":
        return Judgement(0, f"{question.reason} (Wrong for {_listed([case.label for case, _ in wrong])}.)")
    return Judgement(0, _why(question.function, case, answer, asked.ended))


def _agrees(question: CodeQuestion, case: Case, answer: Answer) -> bool:
    try:
        return bool(question.same(answer.value, case.right))
    except Exception:  # of a shape that the comparison does not foresee: not the right one
        return False


def _why(function: str, case: Case, answer: Answer, ended: str) -> str:
    said = {
        "not attempted": f"not attempted: `{function}` returns nothing.",
        "missing": f"the notebook defines no `{function}`" + (f" ({answer.said})." if answer.said else "."),
        "too long": f"`{function}` took longer than {answer.said} seconds for {case.label}: a loop without end?",
        "unreadable": f"`{function}` returned {answer.said or 'what'} is no number, array, list or dictionary.",
        "crashed": f"`{function}` stopped for {case.label}: {answer.said}",
    }
    return said.get(answer.status, f"`{function}` gave no answer for {case.label}: {ended or 'none came'}.")


def _listed(labels: Sequence[str]) -> str:
    different = list(dict.fromkeys(labels))
    return "; ".join(different if len(different) <= 3 else [*different[:2], f"{len(different) - 2} more"])
