"""`make pretrained` packs the recorded run, in half precision where masks stay, and always the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lesionseg_lib.errors import CheckpointError, RecordError
from lesionseg_lib.experiments.about_run import about_run
from lesionseg_lib.models.about import read_about
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.results.records import read_record, record_path
from tests.helpers.records import put_record
from tests.helpers.trained import RECIPE, Place, four_images, record_run
from tools import pretrained


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path / "runs", tmp_path / "results", tmp_path / "packed")
    record_run(place, 0)
    return place


def test_the_same_run_gives_the_same_bytes(place: Place) -> None:
    target = place.packed / "own"
    contents = []
    for _ in range(2):
        line = pretrained.pack_pretrained(place.run(), place.results, four_images(), target)
        contents.append({file.name: file.read_bytes() for file in target.iterdir()})
    assert contents[0] == contents[1] and contents[0].keys() == {"model.json", "model.safetensors"}
    assert f"{target}: " in line and "half changes" in line
    record = read_record(record_path(place.results, RECIPE, 0))
    assert read_about(target / "model.safetensors") == about_run(record)


@pytest.mark.parametrize(("most", "share"), [(1.0, 0.5), (-1.0, 1.0)])
def test_half_the_bytes_where_the_masks_stay(
    place: Place, monkeypatch: pytest.MonkeyPatch, most: float, share: float
) -> None:
    monkeypatch.setattr(pretrained, "CHANGED", most)
    line = pretrained.pack_pretrained(place.run(), place.results, four_images(), place.packed)
    whole = (place.run().best / "model.safetensors").stat().st_size
    assert (place.packed / "model.safetensors").stat().st_size == pytest.approx(share * whole, rel=0.02)
    assert ("half precision" if share < 1 else "single precision") in line
    Segmenter.load(place.packed, RECIPE)


def test_a_run_of_another_training_is_refused(place: Place) -> None:
    history = [
        {**row, "validation_jaccard": 0.1} for row in read_record(record_path(place.results, RECIPE, 0))["history"]
    ]
    put_record(place.results, RECIPE, np.array([0.5]), 0, epochs_run=1, history=history)
    with pytest.raises(CheckpointError, match="different trainings"):
        pretrained.pack_pretrained(place.run(), place.results, four_images(), place.packed)
    with pytest.raises(RecordError, match="no such record"):
        pretrained.pack_pretrained(place.run(1), place.results, four_images(), place.packed)
    assert not place.packed.exists()
