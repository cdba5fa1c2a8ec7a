"""Grouped bars say in words what they draw, and refuse what would be drawn wrongly."""

import re

import pytest

from lesionseg_lib.plots.bars import grouped_bars

VALUES = {"parameters": {"stage 1": 0.25, "decoder": 0.75}, "time": {"stage 1": 0.6, "decoder": 0.4}}


def test_alt_text_holds_every_number() -> None:
    alt = grouped_bars(VALUES, "share", ".0%").alt_text
    assert alt == "share. parameters: stage 1 25%, decoder 75%; time: stage 1 60%, decoder 40%."


def test_bars_of_a_group_stand_side_by_side_in_the_order_of_the_series() -> None:
    ax = grouped_bars(VALUES, "share").axes[0]
    first, second = (container.patches for container in ax.containers)
    for (left, right), height in zip(zip(first, second, strict=True), ((0.25, 0.6), (0.75, 0.4)), strict=True):
        assert (left.get_height(), right.get_height()) == height
        assert left.get_x() + left.get_width() <= right.get_x()


def test_series_differ_in_hatching_not_in_colour_alone() -> None:
    ax = grouped_bars(VALUES, "share").axes[0]
    assert len({container.patches[0].get_hatch() for container in ax.containers}) == len(VALUES)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "0 series; expected 1 to 5"),
        ({str(i): {"a": 1.0} for i in range(6)}, "6 series; expected 1 to 5"),
        ({"one": {"a": 1.0}, "two": {"b": 1.0}}, "'two' has ['b'], expected ['a']"),
    ],
)
def test_what_cannot_be_drawn_is_refused(values: dict[str, dict[str, float]], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        grouped_bars(values, "share")
