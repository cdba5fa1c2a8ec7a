"""What a reader does on a page: predict, answer, enlarge, search, print, read in the dark and by keyboard."""

from __future__ import annotations

import json

import pytest

from tests.helpers.browser import IN_A_BROWSER, LESSONS, show_everything

pytestmark = IN_A_BROWSER
LESSON = "notebooks/03_what_is_a_good_mask"
HIDDEN = """() => [...document.querySelectorAll("article pre, article .text_html")]
            .filter((part) => part.checkVisibility() && part.scrollWidth > part.clientWidth + 1)
            .filter((part) => !(/auto|scroll/.test(getComputedStyle(part).overflowX) && part.tabIndex === 0
                && (part.tagName !== "PRE" || getComputedStyle(part).backgroundImage.includes("radial"))))
            .map((part) => part.textContent.slice(0, 60))"""
"""Code and tables that are cut without a bar to scroll, reached by keyboard, and a shadow at the cut."""
PHONE, LAPTOP = {"width": 390, "height": 844}, {"width": 1300, "height": 900}


@pytest.fixture
def lesson(page, address):
    page.goto(f"{address}/{LESSON}.html", wait_until="networkidle")
    page.wait_for_function("window.Course")
    return page


def test_an_output_is_folded_until_it_is_revealed_and_then_stands_beside_the_prediction(lesson):
    prompt = lesson.locator("#predict-2")
    output = lesson.locator(".predicted", has_text="right if all skin").first
    assert not output.is_visible()
    prompt.locator("input").fill("two thirds")
    prompt.get_by_role("button", name="Reveal").click()
    assert output.is_visible()
    said = lesson.locator(".predict-said:visible")
    assert "two thirds" in said.inner_text()
    # Measured at once, for the page may still be moving.
    one, other = output.evaluate("(it) => [it.previousElementSibling, it].map((box) => box.getBoundingClientRect())")
    assert one["right"] <= other["left"] and abs(one["top"] - other["top"]) < 40
    assert not lesson.locator("#predict-3 ~ .predict-pair .predicted").first.is_visible()
    lesson.reload()
    assert prompt.locator("input").input_value() == "two thirds"
    assert output.is_visible()
    assert "1 of 13" in lesson.locator(".predict-count").inner_text()


def test_a_switch_shows_everything_and_lasts(page, address, lesson):
    lesson.get_by_role("switch", name="Show everything").check()
    page.goto(f"{address}/notebooks/04_losses_and_optimisers.html")
    assert page.locator(".predicted").count() > 10
    assert page.locator(".predicted:not(:visible)").count() == 0
    assert page.locator(".predict-folded:visible").count() == 0


@pytest.mark.parametrize("name", LESSONS)
def test_every_prompt_has_a_control_and_no_reading_is_seen_before_it(page, address, name):
    page.goto(f"{address}/{name}.html")
    asked = page.locator("article blockquote", has_text="Predict").count()
    assert page.locator(".predict-form").count() == asked > 0
    assert page.locator(".predicted:visible").count() == 0


def test_without_scripts_and_on_paper_everything_is_there(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{LESSON}.html")
    assert page.locator(".predicted").count() == page.locator(".predicted:visible").count() > 10
    assert page.locator("#check-yourself details").count() > 10
    context.close()
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/{LESSON}.html", wait_until="networkidle")
    page.emulate_media(media="print")
    assert page.locator(".predicted").count() == page.locator(".predicted:visible").count() > 10
    assert page.locator(".predict-form:visible, .quiz-group:visible, .predict-folded:visible").count() == 0
    context.close()


def test_a_choice_is_judged_in_words_and_the_score_stays(lesson):
    first = lesson.get_by_role("radiogroup").first
    answers = first.get_by_role("radio")
    verdict = lesson.locator(".quiz-feedback").first
    seen = set()
    for i in range(answers.count()):
        answers.nth(i).check()
        said = verdict.locator("strong").first.inner_text()
        assert verdict.inner_text().strip() not in ("", said)
        seen.add(said)
        if said == "Right.":
            break
    assert "Right." in seen
    score = lesson.locator(".quiz-score")
    assert score.inner_text().startswith("1 of 6 right")
    lesson.reload()
    assert score.inner_text().startswith("1 of 6 right")
    assert verdict.locator("strong").first.inner_text() == "Right."
    score.get_by_role("button", name="Start again").click()
    assert score.inner_text().startswith("6 questions")
    assert lesson.locator("#check-yourself input:checked").count() == 0


@pytest.mark.parametrize("name", LESSONS)
def test_every_question_has_one_right_answer_to_choose(page, address, name):
    page.goto(f"{address}/{name}.html")
    groups = page.locator(".quiz-group")
    assert groups.count() >= 3
    right = page.evaluate(
        "() => [...document.querySelectorAll('.quiz-group')].map((group) => {"
        "  const inputs = [...group.querySelectorAll('input')];"
        "  return inputs.filter((input) => { input.click(); return group.querySelector('.right'); }).length; })"
    )
    assert right == [1] * groups.count()


def test_progress_is_shown_saved_as_a_file_and_taken_from_one(page, address, lesson, tmp_path):
    lesson.locator("#predict-1 button").click()
    page.goto(f"{address}/index.html")
    status = page.locator(".progress-tools [role=status]").first
    assert "1 % of the course" in status.inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file").click()
    file = tmp_path / "progress.json"
    download.value.save_as(file)
    assert json.loads(file.read_text())["predictions"]["03/1"]["revealed"] is True
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Forget").click()
    assert "Nothing done yet" in status.inner_text()
    page.locator("input[type=file]").set_input_files(file)
    page.locator(".progress-tools", has_text="Progress taken from progress.json").wait_for()
    assert "1 % of the course" in status.inner_text()
    file.write_text('{"version": 7}')
    page.locator("input[type=file]").set_input_files(file)
    page.locator(".progress-tools", has_text="holds no progress of this course").wait_for()
    assert "1 % of the course" in status.inner_text()


def test_the_first_page_leads_to_lesson_one_to_colab_and_says_how_long_each_lesson_takes(page, address):
    page.goto(f"{address}/index.html")
    times = page.locator(".lesson-time").all_inner_texts()
    assert len(times) == len(LESSONS) and all(times)
    assert "colab.research.google.com" in page.get_by_role("link", name="Open it in Colab").get_attribute("href")
    page.get_by_role("link", name="Start lesson 01").click()
    assert page.locator("article h1").inner_text().startswith("01")


def test_a_figure_opens_in_full_size_and_the_focus_comes_back(lesson):
    show_everything(lesson)
    lesson.set_viewport_size(PHONE)
    figure = lesson.locator("article figure a.image-reference").first
    small = figure.locator("img").bounding_box()["width"]
    figure.focus()
    lesson.keyboard.press("Enter")
    large = lesson.locator("dialog.lightbox[open] img")
    lesson.wait_for_function(  # as soon as the picture came: a reader may be faster than the network
        "small => document.querySelector('dialog.lightbox[open] img').getBoundingClientRect().width > 2 * small",
        arg=small,
    )
    lesson.keyboard.press("Escape")
    assert large.count() == 0
    assert lesson.evaluate("document.activeElement.matches('figure a.image-reference')")


@pytest.mark.parametrize("name", LESSONS)
@pytest.mark.parametrize("size", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_code_and_outputs_fit_or_show_that_they_scroll(page, address, name, size):
    page.set_viewport_size(size)
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    show_everything(page)
    for _ in range(20):  # what scrolls is marked when the browser has laid it out
        page.wait_for_timeout(200)
        if not (hidden := page.evaluate(HIDDEN)):
            break
    assert hidden == []


def test_eighty_eight_columns_of_code_fit_a_laptop(lesson):
    wide = lesson.evaluate(
        """() => { const pre = document.querySelector("article div.cell_input pre");
            pre.textContent = "x".repeat(88); return pre.scrollWidth - pre.clientWidth; }"""
    )
    assert wide <= 0


def test_photographs_keep_their_colours_in_the_dark(lesson):
    show_everything(lesson)
    lesson.evaluate("document.documentElement.dataset.theme = 'dark'")
    filters = lesson.eval_on_selector_all("article img", "all => all.map((one) => getComputedStyle(one).filter)")
    assert set(filters) == {"none"}


def test_paper_is_white_also_from_the_dark(lesson):
    lesson.emulate_media(color_scheme="dark")
    lesson.reload()
    assert lesson.evaluate("document.documentElement.dataset.theme") == "dark"
    lesson.emulate_media(media="print", color_scheme="dark")
    lesson.wait_for_function("document.documentElement.dataset.theme === 'light'")
    lesson.emulate_media(media="screen", color_scheme="dark")
    lesson.wait_for_function("document.documentElement.dataset.theme === 'dark'")


@pytest.mark.parametrize("name", LESSONS)
def test_no_code_is_cut_on_paper(page, address, name):
    page.set_viewport_size({"width": 720, "height": 1000})
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    page.emulate_media(media="print")
    cut = page.evaluate(
        "[...document.querySelectorAll('article pre')].filter((pre) => pre.scrollWidth > pre.clientWidth + 1).length"
    )
    assert cut == 0


@pytest.mark.parametrize("name", LESSONS)
def test_the_side_bar_shows_where_one_is(page, address, name):
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    page.wait_for_function(
        """() => { const bar = document.querySelector(".bd-sidebar-primary").getBoundingClientRect();
            const here = document.querySelector(".bd-sidebar-primary li.current > a").getBoundingClientRect();
            return here.top >= bar.top && here.bottom <= Math.min(bar.bottom, innerHeight); }""",
        timeout=10_000,
    )


def test_the_theme_switch_keeps_the_focus_and_says_its_state(lesson):
    button = lesson.locator("button.theme-switch-button:visible").first
    button.focus()
    names = set()
    for _ in range(3):
        lesson.keyboard.press("Enter")
        lesson.wait_for_timeout(50)
        assert lesson.evaluate("document.activeElement.classList.contains('theme-switch-button')")
        names.add(button.get_attribute("aria-label"))
    assert names == {"Colour mode: light", "Colour mode: dark", "Colour mode: as the system"}


def test_every_stop_of_the_tab_key_is_seen(lesson):
    unseen = []
    for _ in range(40):
        lesson.keyboard.press("Tab")
        found = lesson.evaluate(
            """() => { const one = document.activeElement; const style = getComputedStyle(one);
                const around = getComputedStyle(one.closest("form") ?? one);
                const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
                return ring || around.boxShadow !== "none" ? "" : one.outerHTML.slice(0, 90); }"""
        )
        unseen += [found] if found else []
    assert unseen == []


def test_search_answers_while_one_types_lessons_first_and_quotes_the_article(lesson):
    lesson.keyboard.press("Control+k")
    lesson.keyboard.type("receptive field")
    first = lesson.locator("#pst-search-dialog ul.search li").first
    first.wait_for()
    kinds = lesson.locator("#pst-search-dialog .search-kind").all_inner_texts()
    assert kinds[0] == "Lesson"
    assert "receptive" in first.inner_text().lower()
    for chrome in ("Launch", "Repository", "Suggest edit", "Skip to main"):
        assert chrome not in lesson.locator("#pst-search-dialog ul.search").inner_text()


def test_a_word_of_the_glossary_shows_its_entry(lesson):
    term = lesson.locator("a.term:visible", has_text="Jaccard index").first
    term.focus()
    note = lesson.get_by_role("tooltip")
    assert "overlap of two masks" in note.inner_text()
    lesson.keyboard.press("Escape")
    assert not note.is_visible()
    term.click()
    lesson.locator("article h1", has_text="Glossary").wait_for()


def test_a_mention_of_a_lesson_leads_there(lesson):
    link = lesson.get_by_role("link", name="lesson 01", exact=True).first
    assert link.get_attribute("title").startswith("01 ·")
    link.click()
    assert lesson.locator("article h1").inner_text().startswith("01")
