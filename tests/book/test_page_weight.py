"""A page is light, and is there at once on a slow processor; it has no barrier that axe-core finds."""

from __future__ import annotations

import pytest

from tests.helpers.browser import IN_A_BROWSER, LESSONS, PAGES, show_everything

pytestmark = IN_A_BROWSER
BYTES, REQUESTS = 1_600_000, 20
BLOCKED = 500  # milliseconds on a processor slowed down four times
UNMENDABLE: set[str] = set()
"""Rules that the theme breaks where the book cannot mend it; none at present."""


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_light_even_read_to_its_end(watched, page, address, name):
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    show_everything(page)
    for _ in range(60):  # pictures come as they come into sight
        page.mouse.wheel(0, 1500)
        page.wait_for_timeout(20)
    page.wait_for_load_state("networkidle")
    size = sum(request.sizes()["responseBodySize"] for request in watched.asked)
    assert (len(watched.asked) <= REQUESTS, size <= BYTES) == (True, True), (
        f"{len(watched.asked)} requests, {size} bytes"
    )


@pytest.mark.parametrize("name", ["index", *LESSONS[:3]])
def test_a_slow_processor_is_not_blocked(browser, address, name):
    for _ in range(6):  # others use this machine too: once is enough
        blocked = _blocked(browser, f"{address}/{name}.html")
        if blocked < BLOCKED:
            break
    assert blocked < BLOCKED


def _blocked(browser, url: str) -> float:
    """Total blocking time: of every long task, what goes beyond 50 ms."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(
        "window.blocked = 0; new PerformanceObserver((list) => list.getEntries().forEach("
        "(task) => { window.blocked += task.duration - 50; })).observe({ type: 'longtask', buffered: true });"
    )
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto(url, wait_until="networkidle")
    blocked: float = page.evaluate("window.blocked")
    context.close()
    return blocked


LOOKS = [("light", 1300), ("dark", 1300), ("light", 390)]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_barrier(browser, address, axe, name):
    """Every look at the pages that differ most in it; the others take turns, so that the whole stays short."""
    looks = LOOKS if name in ("index", "search", *LESSONS[:2]) else [LOOKS[PAGES.index(name) % len(LOOKS)]]
    found = [one for theme, width in looks for one in _barriers(browser, f"{address}/{name}.html", axe, theme, width)]
    assert found == []


def _barriers(browser, url: str, axe: str, theme: str, width: int) -> list[str]:
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(url, wait_until="networkidle")
    show_everything(page)
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    page.evaluate(axe)
    page.wait_for_timeout(200)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    context.close()
    return [
        f"{theme} {width}: {rule['id']} ({rule['impact']}): {rule['nodes'][0]['html'][:160]}"
        for rule in found
        if rule["id"] not in UNMENDABLE
    ]
