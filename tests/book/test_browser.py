"""The book in a browser: it loads without another host, typesets, searches, goes dark, fits a phone."""

import pytest

from tests.helpers.browser import IN_A_BROWSER, LESSONS, LIBRARY, PAGES
from tests.helpers.built_book import built_book

pytestmark = IN_A_BROWSER
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_whole_without_another_host(watched, page, address, name):
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    assert (watched.foreign, watched.trouble) == ([], [])
    broken = page.eval_on_selector_all(
        "img", "all => all.filter(i => i.complete && i.naturalWidth === 0).map(i => i.src)"
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
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest("math, svg"))
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
    assert page.evaluate("document.documentElement.scrollHeight") <= 32 * DESKTOP["height"]


@pytest.mark.parametrize("place", ["server", "file"])
def test_formulas_are_drawn_in_the_letters_of_the_book(watched, page, address, place):
    base = address if place == "server" else built_book().as_uri()
    page.goto(f"{base}/notation.html", wait_until="networkidle")
    assert page.locator("math").count() >= 10
    assert page.evaluate("document.fonts.check('16px \"STIX Two Math\"')")
    fraction = page.locator("math mfrac").first.bounding_box()
    assert fraction["height"] > 20  # numerator above denominator
    assert (watched.foreign, watched.trouble) == ([], [])


@pytest.mark.parametrize("place", ["server", "file"])
def test_search_finds_a_page_by_its_words(watched, page, address, place):
    base = address if place == "server" else built_book().as_uri()
    page.goto(f"{base}/search.html?q=bootstrap+interval")
    hit = page.locator("ul.search li a", has_text="Notation").first
    hit.wait_for()
    assert "notation.html" in hit.get_attribute("href")
    assert watched.foreign == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_search_finds_a_lesson(page, address, lesson):
    page.goto(f"{address}/{lesson}.html")
    title = page.locator("article h1").first.inner_text().strip(" #")
    words = "+".join(word for word in title.split() if word.isalpha())
    page.goto(f"{address}/search.html?q={words}")
    page.locator(f"ul.search li a[href*='{lesson}.html']").first.wait_for()


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
