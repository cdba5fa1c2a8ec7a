"""Bars: parameters, groups, stacks."""

import re

import pytest

from lesionseg_lib import plots
from lesionseg_lib.plots.bars import grouped_bars, stacked_bars


def test_parameter_bars_stack_frozen_on_trainable():
    """The published counts of the dilated decoder: 4,771,585 trainable and 2,223,872 frozen, 6,995,457 in all."""
    figure = plots.parameter_bars({"frozen": {"trainable": 4_771_585, "frozen": 2_223_872, "total": 6_995_457}})
    trainable, frozen = figure.axes[0].patches
    assert (trainable.get_x(), trainable.get_width()) == (0, 4.771585)
    assert (frozen.get_x(), frozen.get_width()) == (4.771585, 2.223872)
    assert frozen.get_hatch() and not trainable.get_hatch()
    assert [text.get_text() for text in figure.axes[0].texts] == ["4.77 M", "2.22 M", "7.00 M in all"]
    assert "6,995,457 in total, 4,771,585 trainable, 2,223,872 frozen" in figure.alt_text


SHARES = {"parameters": {"stage 1": 0.25, "decoder": 0.75}, "time": {"stage 1": 0.6, "decoder": 0.4}}


def test_groups_alt_text_holds_every_number() -> None:
    alt = grouped_bars(SHARES, "share", ".0%").alt_text
    assert alt == "share. parameters: stage 1 25%, decoder 75%; time: stage 1 60%, decoder 40%."


def test_bars_of_a_group_stand_side_by_side_in_the_order_of_the_series() -> None:
    ax = grouped_bars(SHARES, "share").axes[0]
    first, second = (container.patches for container in ax.containers)
    for (left, right), height in zip(zip(first, second, strict=True), ((0.25, 0.6), (0.75, 0.4)), strict=True):
        assert (left.get_height(), right.get_height()) == height
        assert left.get_x() + left.get_width() <= right.get_x()


def test_series_differ_in_hatching_not_in_colour_alone() -> None:
    ax = grouped_bars(SHARES, "share").axes[0]
    assert len({container.patches[0].get_hatch() for container in ax.containers}) == len(SHARES)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "0 series; expected 1 to 5"),
        ({str(i): {"a": 1.0} for i in range(6)}, "6 series; expected 1 to 5"),
        ({"one": {"a": 1.0}, "two": {"b": 1.0}}, "'two' has ['b'], expected ['a']"),
    ],
)
def test_groups_that_cannot_be_drawn_are_refused(values: dict[str, dict[str, float]], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        grouped_bars(values, "share")


TIMES = {"files": {"decode": 40.0, "network": 60.0}, "arrays": {"decode": 0.0, "network": 61.0}}


def test_alt_text_holds_every_number_and_the_totals() -> None:
    alt = stacked_bars(TIMES, "milliseconds").alt_text
    assert alt == "milliseconds. files: decode 40, network 60, in all 100; arrays: decode 0, network 61, in all 61."


def test_parts_lie_end_to_end_and_differ_in_hatching() -> None:
    ax = stacked_bars(TIMES, "milliseconds").axes[0]
    decode, network = ax.containers
    for first, second in zip(decode.patches, network.patches, strict=True):
        assert second.get_x() == first.get_x() + first.get_width()
    assert decode.patches[0].get_hatch() != network.patches[0].get_hatch()


def test_narrow_parts_carry_no_number() -> None:
    texts = [text.get_text() for text in stacked_bars(TIMES, "milliseconds").axes[0].texts]
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
def test_stacks_that_cannot_be_drawn_are_refused(values: dict[str, dict[str, float]], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        stacked_bars(values, "milliseconds")
