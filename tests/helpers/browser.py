"""A browser on the built book; tests/book/conftest.py hands the fixtures on."""

from __future__ import annotations

import contextlib
import functools
import http.server
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, sync_playwright

from tests.helpers.api import PACKAGE
from tests.helpers.built_book import built_book
from tools import ROOT
from tools.book import committed

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = "axe-core@4.14.1"
IN_A_BROWSER = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt install chromium"),
]
_TEXTS = [path.relative_to(ROOT / "book") for path in sorted((ROOT / "book").glob("**/*.md"))]
LESSONS = [f"notebooks/{path.stem}" for path in committed()]
LIBRARY = [
    "errors",
    *sorted(".".join(path.parent.relative_to(PACKAGE).parts) for path in PACKAGE.rglob("*/__init__.py")),
]
PAGES = [path.with_suffix("").as_posix() for path in _TEXTS if "vendor" not in path.parts] + ["search"]
PAGES += [f"api/lesionseg_lib.{name}" for name in LIBRARY] + LESSONS


class Quiet(http.server.SimpleHTTPRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # a browser that leaves a page hangs up
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        pass


class Watched:
    """A page, what went wrong on it, and what it asked of other hosts; nothing reaches another host."""

    def __init__(self, context: BrowserContext) -> None:
        self.page = context.new_page()
        self.trouble: list[str] = []
        self.foreign: list[str] = []
        self.asked: list[Request] = []

        def route(route: Route) -> None:
            if route.request.url.startswith(("http://127.0.0.1:", "file:", "data:", "blob:")):
                return route.continue_()
            self.foreign.append(route.request.url)
            return route.abort()

        context.route("**/*", route)
        self.page.on("console", lambda said: said.type == "error" and self.trouble.append(said.text))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("response", lambda got: got.status >= 400 and self.trouble.append(f"{got.status} {got.url}"))
        self.page.on("requestfinished", lambda request: self.asked.append(request))
        self.page.set_default_timeout(60_000)


def show_everything(page: Page) -> None:
    """What a reader in a hurry chooses: nothing stays folded."""
    page.wait_for_function("typeof Course !== 'undefined'")  # on a busy machine a script may come after its page
    page.evaluate("Course.update((record) => (record.everything = true))")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the built book is served."""
    handler = functools.partial(Quiet, directory=built_book())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for all tests of a process: Playwright cannot be started again while it runs."""
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1300, "height": 900})
    yield Watched(context)
    context.close()


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core: what npm has here, or fetches now."""
    installed = Path("node_modules", "axe-core", "axe.min.js")
    if installed.is_file():
        return installed.read_text(encoding="utf-8")
    if shutil.which("npm") is None:
        pytest.skip("no npm here, so no axe-core")
    folder = tmp_path_factory.mktemp("axe")
    packed = subprocess.run(["npm", "pack", "--silent", AXE], cwd=folder, capture_output=True, text=True, timeout=120)
    if packed.returncode != 0:
        pytest.skip(f"npm could not fetch {AXE}")
    with tarfile.open(folder / packed.stdout.strip().splitlines()[-1]) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode()
