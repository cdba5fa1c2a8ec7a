"""The bank's table: for every exercise and patient how its wrong answers fare, the totals, and the two halves.

``python -m tests.teaching.mutants.report`` prints it (``make mutants``); with ``--page`` it also writes the page of
common mistakes, from the causes and how often the bank met them.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from lesionseg_lib.teaching.diagnosis.causes import CAUSES, LESSONS
from lesionseg_lib.teaching.verdicts import Verdict
from tests.teaching.mutants.bank import Answer, bank

OUTCOMES = ("named", "pointed", "unnamed", "wrong name", "accepted", "right", "refused")
PAGE = Path(__file__).parents[3] / "book" / "common_mistakes.md"

Row = tuple[Answer, str, Verdict]


def tried(answers: Iterable[Answer]) -> list[Row]:
    """Every answer with its outcome and verdict."""
    return [(answer, *answer.outcome()) for answer in answers]


def table(rows: list[Row]) -> str:
    """One line a task, then the halves and all."""
    lines = [f"{'':22}" + "".join(f"{name:>11}" for name in OUTCOMES)]
    groups = [(task, [row for row in rows if row[0].task == task]) for task in dict.fromkeys(r[0].task for r in rows)]
    groups += [(f"half {half}", [row for row in rows if row[0].half == half]) for half in "AB"] + [("all", rows)]
    for name, group in groups:
        counts = Counter(outcome for _, outcome, _ in group)
        lines.append(f"{name:22}" + "".join(f"{counts[outcome]:>11}" for outcome in OUTCOMES))
    for half in "AB":
        lines.append(f"named in half {half}: {share([row for row in rows if row[0].half == half]):.1%}")
    return "\n".join([*lines, f"named: {share(rows):.1%}"])


def share(rows: list[Row]) -> float:
    """Of the wrong answers, how many were named."""
    wrong = [outcome for answer, outcome, _ in rows if answer.says is not None]
    return sum(outcome == "named" for outcome in wrong) / max(len(wrong), 1)


def page(rows: list[Row]) -> str:
    """Markdown: every cause by lesson, with what it says, where it is explained, and how often the bank met it."""
    met = Counter(key for _, outcome, verdict in rows if outcome == "named" for key in verdict.causes)
    lines = [
        "# Common mistakes",
        "",
        "What the checks of the exercises and of the clinic can name, for instructors, and for whoever looks "
        "up a message.",
        "A check compares an answer with what people answer who make one of these mistakes, or two of them at once; it",
        "names the simplest that explains every answer. The last column counts how often each was met among "
        "our own wrong",
        f"answers ({sum(answer.says is not None for answer, _, _ in rows)} of them). Written by `make "
        f"mutants`; do not edit.",
    ]
    for lesson, stem in LESSONS.items():
        own = [cause for cause in CAUSES.values() if cause.where.startswith(lesson)]
        if not own:
            continue
        lines += ["", f"## Lesson {lesson}", "", "| what was done | explained in | met |", "|---|---|---|"]
        for cause in sorted(own, key=lambda cause: (cause.where, cause.key)):
            heading = cause.where.partition(": ")[2]
            text = cause.text.replace("|", "\\|")
            lines.append(
                f"| {text[0].upper()}{text[1:]} | [{heading}](notebooks/{stem}.ipynb) | {met[cause.key] or ''} |"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    found = tried(bank())
    print(table(found))
    for answer, outcome, verdict in found:
        if outcome not in ("named", "right"):
            print(f"{outcome}: {answer.task}, {answer.text}: {verdict}")
    if "--page" in sys.argv:
        PAGE.write_text(page(found), encoding="utf-8")
