"""The one-file mirror: splits, verification, damaged or foreign files."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from lesionseg_lib.data.datasets import ISIC2016, find_isic2016
from lesionseg_lib.data.datasets.isic_download import MIRROR_MD5
from lesionseg_lib.errors import DataError, DatasetNotFoundError
from tests.helpers.archives import mirror_arrays, npz


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Puts arrays (or bytes) into the mirror's file, makes its MD5 the expected one, and returns the root."""

    def put_(content):
        data = content if isinstance(content, bytes) else npz(content)
        monkeypatch.setitem(MIRROR_MD5, "mirror128", hashlib.md5(data).hexdigest())
        (tmp_path / "isic2016_128.npz").write_bytes(data)
        return tmp_path

    return put_


@pytest.mark.parametrize(
    ("split", "prefix", "count"), [("train", "train", 3), ("validation", "val", 1), ("test", "test", 2)]
)
def test_each_split_has_its_arrays_and_numbered_ids(put, split, prefix, count):
    arrays = mirror_arrays()
    dataset = ISIC2016(put(arrays), split=split, source="mirror128")
    assert dataset.name == f"isic2016-mirror128-{split}"
    assert dataset.ids == tuple(f"{split}-000{number}" for number in range(1, count + 1))
    for index, sample in enumerate(dataset):
        np.testing.assert_array_equal(sample.image, arrays[f"{prefix}_images"][index])
        np.testing.assert_array_equal(sample.mask, arrays[f"{prefix}_label"][index] == 1)


def test_completeness_knows_the_mirrors_own_counts(put):
    root = put(mirror_arrays())
    expected = {
        split: ISIC2016(root, split, source="mirror128").completeness().expected
        for split in ("train", "validation", "test")
    }
    assert expected == {"train": 810, "validation": 90, "test": 379}


@pytest.mark.parametrize("change", ["channel axis", "0 and 255"])
def test_labels_are_understood_in_either_form(put, change):
    arrays = mirror_arrays()
    truth = arrays["test_label"] == 1
    arrays["test_label"] = arrays["test_label"][..., None] if change == "channel axis" else arrays["test_label"] * 255
    dataset = ISIC2016(put(arrays), split="test", source="mirror128")
    np.testing.assert_array_equal([dataset.truth(index) for index in range(2)], truth)


def test_fingerprints_tell_samples_apart(put):
    dataset = ISIC2016(put(mirror_arrays()), source="mirror128")
    first, second = (dataset.subset([sample_id]) for sample_id in dataset.ids[:2])
    assert first.content_fingerprint() != second.content_fingerprint()
    assert first.fingerprint() != second.fingerprint()


def test_another_md5_is_refused_unless_told_otherwise(put, monkeypatch):
    root = put(mirror_arrays())
    monkeypatch.setitem(MIRROR_MD5, "mirror128", "0" * 32)
    with pytest.raises(DataError, match=r"isic2016_128\.npz has the MD5 [0-9a-f]{32}, expected 0{32}: it is cut short"):
        ISIC2016(root, source="mirror128")
    assert len(ISIC2016(root, source="mirror128", checksum=False)) == 3


@pytest.mark.parametrize("damage", ["cut short", "no zip", "flipped byte"])
def test_a_damaged_file_is_refused(put, damage):
    data = npz(mirror_arrays(side=64))
    middle = data.index(b"train_label.npy") + 200
    content = {
        "cut short": data[: len(data) // 2],
        "no zip": b"not a zip",
        "flipped byte": data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :],
    }[damage]
    with pytest.raises(DataError, match=r"isic2016_128\.npz cannot be read as an npz file .*download it again"):
        ISIC2016(put(content), source="mirror128")


@pytest.mark.parametrize(
    ("key", "array", "message"),
    [
        ("train_label", None, r"has the arrays .*train_images.*; expected train_label\."),
        ("train_label", np.zeros((3, 4), np.uint8), r"train_label has shape \(3, 4\).*expected shape \(N, S, S\)"),
        ("train_label", np.full((3, 4, 4), 7, np.uint8), r"values \[7\]; expected"),
        (
            "train_images",
            np.zeros((2, 4, 4, 3), np.uint8),
            r"of shape \(2, 4, 4, 3\); expected uint8 of shape \(3, 4, 4, 3\)",
        ),
        ("train_images", np.zeros((3, 4, 4, 3), np.float32), r"train_images is float32"),
    ],
)
def test_a_foreign_file_is_refused(put, key, array, message):
    arrays = mirror_arrays()
    if array is None:
        del arrays[key]
    else:
        arrays[key] = array
    root = put(arrays)
    with pytest.raises(DataError, match=message):
        ISIC2016(root, source="mirror128")[0]


def test_a_missing_file_says_what_can_be_done(tmp_path):
    with pytest.raises(DatasetNotFoundError, match=r"Expected isic2016_256\.npz.*zenodo\.org/.*isic2016_256\.npz"):
        ISIC2016(tmp_path, source="mirror256")


def test_a_mirror_is_found_under_its_own_source_only(put, monkeypatch):
    root = put(mirror_arrays())
    monkeypatch.setenv("LESIONSEG_DATA", str(root))
    (root / "isic2016").mkdir()
    (root / "isic2016_128.npz").rename(root / "isic2016" / "isic2016_128.npz")
    assert find_isic2016("mirror128") == root / "isic2016"
    assert find_isic2016() is None
