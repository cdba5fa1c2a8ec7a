"""The figure of mean and bound says in words what it draws."""

from __future__ import annotations

import pytest

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
