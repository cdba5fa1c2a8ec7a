"""Histories and other lines."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from lesionseg_lib import plots
from tests.helpers.figures import history


def test_curves_draw_every_run_and_mark_the_best_epoch():
    runs = {"first": history(0.5, 0.8, 0.7), "second": history(0.6, 0.6, 0.9)}
    figure = plots.curves(runs)
    loss, score = figure.axes
    np.testing.assert_allclose([line.get_ydata() for line in loss.lines[:2]], [[1, 1 / 2, 1 / 3], [2, 1, 2 / 3]])
    assert loss.lines[0].get_linestyle() != loss.lines[1].get_linestyle()
    assert loss.lines[1].get_marker() != loss.lines[3].get_marker()  # runs differ without colour too
    stars = [(line.get_xdata()[0], line.get_ydata()[0]) for line in score.lines if line.get_marker() == "*"]
    assert stars == [(2, 0.8), (3, 0.9)]
    assert "first: training loss 1.000 to 0.333, validation loss 2.000 to 0.667 in 3 epochs" in figure.alt_text
    assert "best validation Jaccard 0.800 at epoch 2" in figure.alt_text
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["first", "second"]


def test_curves_take_objects_and_runs_with_a_missing_score():
    rows = [SimpleNamespace(**row) for row in history(float("nan"), 0.4)]
    assert "best validation Jaccard 0.400 at epoch 2" in plots.curves({"run": rows}).alt_text


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
