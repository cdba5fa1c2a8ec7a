import numpy as np
import pytest

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.teaching import figures

PHOTO = np.full((64, 64, 3), 90, np.uint8)


def test_squares_are_drawn_around_the_middle_and_told_in_words():
    figure = figures.receptive_fields(PHOTO, {"stride 4": 19, "stride 32": 491})
    close, far = figure.axes
    small, large = ((22.5, 22.5), 19), ((-213.5, -213.5), 491)
    assert [(p.get_xy(), p.get_width()) for p in close.patches] == [small, large]
    assert [(p.get_xy(), p.get_width()) for p in far.patches] == [large]
    assert np.ptp(close.get_xlim()) < 70 and np.ptp(far.get_xlim()) > 491
    assert "stride 4 19, stride 32 491. 1 of 2 are larger than the photo." in figure.alt_text
    assert "stride 32: 491 px" in [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize("count", [0, 9])
def test_one_to_eight_squares(count):
    with pytest.raises(ShapeError, match="expected 1 to 8"):
        figures.receptive_fields(PHOTO, {str(n): 3 for n in range(count)})
