"""Repairs of what the theme and Sphinx write, where a screen reader would stumble; each with what was wrong."""

import re
from pathlib import Path

from sphinx.application import Sphinx

REPAIRS: tuple[tuple[re.Pattern[str], str], ...] = (
    # The button shows "Search Ctrl+K"; a label of its own hid that from whoever speaks what they see.
    (re.compile(r'(<button class="btn search-button-field[^>]*?) title="[^"]*" aria-label="[^"]*"'), r"\1"),
    # A folded solution was called "Toggle hidden content", whatever it showed.
    (re.compile(r'<summary aria-label="Toggle hidden content">'), "<summary>"),
    # Folds of the list of pages had no name.
    (re.compile(r'<summary>(<span class="toctree-toggle")'), r'<summary aria-label="Pages below">\1'),
    # The side bar's title and search stood outside every landmark.
    (
        re.compile(r'<div id="pst-primary-sidebar"'),
        '<div id="pst-primary-sidebar" role="complementary" aria-label="Book"',
    ),
    # An empty corner of a table heads nothing.
    (re.compile(r"<th\b([^>]*)>(?:<p></p>|\s)*</th>"), r"<td\1></td>"),
    # doc-biblioentry is no longer a role; the entries are a list.
    (re.compile(r'role="doc-biblioentry"'), 'role="listitem"'),
)


def repaired(page: str) -> str:
    """The HTML of a page with every repair made."""
    for wrong, right in REPAIRS:
        page = wrong.sub(right, page)
    return page


def _repair(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.name != "html":
        return
    for path in Path(app.outdir).glob("**/*.html"):
        if "_static" not in path.relative_to(app.outdir).parts:
            path.write_text(repaired(path.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", _repair)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
