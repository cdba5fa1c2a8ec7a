"""A student's page: marks, what for, why some were lost. No name, no id, no right answer, nothing from elsewhere."""

from __future__ import annotations

from html import escape

from lesionseg_lib.assignments.grading import Graded
from lesionseg_lib.assignments.model import Assignment

_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border-bottom: 1px solid #767676; padding: .4rem .6rem; text-align: left; vertical-align: top; }}
td:last-child {{ white-space: nowrap; }}
</style>
<h1>{title}</h1>
<p><strong>{total} of {of} marks.</strong></p>
{body}
</html>
"""


def page(graded: Graded, assignment: Assignment) -> str:
    """HTML of one page, which needs no other file and runs no script."""
    if graded.refused:
        body = f"<p>{escape(graded.refused)}</p>"
    else:
        rows = "\n".join(
            f"<tr><td>{escape(mark.question.property)}</td><td>{escape(mark.said or 'right')}</td>"
            f"<td>{mark.marks:g} of {mark.question.marks:g}</td></tr>"
            for mark in graded.marks
        )
        head = '<tr><th scope="col">Question</th><th scope="col">What was found</th><th scope="col">Marks</th></tr>'
        notes = "".join(f"<li>{escape(note)}</li>" for note in graded.notes)
        body = f"<table>\n{head}\n{rows}\n</table>" + (f"\n<p>Noted:</p>\n<ul>{notes}</ul>" if notes else "")
    return _PAGE.format(
        title=escape(f"{assignment.key.upper()} {assignment.title}"),
        total=f"{graded.total:g}",
        of=f"{assignment.marks:g}",
        body=body,
    )
