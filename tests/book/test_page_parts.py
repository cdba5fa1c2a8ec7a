"""What the book's extensions make of a lesson: prompts, captions, links, the index of its search, its repairs."""

from __future__ import annotations

import io
import sys

import pytest
from docutils import nodes
from fontTools.ttLib import TTFont

from tools import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
pytest.importorskip("sphinx", reason="the extra 'book' is not installed")

import bundle
import cells
import contents
import figures
import markup
import mentions
import search_index

FONT = ROOT / "book" / "_static" / "vendor" / "stix-two-math" / "stix-two-math.woff"


def prompt(text: str, comment: str = "") -> nodes.block_quote:
    quote = nodes.block_quote(
        "", nodes.paragraph("", "", nodes.Text(""), nodes.strong("", "Predict."), nodes.Text(text))
    )
    if comment:
        quote += nodes.raw("", comment, format="html")
    return quote


def cell(*, classes: tuple[str, ...] = (), output: bool = True) -> nodes.container:
    parts = [nodes.container(nb_element="cell_code_source")]
    parts += [nodes.container(nb_element="cell_code_output")] if output else []
    return nodes.container("", *parts, nb_element="cell_code", classes=["cell", *classes])


def paragraph(text: str) -> nodes.paragraph:
    return nodes.paragraph("", text)


def folded(section: nodes.section) -> list[str]:
    """What is marked: "output", or the text of a group."""
    marked = [node for node in section.findall(nodes.container) if "predicted" in node["classes"]]
    return [node.astext() or "output" for node in marked]


def test_a_prompt_folds_outputs_and_the_text_that_reads_them_up_to_the_next_prompt():
    first, second = prompt("How many?"), prompt("And now?")
    section = nodes.section("", first, paragraph("before"), cell(), paragraph("reads it"), second, cell())
    cells._fold(first)
    assert folded(section) == ["output", "reads it"]
    cells._fold(second)
    assert folded(section) == ["output", "reads it", "output"]
    assert section.astext().count("before") == 1


@pytest.mark.parametrize("end", [nodes.section("", nodes.title("", "Next")), cell(classes=("tag_hide-cell",))])
def test_a_prompt_folds_nothing_beyond_a_heading_or_a_solution(end):
    asked = prompt("?")
    section = nodes.section("", asked, end.deepcopy(), cell(), paragraph("after"))
    cells._fold(asked)
    assert folded(section) == []


@pytest.mark.parametrize(
    ("comment", "attributes"),
    [
        ("<!-- choose: 10 % | 20 % -->", ' data-choices="10 % | 20 %"'),
        ("<!-- number: points -->", ' data-unit="points"'),
        ("<!-- note -->", ""),
        ("", ""),
    ],
)
def test_a_comment_says_how_to_answer(comment, attributes):
    asked = prompt("?", comment)
    assert cells._answers(asked) == attributes
    assert len(list(asked.findall(nodes.raw))) == (comment == "<!-- note -->")


def test_only_a_quotation_that_begins_so_is_a_prompt():
    assert cells.is_prompt(prompt("?"))
    assert not cells.is_prompt(nodes.block_quote("", paragraph("Predict. Not in bold.")))
    assert not cells.is_prompt(nodes.block_quote())


@pytest.mark.parametrize(
    ("text", "is_table"),
    [("J    D\n.5   .67\n.7   .82", True), ("A sentence.  Another one.\nAnd a third.", False), ("", False)],
)
def test_printed_columns_are_told_from_sentences(text, is_table):
    block = nodes.literal_block(text, text)
    cells._tell_columns(nodes.container("", block))
    assert ("columns" in block["classes"]) is is_table


def test_titles_and_marks_for_the_formatter_leave_the_code():
    assert cells.TITLE.sub("", "# @title Solution\nx = 1") == "x = 1"
    assert cells.FORMATTER.sub("", "x = [1,\n     2]  # fmt: skip\ny = 1") == "x = [1,\n     2]\ny = 1"


def test_a_caption_is_the_first_sentence_and_alt_text_stays_short():
    long = "Loss falls from .7 to .2. " + "Then it stays where it is for a while. " * 12
    caption, alt, whole = figures.split(long)
    assert caption == "Loss falls from .7 to .2."
    assert 200 < len(alt) <= figures.LONGEST and alt.endswith("while.")
    assert whole == long
    assert figures.split("Six masks.") == ("Six masks.", "Six masks.", "")
    assert len(figures.split("x" * 20 + " y" * 400)[1]) <= figures.LONGEST


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("as in lesson 01, see", ["01"]),
        ("Lessons 03, 05 and 11 say", ["03", "05", "11"]),
        ("lessons 06 to 08", ["06", "08"]),
        ("lesson\n07's network", ["07"]),
        ("lesson 2016 or seed 01", []),
    ],
)
def test_mentions_of_lessons_are_found(text, numbers):
    found = [n[1] for mention in mentions.LESSONS.finditer(text) for n in mentions.NUMBER.finditer(mention[0])]
    assert found == numbers


def test_words_of_the_glossary_are_found_in_any_number_and_at_a_sentences_start():
    terms = {"feature map": ("a", ""), "ROC": ("b", ""), "mask": ("c", "")}
    found = mentions._pattern(terms).findall("Feature\nmaps, masks and a ROC; unmasked, roc and mask-like are others.")
    assert [" ".join(word.split()) for word in found] == ["Feature map", "mask", "ROC"]
    assert mentions._pattern({"front": ("d", "")}).findall("In front of a point no other stands on the front.") == [
        "front"
    ]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Time: half an hour to read and try. Its cells", "half an hour"),
        ("Time: forty-five minutes, and more", "forty-five minutes"),
        ("You need nothing.", ""),
    ],
)
def test_a_lessons_time_is_taken_from_its_text(text, time):
    document = nodes.document(None, None)
    document += paragraph(text)
    assert contents.time_of(document) == time


def test_the_index_holds_prose_but_no_code_no_answers_and_no_solutions():
    section = nodes.section(
        "",
        nodes.title("", "Heading"),
        paragraph("Read me."),
        nodes.literal_block("", "code = 1"),
        cell(),
        nodes.raw("", "<details><summary>Hint</summary>", format="html"),
        paragraph("The answer."),
        nodes.raw("", "</details>", format="html"),
        nodes.container("", paragraph("What came out."), classes=["predicted"]),
        nodes.section("", nodes.title("", "Below"), paragraph("Elsewhere.")),
    )
    assert search_index.prose(section) == "Read me. What came out."


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("<th></th>", "<td></td>"),
        ('<th class="head"><p></p></th>', '<td class="head"></td>'),
        ("<th>J</th>", "<th>J</th>"),
        ('<summary aria-label="Toggle hidden content">', "<summary>"),
        ('<div role="doc-biblioentry">', '<div role="listitem">'),
    ],
)
def test_markup_is_repaired(wrong, right):
    assert markup.repaired(wrong) == right


def test_a_font_is_cut_to_the_characters_that_are_shown():
    with TTFont(io.BytesIO(bundle.cut(FONT, "∑=x"))) as font:
        assert {"∑", "=", "x"} <= {chr(code) for code in font.getBestCmap()}
        assert ord("y") not in font.getBestCmap()
        assert "MATH" in font  # signs that grow
    assert len(bundle.cut(FONT, "∑=x")) < FONT.stat().st_size / 10


def test_files_of_explorers_stay_where_a_page_asks_for_them():
    explorers = (
        '<link rel="stylesheet" href="../explorers/shared.css"><script defer src="../explorers/shared.js"></script>'
    )
    theme = '<script src="../_static/doctools.js?v=9a2dae69"></script>'
    page = bundle._asking(f"<head>{theme}</head><body>{explorers}</body>", "../")
    assert explorers in page and "doctools" not in page
    assert page.count("../_static/book.js") == page.count("../_static/book.css") == 1
