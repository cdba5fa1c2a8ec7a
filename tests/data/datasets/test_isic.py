"""ISIC 2016: layout, duplicates, completeness, wrong and missing roots, the real data."""

from __future__ import annotations

import numpy as np
import pooch
import pytest

from lesionseg_lib.data.datasets import ISIC2016, default_root, find_isic2016
from lesionseg_lib.data.datasets.isic_download import FOLDERS
from lesionseg_lib.data.splits import split_validation
from lesionseg_lib.errors import DataError, DatasetNotFoundError
from tests.helpers.archives import disc, isic_tree, save_pair


@pytest.fixture
def root(tmp_path):
    return isic_tree(tmp_path / "isic2016")


def test_both_splits_are_read_in_the_official_layout(root):
    train, test = ISIC2016(root), ISIC2016(root, split="test")
    assert train.ids == ("ISIC_1000000", "ISIC_1000001", "ISIC_1000002")
    assert test.ids == ("ISIC_2000000", "ISIC_2000001")
    assert (train.name, test.name) == ("isic2016-train", "isic2016-test")
    np.testing.assert_array_equal(train[0].mask, disc())


def test_duplicates_of_test_images_are_left_out_of_train_alone(root):
    for split in ("train", "test"):
        for sample_id in ISIC2016.DUPLICATES:
            save_pair(*(root / folder for folder in FOLDERS[split]), sample_id)
    assert not set(ISIC2016(root).ids) & set(ISIC2016.DUPLICATES)
    assert set(ISIC2016.DUPLICATES) <= set(ISIC2016(root, include_duplicates=True).ids)
    assert set(ISIC2016.DUPLICATES) <= set(ISIC2016(root, split="test").ids)
    assert str(ISIC2016(root).completeness()) == (
        "3 of 900 pairs, 2 left out as duplicates of test images, 895 missing"
    )
    assert ISIC2016(root, include_duplicates=True).completeness().left_out == ()


def test_completeness_counts_what_is_missing(root):
    found = ISIC2016(root, split="test").completeness()
    assert (found.present, found.expected, found.missing, found.left_out) == (2, 379, 377, ())
    assert str(found) == "2 of 379 pairs, 377 missing"


def test_attributes_come_from_the_manifest_in_the_root(root):
    (root / "manifest.csv").write_text("id,diagnosis\nISIC_1000001,malignant\n")
    assert [ISIC2016(root).attributes(index) for index in range(2)] == [{}, {"diagnosis": "malignant"}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "validation"}, r"has no split 'validation'; choose 'train' or 'test' \(see split_validation"),
        ({"split": "Train"}, r"has no split 'Train'; choose 'train' or 'test'\.$"),
        ({"source": "mirror64"}, "no source 'mirror64'; choose one of official, mirror128, mirror256, mirror512"),
    ],
)
def test_unknown_splits_and_sources_are_refused(root, arguments, message):
    with pytest.raises(DataError, match=message):
        ISIC2016(root, **arguments)


def test_a_missing_data_set_says_everything_that_can_be_done(tmp_path):
    with pytest.raises(DatasetNotFoundError) as caught:
        ISIC2016(tmp_path / "isic2016")
    message = str(caught.value)
    assert message.startswith(f"ISIC 2016 (train) was not found in {tmp_path / 'isic2016'}: there is no such folder.")
    for part in ("`lesionseg download`", "LESIONSEG_DATA", "SyntheticLesions", *ISIC2016.urls["official"]):
        assert part in message


@pytest.mark.parametrize("wrong", [".", "..", "isic2016/ISBI2016_ISIC_Part1_Training_Data", "other", "../nowhere"])
def test_a_wrong_root_is_told_which_one_is_right(tmp_path, wrong):
    here = tmp_path / "above" / "here"
    right = here if wrong == "other" else here / "isic2016"
    if wrong == "../nowhere":  # does not exist, but its parent's parent holds the data
        right = tmp_path
    isic_tree(right)
    (here / "other").mkdir(parents=True, exist_ok=True)
    with pytest.raises(DatasetNotFoundError) as caught:
        ISIC2016((here / wrong).resolve())
    message = str(caught.value)
    assert "Expected ISBI2016_ISIC_Part1_Training_Data and ISBI2016_ISIC_Part1_Training_GroundTruth." in message
    assert message.endswith(f"The right root seems to be {right}: pass root={str(right)!r}.")


def test_a_root_with_other_things_says_what_is_there(tmp_path):
    for name in ("holiday.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(DatasetNotFoundError, match=r"found there: holiday\.jpg, notes\.txt\. Expected ISBI2016"):
        ISIC2016(tmp_path)


def test_a_split_with_one_of_its_two_folders_is_refused(root):
    folder = root / FOLDERS["test"][1]
    folder.rename(root / "renamed")
    with pytest.raises(DatasetNotFoundError, match=r"ISIC 2016 \(test\) was not found"):
        ISIC2016(root, split="test")
    assert len(ISIC2016(root)) == 3


def test_an_image_without_mask_is_refused(root):
    (root / FOLDERS["train"][1] / "ISIC_1000001_Segmentation.png").unlink()
    with pytest.raises(DataError, match=r"1 of 3 images have no mask: ISIC_1000001\.jpg"):
        ISIC2016(root)


def test_the_default_root_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("LESIONSEG_DATA", str(tmp_path))
    assert default_root() == tmp_path / "isic2016"
    assert find_isic2016() is None
    isic_tree(tmp_path / "isic2016", {"train": 2})
    assert find_isic2016() is None  # half of it is not enough
    isic_tree(tmp_path / "isic2016", {"test": 2})
    assert find_isic2016() == tmp_path / "isic2016"
    assert len(ISIC2016()) == 2
    monkeypatch.delenv("LESIONSEG_DATA")
    assert str(default_root()) == f"{pooch.os_cache('lesionseg')}/isic2016"


def test_the_real_data_is_what_it_is_said_to_be(real_data):
    train, test = (ISIC2016(real_data / "isic2016", split=split) for split in ("train", "test"))
    assert len(test) == 379
    assert train.completeness().left_out == ISIC2016.DUPLICATES
    assert 846 <= len(train) <= 898
    assert not set(train.ids) & set(test.ids)
    assert set(train.attributes(0)) >= {"diagnosis", "mask_origin"}
    part, validation = split_validation(train)
    assert len(part) + len(validation) == len(train)


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_real_pair_can_be_read_and_agrees_in_size(real_data, split):
    for sample in ISIC2016(real_data / "isic2016", split=split):
        assert sample.mask.any(), sample.id
        assert not sample.mask.all(), sample.id
