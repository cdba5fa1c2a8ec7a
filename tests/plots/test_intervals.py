"""Accuracy against cost: the front is right, named, and told in words."""

import pytest

from lesionseg_lib.plots.intervals import cost_scatter, front

ROWS = [
    {"name": "small", "group": "A", "score": 0.7, "low": 0.6, "high": 0.8, "macs": 10.0, "ms": 5.0},
    {"name": "large", "group": "B", "score": 0.8, "low": 0.7, "high": 0.9, "macs": 1000.0, "ms": 4.0},
    {
        "name": "wasteful",
        "group": "B",
        "score": 0.75,
        "low": 0.7,
        "high": 0.8,
        "macs": 2000.0,
        "ms": 50.0,
        "open": True,
    },
]
COSTS = {"macs": "million MACs", "ms": "milliseconds"}


@pytest.mark.parametrize(
    ("costs", "scores", "expected"),
    [
        ([1, 2, 3], [0.1, 0.2, 0.3], [0, 1, 2]),
        ([3, 2, 1], [0.1, 0.2, 0.3], [2]),
        ([1, 1, 2], [0.1, 0.2, 0.2], [1]),  # equal cost: the better; equal score: the cheaper
        ([], [], []),
    ],
)
def test_the_front_is_what_nobody_beats(costs: list[float], scores: list[float], expected: list[int]) -> None:
    assert front(costs, scores) == expected


def test_alt_text_tells_the_front_of_every_cost() -> None:
    assert cost_scatter(ROWS, COSTS).alt_text == (
        "mean Jaccard against cost, 3 networks. million MACs, front: small 10 (0.700), large 1e+03 (0.800); "
        "milliseconds, front: large 4 (0.800)."
    )


def test_axes_of_cost_are_logarithmic_and_the_front_is_named() -> None:
    macs, ms = cost_scatter(ROWS, COSTS).axes
    assert macs.get_xscale() == ms.get_xscale() == "log"
    assert [text.get_text() for text in macs.texts] == ["1", "2", "1 small\n2 large"]
    assert [text.get_text() for text in ms.texts] == ["1", "1 large"]


def test_groups_differ_in_marker_and_frozen_ones_are_open() -> None:
    ax = cost_scatter(ROWS, COSTS).axes[0]
    dots = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert [line.get_marker() for line in dots] == ["o", "s", "s"]
    assert [line.get_color() == "white" for line in dots] == [False, False, True]


def test_the_names_stand_where_no_low_point_is() -> None:
    low = {"name": "bad", "group": "A", "score": 0.1, "low": 0.0, "high": 0.2}
    sides = [
        cost_scatter([*ROWS, {**low, "macs": macs, "ms": 9.0}], COSTS).axes[0].texts[-1] for macs in (11.0, 1900.0)
    ]
    assert [text.get_ha() for text in sides] == ["right", "left"]


def test_an_odd_number_of_costs_leaves_no_empty_panel() -> None:
    assert len(cost_scatter(ROWS, {**COSTS, "score": "score"}).axes) == 3


@pytest.mark.parametrize(
    ("rows", "costs"), [([], COSTS), (ROWS, {}), ([{**ROWS[0], "group": str(i)} for i in range(9)], COSTS)]
)
def test_what_cannot_be_drawn_is_refused(rows: list, costs: dict) -> None:
    with pytest.raises(ValueError, match="expected at least one of each, and at most 8 groups"):
        cost_scatter(rows, costs)
