"""The reliability diagram: every number in the alt text, lines told apart without colour."""

import numpy as np
import pytest

from lesionseg_lib.plots.reliability import reliability

BINS = (np.array([0.7, 0.0, 0.3]), np.array([0.1, np.nan, 0.8]), np.array([0.0, np.nan, 0.9]))


def test_it_tells_its_numbers_and_skips_empty_bins() -> None:
    figure = reliability({"net": BINS, "other": BINS})
    assert figure.alt_text == (
        "Reliability diagram. net: p 0.10 is lesion 0.00, p 0.80 is lesion 0.90; "
        "other: p 0.10 is lesion 0.00, p 0.80 is lesion 0.90."
    )
    left, right = figure.axes
    assert left.lines[0].get_xdata().tolist() == [0, 1]  # the diagonal: what may be believed
    assert right.lines[0].get_ydata() == pytest.approx([70, 30])
    assert figure.mimebundle()[0]["image/svg+xml"]


def test_lines_differ_in_style_and_marker() -> None:
    _, one, other = reliability({"net": BINS, "other": BINS}).axes[0].lines
    assert one.get_linestyle() != other.get_linestyle()
    assert one.get_marker() != other.get_marker()


@pytest.mark.parametrize("number", [0, 5])
def test_what_cannot_be_told_apart_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match=f"{number} models; expected 1 to 4"):
        reliability({str(i): BINS for i in range(number)})
