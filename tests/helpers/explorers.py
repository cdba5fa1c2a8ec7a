"""A page with an explorer that remembers what went wrong."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, Page


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
