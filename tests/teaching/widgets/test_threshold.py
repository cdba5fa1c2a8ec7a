"""The picture that is saved, and the controls that are not."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from lesionseg_lib.data.datasets import Sample
from lesionseg_lib.errors import MissingPackageError, ShapeError
from lesionseg_lib.teaching.widgets.threshold import scores_at, threshold_explorer

TRUTH = np.zeros((6, 8), bool)
TRUTH[1:5, 2:6] = True
SAMPLE = Sample("a photo", np.full((6, 8, 3), 120, np.uint8), TRUTH)
P = np.where(TRUTH, 0.6, 0.2).astype(np.float32)
P[1, 2:6] = 0.3  # a quarter of the lesion is doubtful


def test_scores_are_as_counted_by_hand() -> None:
    assert scores_at(SAMPLE, P, 0.5) == pytest.approx({"IoU": 12 / 16, "Dice": 24 / 28, "sensitivity": 12 / 16})
    assert scores_at(SAMPLE, P, 0.1) == pytest.approx({"IoU": 16 / 48, "Dice": 32 / 64, "sensitivity": 1})
    assert scores_at(SAMPLE, P, 0.9) == {"IoU": 0, "Dice": 0, "sensitivity": 0}


def test_the_picture_shows_the_first_photo_at_every_threshold() -> None:
    figure = threshold_explorer([SAMPLE, SAMPLE], [P, 1 - P], (0.1, 0.5))
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == ["> .10: D .50 S 1.00  J = 0.33", "> .50: D .86 S .75  J = 0.75"]
    assert "> .50: D .86 S .75" in figure.alt_text


def test_the_slider_moves_mask_and_numbers() -> None:
    pytest.importorskip("ipywidgets")
    photo, threshold, text, picture = threshold_explorer([SAMPLE, SAMPLE], [P, 1 - P], live=True).children
    assert text.value == "IoU 0.750, Dice 0.857, sensitivity 0.750"
    before = bytes(picture.value)
    threshold.value = 0.25
    assert text.value == "IoU 1.000, Dice 1.000, sensitivity 1.000"
    after = bytes(picture.value)
    assert after != before and after.startswith(b"\xff\xd8")
    photo.value = 1
    assert text.value != "IoU 1.000, Dice 1.000, sensitivity 1.000"


def test_without_ipywidgets_there_is_still_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert threshold_explorer([SAMPLE], [P]).alt_text
    with pytest.raises(MissingPackageError, match="pip install ipywidgets"):
        threshold_explorer([SAMPLE], [P], live=True)


def test_probabilities_must_fit_their_photos() -> None:
    for maps in ([], [P, P], [P[:3]]):
        with pytest.raises(ShapeError, match="a map of its own size"):
            threshold_explorer([SAMPLE], maps)
    with pytest.raises(ShapeError, match="0 photos"):
        threshold_explorer([], [])
