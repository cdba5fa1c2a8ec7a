"""Scores with their intervals, beside claims and costs."""

import numpy as np
import pytest

from lesionseg_lib import plots
from lesionseg_lib.plots.intervals import cost_scatter, forest, front

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
def test_costs_that_cannot_be_drawn_are_refused(rows: list, costs: dict) -> None:
    with pytest.raises(ValueError, match="expected at least one of each, and at most 8 groups"):
        cost_scatter(rows, costs)


def test_comparison_draws_value_interval_and_claim():
    rows = [
        {"name": "a", "value": 0.8, "low": 0.78, "high": 0.82, "claimed": 0.9},
        {"name": "b", "value": 0.7, "low": 0.6, "high": 0.8, "claimed": None},
    ]
    figure = plots.comparison(rows)
    (ax,) = figure.axes
    of_kind = {marker: [line for line in ax.lines if line.get_marker() == marker] for marker in "oD"}
    assert [line.get_xdata()[0] for line in of_kind["o"]] == [0.8, 0.7]
    assert [line.get_xdata()[0] for line in of_kind["D"]] == [0.9]
    assert [0.78, 0.82] in [list(line.get_xdata()) for line in ax.lines]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert ax.yaxis_inverted()  # the first row on top
    assert figure.alt_text.endswith("a: 0.800 (0.780 to 0.820), claimed 0.900; b: 0.700 (0.600 to 0.800).")


def test_comparison_without_claims_does_not_explain_them():
    figure = plots.comparison([{"name": "a", "value": 0.5, "low": 0.4, "high": 0.6}])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["measured, 95 % interval"]


GAINS = [
    {"name": "a", "group": "one", "value": 0.1, "low": 0.05, "high": 0.2, "wide": (-0.1, 0.3)},
    {"name": "b", "group": "one", "value": 0.5, "low": 0.4, "high": 0.6, "wide": (0.3, 0.7), "claimed": 0.8},
    {"name": "c", "group": "two", "value": -0.5, "low": -0.6, "high": -0.4},
]


def test_a_forests_alt_text_holds_every_number() -> None:
    alt = forest(GAINS, "gain", ("images", "and seeds"), 0.0, "+.2f").alt_text
    assert alt == (
        "gain; intervals: images, then and seeds. a +0.10 (+0.05 to +0.20; -0.10 to +0.30); "
        "b +0.50 (+0.40 to +0.60; +0.30 to +0.70), claimed +0.80; c -0.50 (-0.60 to -0.40)."
    )


def test_a_dot_is_filled_where_the_widest_interval_leaves_the_reference_out() -> None:
    (ax,) = forest(GAINS, "gain", reference=0.0).axes
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in dots] == [0.1, 0.5, -0.5]
    assert [line.get_color() == "white" for line in dots] == [True, False, False]


def test_rows_stand_below_their_heading_in_order() -> None:
    (ax,) = forest(GAINS, "gain").axes
    assert [(text.get_text(), text.get_position()[1]) for text in ax.texts] == [("one", 0), ("two", 3)]
    assert list(ax.get_yticks()) == [1, 2, 4]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a", "b", "c"]
    assert ax.yaxis_inverted()


def test_what_is_not_there_is_not_in_the_legend() -> None:
    figure = forest([{"name": "a", "value": 0.5, "low": 0.4, "high": 0.6}], "score", ("images", "seeds"))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["images"]
    assert not figure.axes[0].texts
    everything = forest(GAINS, "score", ("images", "seeds")).legends[0]
    assert [text.get_text() for text in everything.get_texts()] == ["images", "seeds", "claimed"]


def test_thirty_rows_still_fit_a_page() -> None:
    rows = [{"name": f"{i}", "value": i, "low": i - 1, "high": i + 1} for i in np.arange(30.0)]
    assert forest(rows, "score").get_figheight() < 9


def test_a_forest_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        forest([], "gain")
