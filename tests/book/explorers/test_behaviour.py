"""What a reader meets: each explorer loads, answers keys and touch, follows the theme, fits a phone and prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.helpers.explorers import Watched
from tools.explorer_pictures import extension, ready
from tools.explorers import EXPLORERS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
NAMES = [name for name in extension().read_entries(EXPLORERS) if ready(name)]
EACH = pytest.mark.parametrize("name", NAMES)

KEYS = {
    "where-to-cut": ("input[type=range]", "ArrowLeft"),
    "mistakes": (".ex-columns canvas[tabindex]", "ArrowRight"),
    "how-sure": ("button", "Enter"),
    "pull": ("canvas[tabindex]", "Enter"),
    "valley": ("canvas[tabindex]", "ArrowRight"),
    "skips": ("input[role=switch]", " "),
    "field": ("canvas[tabindex] >> nth=1", "Shift+ArrowRight"),
    "claims": ("canvas[tabindex]", "ArrowUp"),
    "ranking": ("input[type=range] >> nth=1", "ArrowRight"),
    "network": ("input[value=map]", " "),
}
"""A control of each explorer and a key: what is shown must change."""

SHOWN = """() => [...document.querySelectorAll(".ex-tiles dd, .ex-says, output")].map((e) => e.textContent)
    .concat([...document.querySelectorAll(".explorer canvas")].map((c) => c.toDataURL()))"""


@EACH
def test_it_loads_alone_and_quietly_from_disk(watched: Watched, pages: dict[str, Path], name: str) -> None:
    page = watched.open(pages[name])
    assert (watched.trouble, watched.foreign) == ([], [])
    assert page.locator(".explorer-still").is_hidden()
    assert page.locator(":is(.ex-tiles dd, output)").first.inner_text().strip()
    assert page.locator(".ex-says").first.inner_text().strip()


@EACH
def test_a_key_changes_what_is_shown(watched: Watched, pages: dict[str, Path], name: str) -> None:
    page = watched.open(pages[name])
    selector, key = KEYS[name]
    before = page.evaluate(SHOWN)
    page.locator(f".explorer {selector}").first.focus()
    page.keyboard.press(key)
    page.wait_for_timeout(200)
    assert page.evaluate(SHOWN) != before
    assert watched.trouble == []


@EACH
def test_every_control_is_reached_by_tab_shows_its_focus_and_has_a_name(
    watched: Watched, pages: dict[str, Path], name: str
) -> None:
    page = watched.open(pages[name])
    wanted = page.evaluate(
        """() => [...document.querySelectorAll(".explorer :is(button, input, select, canvas[tabindex])")]
            .filter((e) => e.type !== "radio" || e.checked).map((e, i) => (e.dataset.seen = i))"""
    )
    reached = []
    for _ in range(len(wanted) + 2):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => {
                const e = document.activeElement, ring = e.type === "radio" ? e.nextElementSibling : e;
                const style = getComputedStyle(ring);
                const of = (label) => label.textContent + (label.querySelector("canvas")?.ariaLabel ?? "");
                const labels = [...(e.labels ?? [])].map(of);
                const name = e.ariaLabel || e.textContent.trim() || labels.join("");
                return [e.dataset.seen ?? null, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
                        Boolean(name.trim())];
            }"""
        )
        if found[0] is not None:
            reached.append(int(found[0]))
            assert found[1:] == [True, True], page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
    assert sorted(set(reached)) == wanted


@EACH
def test_it_follows_the_theme(watched: Watched, pages: dict[str, Path], name: str) -> None:
    page = watched.open(pages[name])
    if name == "network":
        page.locator("input[value=map]").check()  # a photograph keeps its colours
    picture = "[...document.querySelectorAll('.explorer canvas')].map((c) => c.toDataURL())"
    light = page.evaluate(picture)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_timeout(300)
    assert all(a != b for a, b in zip(light, page.evaluate(picture), strict=True))


@EACH
def test_it_fits_a_phone_and_answers_to_touch(browser: Browser, pages: dict[str, Path], name: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, reduced_motion="reduce")
    watched = Watched(context)
    page = watched.open(pages[name])
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    beyond = "[...document.querySelectorAll('.explorer-body *')].filter((e) => e.getBoundingClientRect().right > 349)"
    assert page.evaluate(f"{beyond}.filter((e) => !e.closest('.ex-unseen')).map((e) => e.className)") == []
    small = """[...document.querySelectorAll(".explorer :is(button, .ex-choice span, .ex-toggle, input[type=range])")]
        .map((e) => e.getBoundingClientRect()).filter((r) => r.height < 24).length"""
    assert page.evaluate(small) == 0
    before = page.evaluate(SHOWN)
    if buttons := page.locator(".explorer :is(.ex-choice label, .ex-button, .ex-toggle)").all():
        buttons[-1].tap()
        page.wait_for_timeout(200)
    if page.evaluate(SHOWN) == before:  # there is none, or it changes the next stroke only
        page.locator(".explorer canvas.is-live").first.tap(position={"x": 60, "y": 40})
        page.wait_for_timeout(200)
    assert page.evaluate(SHOWN) != before
    assert watched.trouble == []
    context.close()


@EACH
def test_what_is_seen_is_told_to_a_screen_reader(watched: Watched, pages: dict[str, Path], name: str) -> None:
    page = watched.open(pages[name])
    page.wait_for_timeout(700)
    said = page.locator(".explorer [role=status]").first.text_content()
    assert said == page.locator(".ex-says").first.text_content()


@EACH
@pytest.mark.parametrize("how", ["print", "no scripts"])
def test_in_print_and_without_scripts_its_picture_stands(
    browser: Browser, pages: dict[str, Path], name: str, how: str
) -> None:
    context = browser.new_context(java_script_enabled=how == "print", reduced_motion="reduce")
    page = context.new_page()
    page.goto(pages[name].as_uri())
    if how == "print":
        page.wait_for_selector(".explorer.is-live")
        page.emulate_media(media="print")
    else:
        assert page.locator("noscript p").count() == 1  # which Chromium shows to those who really have no scripts
    image = page.locator(".explorer-still img")
    assert image.is_visible() and page.locator(".explorer-body").is_hidden()
    assert len(image.get_attribute("alt") or "") > 60
    if how == "print":
        image.evaluate("(i) => i.decode()")
        assert image.evaluate("(i) => i.naturalWidth") > 1000
    context.close()


@EACH
def test_its_picture_is_asked_for_only_where_the_scripts_cannot_come(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    for there in (True, False):
        context = browser.new_context(reduced_motion="reduce")
        if not there:
            context.route("**/explorer.js", lambda route: route.abort())
        page, asked = context.new_page(), []
        page.on("request", lambda request, asked=asked: asked.append(Path(request.url).name))
        page.goto(pages[name].as_uri())
        if there:
            page.wait_for_selector(".explorer.is-live")
        else:
            page.wait_for_selector(".explorer-still img", state="visible")
            page.locator(".explorer-still img").evaluate("(i) => i.decode()")
        assert ("still.png" in asked) != there
        context.close()


def drag(page: Page, selector: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one place of a canvas to another, in shares of its width and height."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    for k, (x, y) in enumerate([start, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), end]):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if k == 0:
            page.mouse.down()
    page.mouse.up()
    page.wait_for_timeout(200)


def tiles(page: Page) -> dict[str, str]:
    pairs: dict[str, str] = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".ex-tiles > div")]
            .map((e) => [e.querySelector("dt").textContent, e.querySelector("dd").textContent]))"""
    )
    return pairs


def test_a_disc_dragged_home_scores_one(watched: Watched, pages: dict[str, Path]) -> None:
    page = watched.open(pages["mistakes"])
    page.get_by_role("button", name="undo all").click()
    assert (tiles(page)["J"], tiles(page)["Hausdorff 95 %"]) == ("1.00", "0 px")
    drag(page, ".ex-columns canvas", (0.5, 0.5), (0.7, 0.5))
    assert float(tiles(page)["J"]) < 0.5
    drag(page, ".ex-columns canvas", (0.7, 0.5), (0.5, 0.5))
    assert tiles(page)["J"] == "1.00"


def test_the_four_mistakes_have_one_j_and_three_other_scores(watched: Watched, pages: dict[str, Path]) -> None:
    page = watched.open(pages["mistakes"])
    rows = [card.inner_text().split("\n") for card in page.locator(".ex-card").all()]
    assert [[line for line in row if line.startswith("J")] for row in rows] == [["J .80"]] * 4
    assert len({row[-1] for row in rows}) == 4


def test_painting_an_island_changes_the_mask_and_the_pull(watched: Watched, pages: dict[str, Path]) -> None:
    page = watched.open(pages["pull"])
    page.get_by_role("button", name="no mistake").click()
    assert tiles(page)["J of the mask"] == "1.00"
    drag(page, ".ex-columns canvas", (0.1, 0.1), (0.2, 0.1))
    assert float(tiles(page)["J of the mask"]) < 1
    assert tiles(page)["pull here, times the mean"].endswith("down")


def test_a_threshold_dragged_on_the_chart_moves_the_slider(watched: Watched, pages: dict[str, Path]) -> None:
    page = watched.open(pages["where-to-cut"])
    sensitivity = float(tiles(page)["sensitivity"])
    drag(page, "canvas[aria-label*='drag to move']", (0.6, 0.5), (0.9, 0.5))
    assert float(page.locator(".ex-slider input").input_value()) > 0.8
    assert float(tiles(page)["sensitivity"]) < sensitivity


def test_balls_roll_unless_the_reader_wants_no_motion(browser: Browser, pages: dict[str, Path]) -> None:
    steps = {}
    for motion in ("reduce", "no-preference"):
        context = browser.new_context(reduced_motion=motion)
        page = Watched(context).open(pages["valley"])
        steps[motion] = [page.locator("output").first.inner_text()]
        page.wait_for_timeout(900)
        steps[motion].append(page.locator("output").first.inner_text())
        context.close()
    assert steps["reduce"] == ["150", "150"]
    assert int(steps["no-preference"][0]) < int(steps["no-preference"][1]) < 150


def test_more_photos_give_narrower_intervals(watched: Watched, pages: dict[str, Path]) -> None:
    page = watched.open(pages["how-sure"])
    widths = []
    for photos in ("10", "300"):
        page.locator("input[type=range]").fill(photos)
        page.get_by_role("button", name="draw 50").click()
        assert tiles(page)["draws"] == "51"
        widths.append(float(tiles(page)["half the width, points"].split()[1]))
    assert widths[0] > 3 * widths[1]


def test_an_impossible_pair_is_called_so(watched: Watched, pages: dict[str, Path]) -> None:
    page = watched.open(pages["claims"])
    iou, dice = page.locator("input[type=number]").all()
    for pair, verdict in (
        (("0.5", "0.7"), "impossible"),
        (("0.5", "0.66"), "possible"),
        (("0.5", "0.4"), "impossible"),
    ):
        iou.fill(pair[0])
        assert iou.input_value() == pair[0]  # what is being typed is left as it is
        dice.fill(pair[1])
        assert page.locator(".ex-verdict").inner_text() == verdict


@EACH
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(watched: Watched, pages: dict[str, Path], axe: str, name: str, theme: str) -> None:
    page = watched.open(pages[name])
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.wait_for_timeout(300)
    page.evaluate(axe)
    found = page.evaluate("axe.run(document).then((r) => r.violations.map((v) => [v.id, v.nodes.map((n) => n.html)]))")
    assert found == []
