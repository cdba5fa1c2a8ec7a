"""The questions of a submission to its child, and the answers back, as plain values.

What comes back was written by somebody else's code. It is read within limits, nothing in it is called, and what does
not read as an answer is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lesionseg_lib.assignments.arrays import read_arrays
from lesionseg_lib.assignments.inside import messages
from lesionseg_lib.assignments.model import Assignment, Case, CodeQuestion, Given, Limits
from lesionseg_lib.assignments.sandbox import Ended, Sandbox
from lesionseg_lib.errors import AssignmentError

STATUSES = ("answer", "not attempted", "missing", "too long", "unreadable", "crashed")
NOTES = 10


@dataclass(frozen=True)
class Answer:
    """To one case. ``status``: one of ``STATUSES``, or "none" where nothing came; ``said``: the child's words."""

    status: str
    value: Any = None
    said: str = ""


@dataclass(frozen=True)
class Asked:
    """All answers of a submission: by the name of the question, one for each of its cases, in their order."""

    answers: dict[str, list[Answer]]
    cases: Mapping[str, Sequence[Case]]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    memory: int = 0
    ended: str = field(default="")
    """How the child ended, where it did not end by itself, in words."""


def ask(assignment: Assignment, cells: Sequence[str], given: Given, sandbox: Sandbox, slot: int = 0) -> Asked:
    """Ask every code question of an assignment of the notebook's code cells. Never raises for what comes back."""
    questions = [question for question in assignment.questions if isinstance(question, CodeQuestion)]
    cases = {question.name: tuple(question.cases(given)) for question in questions}
    if not questions:
        return Asked({}, {})
    asked = [(question, case) for question in questions for case in cases[question.name]]
    message = {
        "cells": list(cells),
        "functions": list(assignment.functions),
        "drivers": assignment.drivers.read_text(encoding="utf-8") if assignment.drivers else "",
        "each": assignment.limits.each,
        "tensors": assignment.tensors,
        "cases": [
            {"function": question.function, "driver": case.driver, "arguments": case.arguments}
            for question, case in asked
        ],
    }
    ended = sandbox.ask(messages.encode(message), assignment.limits, slot)
    found, notes, whole = _read(ended.output, len(asked), assignment.limits)
    answers: dict[str, list[Answer]] = {question.name: [] for question in questions}
    for number, (question, _) in enumerate(asked):
        answers[question.name].append(found.get(number, Answer("none")))
    return Asked(answers, cases, notes, ended.seconds, ended.memory, "" if whole else _how(ended, assignment.limits))


def _how(ended: Ended, limits: Limits) -> str:
    return {
        "time": f"it was stopped after {limits.wall:g} seconds",
        "memory": f"it was stopped at {limits.memory / 2**30:.3g} GiB of memory",
        "answers": f"it was stopped: its answers took more than {limits.answers >> 20} MiB",
    }.get(ended.reason, "the program ended before it had answered everything")


def _read(output: bytes, number: int, limits: Limits) -> tuple[dict[int, Answer], tuple[str, ...], bool]:
    """Answers by the number of the case, notes, and whether the child came to its end."""
    found: dict[int, Answer] = {}
    notes: list[str] = []
    place = 0
    while place + messages.LENGTH <= len(output):
        length = int.from_bytes(output[place : place + messages.LENGTH], "big")
        place += messages.LENGTH
        frame = _frame(output[place : place + length], limits.answers)
        place += length
        if frame.get("end") is True:
            return found, tuple(notes), True
        case, note = frame.get("case"), frame.get("note")
        if isinstance(note, str) and len(notes) < NOTES:
            notes.append(plain(note))
        if type(case) is int and 0 <= case < number and case not in found:
            status = frame.get("status")
            known = status if isinstance(status, str) and status in STATUSES else "unreadable"
            found[case] = Answer(known, frame.get("value"), plain(frame.get("said", "")))
    return found, tuple(notes), False


def _frame(content: bytes, largest: int) -> dict[str, Any]:
    try:
        value = messages.tree_of(read_arrays(content, largest, "answer"))
    except (AssignmentError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def plain(text: object, most: int = 300) -> str:
    """A line of somebody else's words: no line breaks, nothing that steers a terminal, not too long."""
    line = " ".join(str(text).split()) if isinstance(text, str) else ""
    return "".join(sign if sign.isprintable() else "?" for sign in line[:most])
