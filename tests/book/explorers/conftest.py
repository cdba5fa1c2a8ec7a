"""The explorers in a browser, each on a page of its own, and their formulas on a page without any."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.helpers.explorers import Watched
from tools.explorer_pictures import write_pages


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Explorer -> the page that shows it, to be opened from disk."""
    return write_pages(tmp_path_factory.mktemp("explorers"))


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 900, "height": 900}, reduced_motion="reduce")
    yield Watched(context)
    context.close()
