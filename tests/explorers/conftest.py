"""The explorers in a browser, each on a page of its own, and their formulas on a page without any."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tools.explorer_pictures import write_pages

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Explorer -> the page that shows it, to be opened from disk."""
    return write_pages(tmp_path_factory.mktemp("explorers"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Watched:
    """A page that keeps what went wrong and what was asked of other hosts."""

    def __init__(self, context: BrowserContext) -> None:
        self.page = context.new_page()
        self.trouble: list[str] = []
        self.foreign: list[str] = []
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("console", lambda said: self.trouble.append(said.text) if said.type == "error" else None)
        self.page.on("request", lambda asked: self._ask(asked.url))
        self.page.set_default_timeout(20_000)

    def _ask(self, url: str) -> None:
        if not url.startswith(("file:", "data:", "blob:")):
            self.foreign.append(url)

    def open(self, path: Path) -> Page:
        self.page.goto(path.as_uri())
        self.page.wait_for_selector(".explorer.is-live")
        self.page.wait_for_timeout(100)  # canvases are painted in the next frame
        return self.page


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 900, "height": 900}, reduced_motion="reduce")
    yield Watched(context)
    context.close()
