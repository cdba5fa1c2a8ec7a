"""Histograms and strips say their medians in words and leave out what is no number."""

import numpy as np
import pytest

from lesionseg_lib.plots.distributions import histograms, strips


def test_a_histogram_has_every_number_and_its_median_in_the_alt_text():
    figure = histograms({"area": [0.1, 0.2, 0.6, np.nan], "contrast": [1, 2, 3]})
    assert "area: 3 values, median 0.2" in figure.alt_text
    counts = [sum(patch.get_height() for patch in ax.patches) for ax in figure.axes]
    assert counts == [3, 3]


def test_panels_that_are_left_over_are_empty():
    figure = histograms({str(number): [1, 2] for number in range(4)}, columns=3)
    assert [ax.axison for ax in figure.axes] == [True] * 4 + [False] * 2


def test_strips_show_each_number_and_the_medians():
    figure = strips({"hair": {"none": [0.0, 0.1, np.nan], "some": [0.3, 0.5, 0.9]}, "ITA": {"I": [80]}})
    assert figure.alt_text == "Dots in groups, with medians. hair: none 0.05, some 0.5; ITA: I 80."
    dots, bar, *_ = figure.axes[0].lines
    np.testing.assert_array_equal(dots.get_ydata(), [0.0, 0.1])
    assert list(bar.get_ydata()) == [0.05, 0.05]


@pytest.mark.parametrize("draw", [histograms, lambda values: strips({"hair": values})])
def test_nothing_to_draw_is_refused(draw):
    with pytest.raises(ValueError, match="no number to draw"):
        draw({"area": [np.nan]})
