"""Stacked bars lay their parts end to end, say every number in words, and refuse what would mislead."""

import re

import pytest

from lesionseg_lib.plots.bars import stacked_bars

VALUES = {"files": {"decode": 40.0, "network": 60.0}, "arrays": {"decode": 0.0, "network": 61.0}}


def test_alt_text_holds_every_number_and_the_totals() -> None:
    alt = stacked_bars(VALUES, "milliseconds").alt_text
    assert alt == "milliseconds. files: decode 40, network 60, in all 100; arrays: decode 0, network 61, in all 61."


def test_parts_lie_end_to_end_and_differ_in_hatching() -> None:
    ax = stacked_bars(VALUES, "milliseconds").axes[0]
    decode, network = ax.containers
    for first, second in zip(decode.patches, network.patches, strict=True):
        assert second.get_x() == first.get_x() + first.get_width()
    assert decode.patches[0].get_hatch() != network.patches[0].get_hatch()


def test_narrow_parts_carry_no_number() -> None:
    texts = [text.get_text() for text in stacked_bars(VALUES, "milliseconds").axes[0].texts]
    assert sorted(texts) == ["100", "40", "60", "61", "61"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "0 parts"),
        ({"one": {str(i): 1.0 for i in range(7)}}, "7 parts"),
        ({"one": {"a": 1.0}, "two": {"b": 1.0}}, "'two' has {'b': 1.0}; expected ['a']"),
        ({"one": {"a": -1.0}}, "none of them negative"),
    ],
)
def test_what_cannot_be_drawn_is_refused(values: dict[str, dict[str, float]], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        stacked_bars(values, "milliseconds")
