"""Forest plots draw both intervals, fill what leaves the reference out, and say every number."""

import numpy as np
import pytest

from lesionseg_lib.plots.intervals import forest

ROWS = [
    {"name": "a", "group": "one", "value": 0.1, "low": 0.05, "high": 0.2, "wide": (-0.1, 0.3)},
    {"name": "b", "group": "one", "value": 0.5, "low": 0.4, "high": 0.6, "wide": (0.3, 0.7), "claimed": 0.8},
    {"name": "c", "group": "two", "value": -0.5, "low": -0.6, "high": -0.4},
]


def test_alt_text_holds_every_number() -> None:
    alt = forest(ROWS, "gain", ("images", "and seeds"), 0.0, "+.2f").alt_text
    assert alt == (
        "gain; intervals: images, then and seeds. a +0.10 (+0.05 to +0.20; -0.10 to +0.30); "
        "b +0.50 (+0.40 to +0.60; +0.30 to +0.70), claimed +0.80; c -0.50 (-0.60 to -0.40)."
    )


def test_a_dot_is_filled_where_the_widest_interval_leaves_the_reference_out() -> None:
    (ax,) = forest(ROWS, "gain", reference=0.0).axes
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in dots] == [0.1, 0.5, -0.5]
    assert [line.get_color() == "white" for line in dots] == [True, False, False]


def test_rows_stand_below_their_heading_in_order() -> None:
    (ax,) = forest(ROWS, "gain").axes
    assert [(text.get_text(), text.get_position()[1]) for text in ax.texts] == [("one", 0), ("two", 3)]
    assert list(ax.get_yticks()) == [1, 2, 4]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a", "b", "c"]
    assert ax.yaxis_inverted()


def test_what_is_not_there_is_not_in_the_legend() -> None:
    figure = forest([{"name": "a", "value": 0.5, "low": 0.4, "high": 0.6}], "score", ("images", "seeds"))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["images"]
    assert not figure.axes[0].texts
    everything = forest(ROWS, "score", ("images", "seeds")).legends[0]
    assert [text.get_text() for text in everything.get_texts()] == ["images", "seeds", "claimed"]


def test_thirty_rows_still_fit_a_page() -> None:
    rows = [{"name": f"{i}", "value": i, "low": i - 1, "high": i + 1} for i in np.arange(30.0)]
    assert forest(rows, "score").get_figheight() < 9


def test_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        forest([], "gain")
