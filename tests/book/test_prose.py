"""A page and a record cannot disagree: what prose says to three digits was claimed, filled in, or just printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.helpers.notebooks import of
from tests.helpers.prose import printed_by, prose_of, typed_figures, unfounded
from tools import ROOT
from tools.notebooks import sources


@pytest.mark.parametrize("source", sources(), ids=lambda path: path.stem)
def test_a_lesson_types_no_figure_that_it_has_not_printed(source: Path) -> None:
    if not of(source).exists():
        pytest.skip("not executed yet; tests/book/test_notebooks.py says so")
    found = unfounded(prose_of(source), list(printed_by(source)), source.stem)
    assert found == [], (
        'write {{ number("recipe", "path") }}, print it in the cell above, or add it to ALLOWED with its reason'
    )


@pytest.mark.parametrize(
    "page", [ROOT / "README.md.j2", *sorted((ROOT / "book").glob("*.md"))], ids=lambda path: path.name
)
def test_a_page_types_no_figure(page: Path) -> None:
    found = unfounded(page.read_text(encoding="utf-8"), [], page.stem)
    assert found == [], 'write {{ number("recipe", "path") }}, or add it to ALLOWED with its reason'


def crossing(text: str) -> list[str]:
    """Lines of a text that open an inline formula without closing it, or close one of the line before.

    Markdown reads the rest of such a formula as a new line of text: one that begins with + or - becomes a list item.
    """
    text = re.sub(r"```.*?```|`[^`]*`", lambda code: "\n" * code[0].count("\n"), text, flags=re.DOTALL)
    return [line.strip() for line in text.splitlines() if line.replace("$$", "").count("$") % 2]


@pytest.mark.parametrize("source", sources(), ids=lambda path: path.stem)
def test_a_line_of_a_source_is_short_as_it_is_shown(source: Path) -> None:
    shown = re.sub(r"\{\{.*?\}\}", "0.834 to 0.846", source.read_text(encoding="utf-8"))
    assert [line for line in shown.splitlines() if len(line) > 120] == []


@pytest.mark.parametrize("source", sources(), ids=lambda path: path.stem)
def test_no_inline_formula_crosses_a_line(source: Path) -> None:
    assert crossing(prose_of(source)) == [], "wrap in front of the formula, not within it"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so $a = 1 / (1\n+ b)$ holds, and $c$ too", ["so $a = 1 / (1", "+ b)$ holds, and $c$ too"]),
        ("so $a$ and $b$ hold:\n$$\\begin{aligned}\na &= b\n\\end{aligned}$$\nor $$c = d,\n\\quad e = f$$ as well", []),
        ("`$HOME` costs\n```bash\necho $HOME\n```\nnothing", []),
    ],
)
def test_a_formula_that_crosses_a_line_is_found(text: str, expected: list[str]) -> None:
    assert crossing(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("we reach .834, not 0.8340 and not 1.000.", [".834", "0.8340", "1.000"]),
        ('{{ number("dilated-all", "jaccard", ".834") }} and `0.834` and\n```\n0.834\n```\n', []),
        ("version 2.0.834, doi 10.1007/978-3, arXiv 1801.04381, https://a.b/0.834, .83, 45 %, 6,995,457", []),
    ],
)
def test_figures_are_told_from_other_numbers(text: str, expected: list[str]) -> None:
    assert typed_figures(text) == expected


def test_a_figure_is_founded_when_claimed_or_printed_as_it_is_rounded() -> None:
    assert unfounded("claimed .8716; a rate of .0001; .834 here", [0.83449]) == []
    assert unfounded("claimed .8717; .835 here", [0.83449]) == [".8717", ".835"]
