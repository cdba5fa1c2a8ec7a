"""The browser: what a choice selects, the picture it leaves in a notebook, and controls that any ipywidgets has."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lesionseg_lib.data.datasets import SyntheticLesions
from lesionseg_lib.errors import DataError, MissingPackageError
from lesionseg_lib.plots import Figure
from lesionseg_lib.teaching.widgets import photo_browser
from tests.helpers.tiny import ArrayDataset

PHOTOS = SyntheticLesions(12, 48)
TABLE = pd.DataFrame({
    "id": PHOTOS.ids,
    "area": np.linspace(0.6, 0.05, 12),
    "contrast": [10.0, 20.0, np.nan] * 4,
    "diagnosis": ["benign", "malignant"] * 6,
})  # fmt: skip

# What ipywidgets 7.7 (Colab) accepts; 8 accepts all of it too.
TRAITS = {
    "FloatRangeSlider": {
        "value",
        "min",
        "max",
        "step",
        "description",
        "continuous_update",
        "readout_format",
        "layout",
    },
    "Dropdown": {"options", "value", "description"},
    "Image": {"value", "format"},
    "HTML": {"value"},
    "VBox": {"children"},
}


def test_select_keeps_both_ends_of_a_range_and_sorts_by_its_column():
    rows = photo_browser.select(TABLE, {"area": (TABLE["area"][8], TABLE["area"][2])})
    assert rows.tolist() == [8, 7, 6, 5, 4, 3, 2]


def test_select_by_menu_and_where_a_value_is_missing():
    everywhere = {"area": (0.0, 1.0)}
    assert len(photo_browser.select(TABLE, everywhere, {"diagnosis": "all"})) == 12
    assert sorted(photo_browser.select(TABLE, everywhere, {"diagnosis": "malignant"})) == [1, 3, 5, 7, 9, 11]
    assert sorted(photo_browser.select(TABLE, {"contrast": (15, 99)})) == [1, 4, 7, 10]
    assert photo_browser.select(TABLE, {}).tolist() == list(range(12))


def test_a_sheet_shows_photos_evenly_spread_and_says_so():
    figure = photo_browser.sheet(PHOTOS, TABLE, list(range(12)), ["area"])
    assert len(figure.axes) == 6
    assert figure.alt_text.startswith("6 of 12 photos with their outline, titled by area. synthetic-0-0000: 0.60;")
    assert "synthetic-0-0011: 0.05" in figure.alt_text
    assert len(photo_browser.sheet(PHOTOS, TABLE, [4, 2, 1, 3], ["area"]).axes) == 4
    assert [ax.get_title() for ax in photo_browser.sheet(PHOTOS, TABLE, [3], ["area"]).axes] == ["0.45"]
    with pytest.raises(DataError, match="No photo fits"):
        photo_browser.sheet(PHOTOS, TABLE, [], ["area"])


def test_ends_are_the_lowest_above_and_the_highest_below():
    figure = photo_browser.ends(PHOTOS, TABLE["area"], count=2)
    assert [ax.get_title() for ax in figure.axes] == ["0011: 0.05", "0010: 0.1", "0001: 0.55", "0000: 0.6"]
    assert "lowest area, above, and the highest, below" in figure.alt_text
    assert len(photo_browser.ends(PHOTOS, TABLE["contrast"]).axes) == 8  # of 12, four have no number
    with pytest.raises(DataError, match="area: 1 numbers; two at least"):
        photo_browser.ends(PHOTOS, TABLE["area"].where(TABLE.index == 3))


def test_ladders_climb_from_just_above_a_value_to_the_highest():
    figure = photo_browser.ladders(PHOTOS, TABLE, ["area", "contrast"], above=0.12, count=3)
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[0] == "area 0.150" and titles[2] == "area 0.600"
    assert titles[3:] == ["contrast 10.000", "contrast 20.000", "contrast 20.000"]
    with pytest.raises(DataError, match=r"area: fewer than two photos above 0\.6"):
        photo_browser.ladders(PHOTOS, TABLE, ["area"], above=0.6)


def test_photos_of_different_sizes_keep_their_shapes_and_outlines():
    mixed = ArrayDataset(
        [np.zeros((h, w, 3), np.uint8) for h, w in ((20, 30), (30, 20))], [np.eye(20, 30) > 0, np.eye(30, 20) > 0]
    )
    table = pd.DataFrame({"area": [0.1, 0.2]})
    for figure in (
        photo_browser.ends(mixed, table["area"]),
        photo_browser.browser(mixed, table, ["area"]),
        photo_browser.ladders(mixed, table, ["area"], above=0),
    ):
        assert [ax.images[0].get_array().shape[:2] for ax in figure.axes] == [(20, 30), (30, 20)]


def test_unless_asked_the_browser_is_a_picture_and_imports_no_widgets(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)  # importing it would fail
    figure = photo_browser.browser(PHOTOS, TABLE, ["area", "contrast"], "diagnosis")
    assert isinstance(figure, Figure)
    with pytest.raises(MissingPackageError, match="pip install ipywidgets"):
        photo_browser.browser(PHOTOS, TABLE, ["area"], live=True)


def test_table_and_photos_must_be_of_one_number():
    with pytest.raises(DataError, match="11 rows for 12 photos"):
        photo_browser.browser(PHOTOS, TABLE[1:], ["area"])


def test_controls_filter_and_say_when_nothing_is_left():
    pytest.importorskip("ipywidgets")
    area, contrast, menu, text, picture = photo_browser.browser(
        PHOTOS, TABLE, ["area", "contrast"], "diagnosis", live=True
    ).children
    assert text.value == "8 of 12 photos"  # four have no contrast
    assert picture.value[:3] == b"\xff\xd8\xff"  # a JPEG
    assert menu.options == ("all", "benign", "malignant")
    before = picture.value
    menu.value = "malignant"
    assert text.value == "4 of 12 photos" and picture.value != before
    area.value = (0.3, 0.31)
    assert text.value == "0 of 12 photos: widen a range or choose 'all'" and picture.value == b""
    area.value, menu.value = (area.min, area.max), "all"
    assert text.value == "8 of 12 photos"
    assert contrast.description == "contrast"


def test_controls_use_only_what_ipywidgets_7_has_too(monkeypatch):
    def control(name):
        def make(*args, **traits):
            assert set(traits) <= TRAITS[name], name
            if args:
                traits["children"] = args[0]
            return SimpleNamespace(**{"value": None, "observe": lambda *a, **k: None} | traits)

        return make

    stub = ModuleType("ipywidgets")
    for name in TRAITS:
        setattr(stub, name, control(name))
    monkeypatch.setitem(sys.modules, "ipywidgets", stub)
    box = photo_browser.browser(PHOTOS, TABLE, ["area"], "diagnosis", live=True)
    assert len(box.children) == 4
