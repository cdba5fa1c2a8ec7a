"""Figures about scores say in words what they draw, and refuse what would be drawn wrongly."""

from __future__ import annotations

import re

import pytest

from lesionseg_lib import plots
from lesionseg_lib.teaching import figures


def test_jensen_gives_mean_and_bound_of_every_set() -> None:
    figure = figures.jensen({"two": [0.2, 1.0], "equal": [0.5, 0.5, 0.5]})
    # f(.6) = 1.2 / 1.6 = .75; (1 / 3 + 1) / 2 = 2 / 3
    assert "two: mean J 0.6000, mean D 0.6667, at most 0.7500 by the curve, 8.3 points more" in figure.alt_text
    assert "equal: mean J 0.5000, mean D 0.6667, at most 0.6667 by the curve, 0.0 points more" in figure.alt_text
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["two: 8.3 points below", "equal: 0.0 points below"]


def test_every_photo_lies_on_the_curve_and_the_mean_below() -> None:
    curve, photos, chord, _, bound, mean = figures.jensen({"two": [0.2, 1.0]}).axes[0].lines
    assert photos.get_ydata() == pytest.approx([1 / 3, 1.0]) and chord.get_xdata() == pytest.approx([0.2, 1.0])
    assert bound.get_ydata() == pytest.approx([0.75]) and mean.get_ydata() == pytest.approx([2 / 3])
    assert min(curve.get_xdata()) < 0.2


@pytest.mark.parametrize("photos", [{}, {"none": []}])
def test_jensen_needs_photos(photos: dict[str, list[float]]) -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        figures.jensen(photos)


def test_lines_tell_ends_and_best_and_differ_in_more_than_colour() -> None:
    figure = plots.lines([0.1, 0.5, 0.9], {"J": [0.2, 0.8, 0.4], "D": [0.3, 0.9, 0.5]}, "threshold", "mean")
    assert figure.alt_text == (
        "mean over threshold. J: 0.200 at 0.1, 0.400 at 0.9, highest 0.800 at 0.5; "
        "D: 0.300 at 0.1, 0.500 at 0.9, highest 0.900 at 0.5."
    )
    first, second = figure.axes[0].lines
    assert first.get_linestyle() != second.get_linestyle() and first.get_marker() != second.get_marker()


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ({}, "0 series over 2 places; expected 1 to 4"),
        ({str(i): [1.0, 2.0] for i in range(5)}, "5 series over 2 places"),
        ({"short": [1.0]}, "wrong: short"),
    ],
)
def test_lines_refuse_what_does_not_fit(series: dict[str, list[float]], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        plots.lines([0.0, 1.0], series, "x", "y")
