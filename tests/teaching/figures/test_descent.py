"""Paths down a valley: every start and end in the alt text, lines told apart without colour."""

from __future__ import annotations

import numpy as np
import pytest

from lesionseg_lib.teaching import figures

PATH = np.array([[2.0, 1.0], [1.0, 0.5], [0.5, 0.0]])


def height(x, y):
    return x**2 + y**2


def test_it_tells_how_far_each_came() -> None:
    figure = figures.descent(height, {"a": PATH, "b": PATH[:2]})
    assert figure.alt_text == "Paths down a valley. a: from 5 to 0.25 in 2 steps; b: from 5 to 1.25 in 1 steps."
    left, right = figure.axes
    assert right.get_yscale() == "log"
    assert left.lines[0].get_linestyle() != left.lines[1].get_linestyle()
    assert left.lines[0].get_marker() != left.lines[1].get_marker()
    assert figure.mimebundle()[0]["image/svg+xml"]


@pytest.mark.parametrize("paths", [{}, {"no steps": PATH[:1]}, {"flat": np.zeros(3)}, dict.fromkeys("abcdef", PATH)])
def test_what_is_no_path_is_refused(paths) -> None:
    with pytest.raises(ValueError, match="expected 1 to 5"):
        figures.descent(height, paths)
