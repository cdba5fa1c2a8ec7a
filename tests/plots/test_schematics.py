"""Schematics: what they say follows the shapes that they are given."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from lesionseg_lib.plots import schematics
from lesionseg_lib.plots.sketch import Sketch

ENCODER = [(16, 64), (24, 32), (32, 16), (96, 8), (1280, 4)]
DECODER = [(128, 8), (64, 16), (32, 32), (16, 64)]


def words(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]


def told(svg: str) -> str:
    return ElementTree.fromstring(svg).attrib["aria-label"]


ALL = [
    schematics.pyramid(128, ENCODER),
    schematics.skips(ENCODER, DECODER),
    schematics.skips(ENCODER, DECODER, backwards=True),
    schematics.stamps((2, 3, 4), 2, 6),
    schematics.inverted_residual(32, 192, 32, 1),
    schematics.fields([11, 491], [2, 32], 128),
    schematics.freezing([10, 20], [("none", (1, 2)), ("all", ())]),
    schematics.gate((24, 32), (64, 16), 12),
    schematics.parallel_branches((96, 8), 64, (2, 3)),
    schematics.rates_on_a_line((1, 4), 8),
    schematics.timeline(3, 1, 6, 2),
]


@pytest.mark.parametrize("svg", ALL)
def test_a_schematic_takes_the_pages_colours_says_itself_and_draws_inside_its_frame(svg):
    root = ElementTree.fromstring(svg)
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    assert 20 < len(root.attrib["aria-label"]) <= 300
    assert "black" not in svg and "#000" not in svg
    for box in root.iter("{http://www.w3.org/2000/svg}rect"):
        x, y, w, h = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        assert x >= -1 and x + w <= width + 1 and y >= -1 and y + h <= height + 1


def test_shapes_are_written_as_they_were_given():
    assert {"16 x 64 x 64", "1,280 x 4 x 4"} <= set(words(ALL[0]))
    assert {"12 x 16 x 16", "1 x 16 x 16"} <= set(words(ALL[7]))
    assert "256 x 8 x 8" in words(ALL[8])  # four branches of 64


def test_skips_wired_backwards_show_what_does_not_fit():
    assert not [word for word in words(ALL[1]) if word.startswith("gets")]
    assert [word for word in words(ALL[2]) if word.startswith("gets")] == [
        "gets 8, has 64", "gets 16, has 32", "gets 32, has 16", "gets 64, has 8",
    ]  # fmt: skip


def test_stamps_are_counted():
    # Kernel 3 at stride 2, six cells: 0 1 2 | 2 3 4 | ...: every second pixel is stamped twice.
    counts = [word for word in words(schematics.stamps((3,), 2, 6)) if word.isdigit()]
    assert counts == ["1", "1", "2", "1", "2", "1", "2", "1", "2", "1", "2", "1", "1"]
    assert told(ALL[3]).endswith("kernel 2: even; kernel 3: a checkerboard; kernel 4: even.")


def test_weights_on_padding_are_counted():
    # Cell 4 of 8: rate 1 reads 3, 4, 5; rate 4 reads 0, 4 and 8, which is outside.
    assert told(ALL[9]).endswith("rate 1: 0 of 3 weights on padding; rate 4: 1 of 3 weights on padding.")


def test_a_timeline_adds_up():
    # In turn 6 x (3 + 1). Two workers deliver pairs at 3, 6 and 9; the last two steps end at 11.
    assert told(ALL[10]) == "6 batches take 24 in turn, and 11 if 2 workers load ahead."


def test_an_added_input_is_drawn_only_where_shapes_allow_it():
    assert "added" in words(ALL[4])
    assert "added" not in words(schematics.inverted_residual(24, 144, 32, 2))


def test_text_is_escaped():
    sketch = Sketch(10, 10)
    sketch.box(0, 0, 5, 5, "a < b & c")
    assert re.search("a &lt; b &amp; c", sketch.svg("x"))
