"""What a loss does to pixels, drawn: one scale for all maps, and every number in the alt text."""

from __future__ import annotations

import numpy as np
import pytest

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.teaching import figures

TRUTH = np.zeros((8, 12), bool)
TRUTH[2:6, 3:8] = True
PULL = np.where(TRUTH, 4.0, -1.0)


def test_maps_share_a_scale_whatever_the_size_of_the_loss() -> None:
    figure = figures.gradient_maps({"one": PULL, "a thousand": 1000 * PULL}, TRUTH, TRUTH)
    one, thousand = [ax.images[0] for ax in figure.axes if ax.images]
    assert np.allclose(one.get_array(), thousand.get_array())
    assert one.get_clim() == thousand.get_clim()
    assert one.get_clim()[0] == -one.get_clim()[1]
    mean = np.abs(PULL).mean()
    assert one.get_array()[3, 4] == pytest.approx(np.sqrt(4 / mean))
    assert f"one: up to {4 / mean:.1f} times upwards, {1 / mean:.1f} down" in figure.alt_text
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["truth", "prediction"]
    assert figure.mimebundle()[0]["image/png"]


def test_an_empty_place_in_the_grid_is_no_panel() -> None:
    figure = figures.gradient_maps({str(n): PULL for n in range(4)}, TRUTH, TRUTH)
    assert sum(bool(ax.images) for ax in figure.axes) == 4


def test_shapes_that_differ_are_named() -> None:
    with pytest.raises(ShapeError, match=r"maps \{'wrong': \(2, 2\)\}"):
        figures.gradient_maps({"wrong": np.zeros((2, 2))}, TRUTH, TRUTH)
    with pytest.raises(ShapeError, match="maps 0"):
        figures.gradient_maps({}, TRUTH, TRUTH)


def test_one_pixel_tells_where_each_loss_is_steepest_and_where_it_ends() -> None:
    z = np.linspace(-4, 8, 13)
    figure = figures.pixel_curves(z, {"bce": (z, np.ones(13)), "dice": (z, np.exp(-(z**2)))}, "logit")
    assert "dice: gradient at most 1.00, at logit 0, and 1.6e-28 at 8" in figure.alt_text
    left, right = figure.axes
    assert [line.get_linestyle() for line in left.lines] == [line.get_linestyle() for line in right.lines]
    assert left.lines[0].get_linestyle() != left.lines[1].get_linestyle()


@pytest.mark.parametrize("curves", [{}, {"short": (np.zeros(2), np.zeros(2))}])
def test_one_pixel_refuses_curves_of_another_length(curves) -> None:
    with pytest.raises(ValueError, match="expected 1 to 5"):
        figures.pixel_curves(np.zeros(3), curves, "logit")
