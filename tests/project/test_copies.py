"""The search for copies finds what was copied, and what is recorded of it is what the library leaves out."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import copies
from benchmarks.keypoints import matched_points, points
from lesionseg_lib.data.datasets import SyntheticLesions
from lesionseg_lib.data.datasets.isic_extra import ISICExtra
from lesionseg_lib.data.duplicates import difference_hash, perceptual_hash
from lesionseg_lib.data.images import read_image
from tests.helpers.tiny import ArrayDataset, cached
from tools import ROOT

RECORDED = json.loads((ROOT / "results" / "copies.json").read_text(encoding="utf-8"))


def drawn(n: int, seed: int) -> np.ndarray:
    return np.stack([sample.image for sample in SyntheticLesions(n, size=copies.SIDE, seed=seed)])


def test_a_photo_has_eight_orientations() -> None:
    image = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    turned = copies.orientations(image)
    assert len({one.tobytes() for one in turned}) == 8 and np.array_equal(turned[0], image)


def test_copies_that_were_turned_and_darkened_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    test, extra = drawn(8, seed=0), drawn(8, seed=1)
    extra[2] = np.rot90(test[5]) * 0.8  # one turned, one mirrored
    extra[6] = test[1][:, ::-1] * 0.8
    masks = np.zeros(test.shape[:3], np.uint8)
    first, second = cached(extra, masks, "extra"), cached(test, masks, "test")
    monkeypatch.setattr(ISICExtra, "COPIES", {"extra-2": "test-5"})
    hashes = {"dhash": difference_hash, "phash": perceptual_hash}
    distances = {way: copies.hash_search(extra, test, hashed) for way, hashed in hashes.items()}
    found = copies.report(distances, {("extra-0", "test-0"): 9}, first.ids, second.ids)
    told = [(row["extra"], row["test"], row["copy"], row["points"]) for row in found["pairs"][:3]]
    assert told[0] == ("extra-0", "test-0", False, 9)
    assert sorted(told[1:]) == [("extra-2", "test-5", True, 0), ("extra-6", "test-1", False, 0)]
    assert found["copies"] == found["copies_among_the_closest"] == 1
    assert len({(row["extra"], row["test"]) for row in found["pairs"]}) == len(found["pairs"]) >= copies.LISTED
    assert (found["fewest_points_of_a_copy"], found["most_points_of_others"]) == (0, 9)


def skin(seed: int) -> np.ndarray:
    """Spots of all sizes, as nothing else has them."""
    noise = np.random.default_rng(seed).normal(size=(256, 256, 3))
    spots = sum(cv2.GaussianBlur(noise, None, sigma) * sigma for sigma in (2, 4, 8))
    return np.asarray(np.clip(128 + 60 * spots, 0, 255), np.uint8)


def test_points_find_a_lesion_that_was_turned_cropped_and_recoloured() -> None:
    masks = [np.zeros(1)] * 4
    test = ArrayDataset([skin(seed) for seed in range(4)], masks, "test")
    again = np.ascontiguousarray(np.rot90(test.images[2])[20:236, 20:236] * 0.7 + 20).astype(np.uint8)
    extra = ArrayDataset([skin(9), again], masks[:2], "extra")
    found = copies.point_search(extra, test)
    assert list(found) == [("extra-1", "test-2")] and found["extra-1", "test-2"] > 10
    assert not matched_points(points(np.zeros((32, 32, 3), np.uint8)), [points(test.images[0])])  # nothing to see


def test_the_joint_distance_is_the_mean_over_what_is_usual() -> None:
    distances = {"dhash": np.array([[0.0, 2.0, 4.0]]), "cosine": np.array([[0.2, 0.2, 0.6]])}
    np.testing.assert_allclose(copies.joint(distances), [[0.5, 1.0, 2.5]])  # medians 2 and .2


def test_the_record_is_of_the_copies_that_are_left_out() -> None:
    assert RECORDED["copies"] == len(ISICExtra.COPIES) >= RECORDED["copies_among_the_closest"]
    told = {row["extra"]: row["test"] for row in RECORDED["pairs"] if row["copy"]}
    assert told == ISICExtra.COPIES
    assert RECORDED["images"] == {"extra": 1625, "test": 379}


def test_a_sheet_shows_pairs_side_by_side(tmp_path: Path) -> None:
    images = np.zeros((2, 4, 4, 3), np.uint8)
    images[1] = 200
    data = cached(images, np.zeros((2, 4, 4), np.uint8), "x")
    copies.draw_sheet(tmp_path / "sheet.png", {"pairs": [{"extra": "x-0", "test": "x-1"}] * 7}, data, data)
    sheet = read_image(tmp_path / "sheet.png")
    assert sheet.shape == (8, 32, 3) and sheet[0, 0, 0] == 0 and sheet[0, 4, 0] == 200
