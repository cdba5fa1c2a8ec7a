"""The book in a browser: it loads without another host, typesets, searches, goes dark, fits a phone."""

import contextlib
import functools
import http.server
import shutil
import threading

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.helpers.api import PACKAGE
from tests.helpers.built_book import built_book
from tools import ROOT
from tools.book import committed

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt install chromium"),
]
LIBRARY = [
    "errors",
    *sorted(".".join(path.parent.relative_to(PACKAGE).parts) for path in PACKAGE.rglob("*/__init__.py")),
]
TEXTS = [path.relative_to(ROOT / "book") for path in sorted((ROOT / "book").glob("**/*.md"))]
PAGES = [path.with_suffix("").as_posix() for path in TEXTS if "vendor" not in path.parts] + ["search"]
PAGES += [f"api/lesionseg_lib.{name}" for name in LIBRARY]
PAGES += [f"notebooks/{path.stem}" for path in committed()]
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # a browser that leaves a page hangs up
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address():
    handler = functools.partial(Quiet, directory=built_book())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A page that keeps what went wrong and what was asked of other hosts; nothing reaches another host."""
    context = browser.new_context()
    page = context.new_page()
    page.trouble = []
    page.foreign = []

    def route(route):
        if route.request.url.startswith(("http://127.0.0.1:", "file:", "data:", "blob:")):
            return route.continue_()
        page.foreign.append(route.request.url)
        return route.abort()

    context.route("**/*", route)
    page.on("console", lambda message: message.type == "error" and page.trouble.append(message.text))
    page.on("pageerror", lambda error: page.trouble.append(str(error)))
    page.on("response", lambda answer: answer.status >= 400 and page.trouble.append(f"{answer.status} {answer.url}"))
    page.set_default_timeout(60_000)
    yield page
    context.close()


def wait_for_formulas(page: Page) -> None:
    page.wait_for_function("window.MathJax?.startup?.promise !== undefined")
    page.evaluate("MathJax.startup.promise.then(() => true)")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_whole_without_another_host(page, address, name):
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    assert (page.foreign, page.trouble) == ([], [])
    broken = page.eval_on_selector_all(
        "img", "all => all.filter(i => i.loading !== 'lazy' && i.naturalWidth === 0).map(i => i.src)"
    )
    assert broken == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(page, address, name):
    page.set_viewport_size(PHONE)
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    # What is cut off where the page itself does not scroll would be lost.
    beyond = page.evaluate(
        """() => [...document.querySelectorAll("article *")]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest("mjx-container, svg"))
            .filter(e => { for (let p = e; p; p = p.parentElement)
                               if (/auto|scroll/.test(getComputedStyle(p).overflowX) && p.tagName !== "BODY"
                                   && p.closest("article")) return false;
                           return true; })
            .map(e => e.tagName + "." + e.className)"""
    )
    assert beyond == []


@pytest.mark.parametrize("name", LIBRARY)
def test_a_page_of_the_library_can_be_looked_through(page, address, name):
    page.set_viewport_size(DESKTOP)
    page.goto(f"{address}/api/lesionseg_lib.{name}.html", wait_until="networkidle")
    assert page.evaluate("document.documentElement.scrollHeight") <= 20 * DESKTOP["height"]


@pytest.mark.parametrize("place", ["server", "file"])
def test_formulas_are_typeset(page, address, place):
    base = address if place == "server" else built_book().as_uri()
    page.goto(f"{base}/notation.html")
    wait_for_formulas(page)
    assert page.locator("mjx-container svg").count() >= 10
    assert page.locator("mjx-container [data-mjx-error], mjx-merror").count() == 0
    # What a screen reader reads.
    assert page.locator("mjx-assistive-mml math").count() >= 10
    assert (page.foreign, page.trouble) == ([], [])


@pytest.mark.parametrize("path", committed(), ids=lambda path: path.stem)
def test_no_formula_of_a_lesson_fails(page, address, path):
    page.goto(f"{address}/notebooks/{path.stem}.html")
    if page.locator(".math").count() == 0:
        pytest.skip("has no formula")
    wait_for_formulas(page)
    assert page.locator("mjx-container").count() >= page.locator(".math").count()
    assert page.locator("mjx-container [data-mjx-error], mjx-merror").count() == 0


@pytest.mark.parametrize("place", ["server", "file"])
def test_search_finds_a_page_by_its_words(page, address, place):
    base = address if place == "server" else built_book().as_uri()
    page.goto(f"{base}/search.html?q=bootstrap+interval")
    hit = page.locator("ul.search li a", has_text="Notation").first
    hit.wait_for()
    assert "notation.html" in hit.get_attribute("href")
    assert page.foreign == []


@pytest.mark.parametrize("path", committed(), ids=lambda path: path.stem)
def test_search_finds_a_lesson(page, address, path):
    page.goto(f"{address}/notebooks/{path.stem}.html")
    title = page.locator("article h1").first.inner_text().strip(" #")
    words = "+".join(word for word in title.split() if word.isalpha())
    page.goto(f"{address}/search.html?q={words}")
    page.locator(f"ul.search li a[href*='{path.stem}.html']").first.wait_for()


def test_the_button_switches_to_dark_and_the_choice_lasts(page, address):
    brightness = """() => getComputedStyle(document.body).backgroundColor
        .match(/[0-9]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0)"""
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}/index.html", wait_until="networkidle")
    assert page.evaluate(brightness) > 600
    for _ in range(3):  # auto, light, dark
        page.locator("button.theme-switch-button:visible").first.click()
        if page.locator("html").get_attribute("data-theme") == "dark":
            break
    assert page.evaluate(brightness) < 200
    page.goto(f"{address}/notation.html", wait_until="networkidle")
    assert page.evaluate(brightness) < 200
