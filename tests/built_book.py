"""The book of the committed notebooks, built once for all tests that look at it."""

from functools import cache
from pathlib import Path

from tools import ROOT
from tools.book import build, committed, stage


@cache
def built_book() -> Path:
    """Return the folder of the HTML pages."""
    folder = ROOT / "_build" / "test"
    stage(committed(), folder / "book", ROOT / "results")
    return build(folder / "book", folder / "html").parent
