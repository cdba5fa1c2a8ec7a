import numpy as np
import pytest

from lesionseg_lib import plots
from lesionseg_lib.errors import ShapeError

PHOTO = np.full((8, 8, 3), 90, np.uint8)
SQUARE = np.zeros((8, 8), bool)
SQUARE[2:6, 2:6] = True
COARSE = np.arange(4.0).reshape(2, 2)


def test_a_coarse_map_covers_the_photo_of_its_row():
    figure = plots.panels([[PHOTO, SQUARE, COARSE]], [["photo", "mask", "map"]], "A photo.")
    assert [ax.get_title() for ax in figure.axes] == ["photo", "mask", "map"]
    assert [ax.images[0].get_array().shape for ax in figure.axes] == [(8, 8, 3), (8, 8), (2, 2)]
    assert {tuple(ax.images[0].get_extent()) for ax in figure.axes} == {(-0.5, 7.5, 7.5, -0.5)}
    assert figure.alt_text == "A photo." and figure.mimebundle()[0]["image/jpeg"]


def test_outlines_are_drawn_where_given():
    figure = plots.panels([[PHOTO, COARSE]], [["", ""]], "A photo.", [[None, SQUARE]])
    assert [len(ax.collections) for ax in figure.axes] == [0, 1]


@pytest.mark.parametrize(
    ("rows", "titles", "outlines"),
    [
        ([], [], None),
        ([[PHOTO]], [["a", "b"]], None),
        ([[PHOTO, COARSE], [PHOTO]], [["a", "b"], ["a"]], None),
        ([[PHOTO]], [["a"]], [[SQUARE[:4]]]),
    ],
)
def test_numbers_and_sizes_must_fit(rows, titles, outlines):
    with pytest.raises(ShapeError, match="panels: "):
        plots.panels(rows, titles, "A photo.", outlines)
