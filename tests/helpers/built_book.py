"""The book of the committed notebooks, built once a test run for all tests that look at it."""

import os
from functools import cache
from pathlib import Path

from filelock import FileLock

from tools import ROOT
from tools.book import build, committed, stage


@cache
def built_book() -> Path:
    """Return the folder of the HTML pages. Test processes that run side by side wait for the one that builds it."""
    folder = ROOT / "_build" / "test"
    folder.mkdir(parents=True, exist_ok=True)
    run, done = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid())), folder / "built-by"
    with FileLock(folder / "lock"):
        if not done.exists() or done.read_text() != run:
            stage(committed(), folder / "book", ROOT / "results")
            build(folder / "book", folder / "html")
            done.write_text(run)
    return folder / "html"
