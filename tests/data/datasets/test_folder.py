"""Pairs of files in two folders: pairing by id, stray files, attributes."""

from __future__ import annotations

import os
import warnings

import numpy as np
import PIL.Image
import pytest

from lesionseg_lib.data.datasets import DataWarning, LesionFolder
from lesionseg_lib.errors import DataError, DatasetNotFoundError
from tests.helpers.archives import disc, encoded, photo, save_pair


@pytest.fixture
def folders(tmp_path):
    """Three pairs, a, b and c, in tmp_path/images and tmp_path/masks."""
    for seed, sample_id in enumerate("abc"):
        save_pair(tmp_path / "images", tmp_path / "masks", sample_id, seed)
    return tmp_path / "images", tmp_path / "masks"


def test_a_folder_yields_its_pairs(folders):
    dataset = LesionFolder(*folders)
    assert dataset.ids == ("a", "b", "c")
    assert dataset.name == f"{folders[0].parent.name}-images"
    sample = dataset[1]
    assert sample.image.shape == (6, 8, 3)
    np.testing.assert_array_equal(sample.mask, disc(6, 8))
    assert LesionFolder(*folders, name="mine").name == "mine"


@pytest.mark.parametrize("mask", ["d.png", "d_Segmentation.png", "d_segmentation.PNG", "d_mask.bmp"])
@pytest.mark.parametrize("image", ["d.jpg", "d.JPEG", "d.png"])
def test_usual_names_of_masks_and_images_are_understood(folders, image, mask):
    (folders[0] / image).write_bytes(encoded(photo(6, 8)))
    (folders[1] / mask).write_bytes(encoded(disc().astype(np.uint8) * 255))
    dataset = LesionFolder(*folders)
    assert dataset.ids == ("a", "b", "c", "d")
    assert dataset[3].mask.any()


def test_pairs_are_made_by_id_and_not_by_order(folders):
    # Sorted, "a-mask" stands between "a" and "b": pairing two listings by order would shift b and c by one.
    save_pair(*folders, "a-mask", size=(4, 4))
    shapes = {sample.id: sample.image.shape[:2] for sample in LesionFolder(*folders)}
    assert shapes == {"a": (6, 8), "a-mask": (4, 4), "b": (6, 8), "c": (6, 8)}


def test_images_without_mask_are_named_up_to_five(folders):
    for sample_id in "defghij":
        (folders[0] / f"{sample_id}.jpg").write_bytes(b"")
    with pytest.raises(
        DataError,
        match=r"7 of 10 images have no mask: d\.jpg, e\.jpg, f\.jpg, g\.jpg, h\.jpg and 2 more\. "
        r"Expected, for example, d_Segmentation\.png\..*move these files elsewhere",
    ):
        LesionFolder(*folders)


def test_masks_without_image_are_named(folders):
    (folders[0] / "b.jpg").unlink()
    with pytest.raises(DataError, match=r"1 of 3 masks have no image: b_Segmentation\.png\. Add what is missing"):
        LesionFolder(*folders)


@pytest.mark.parametrize(("folder", "extra"), [(0, "a.png"), (1, "a_mask.png")])
def test_two_files_of_one_id_are_refused(folders, folder, extra):
    (folders[folder] / extra).write_bytes(b"")
    with pytest.raises(DataError, match=rf"(?s)a.*{extra}|{extra}.* have the same id a\. Keep one"):
        LesionFolder(*folders)


@pytest.mark.parametrize("stray", ["notes.txt", ".DS_Store", "._a.jpg", "a_superpixels.png", "more/"])
@pytest.mark.parametrize("folder", [0, 1])
def test_stray_files_are_left_aside_with_a_warning_that_names_them(folders, folder, stray):
    if stray.endswith("/"):
        (folders[folder] / stray).mkdir()
    else:
        (folders[folder] / stray).write_bytes(b"")
    with pytest.warns(DataWarning, match=f"left aside {stray}: no image"):
        dataset = LesionFolder(*folders)
    assert dataset.ids == ("a", "b", "c")
    assert (folders[folder] / stray).exists()


def test_the_organisers_licence_files_are_expected(folders):
    (folders[0] / "LICENSE.txt").write_text("CC-0")
    (folders[1] / "ATTRIBUTION.txt").write_text("ISIC")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(LesionFolder(*folders)) == 3


def test_a_missing_folder_says_what_is_around(folders):
    with pytest.raises(
        DatasetNotFoundError,
        match=r"photos: there is no such folder\. Expected a folder of images\. In .*: found there: images/, masks/",
    ):
        LesionFolder(folders[0].parent / "photos", folders[1])


def test_a_folder_without_images_is_refused(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetNotFoundError, match=r"empty has no image in it: the folder is empty"):
        LesionFolder(tmp_path / "empty", folders[1])
    with pytest.raises(DatasetNotFoundError, match=r"a\.jpg: that is a file, not a folder"):
        LesionFolder(folders[0] / "a.jpg", folders[1])


def test_sizes_that_differ_name_both_files(folders):
    (folders[1] / "b_Segmentation.png").write_bytes(encoded(disc(3, 4).astype(np.uint8) * 255))
    with pytest.raises(
        DataError, match=r"b: the image is 8 x 6 pixels \(.*\), the mask 4 x 3; .*b\.jpg and .*b_Segmentation\.png\.$"
    ):
        LesionFolder(*folders)[1]


def test_a_mask_drawn_on_the_unturned_photo_is_explained(folders):
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.fromarray(photo(6, 8)).save(folders[0] / "b.jpg", exif=exif)
    with pytest.warns(DataWarning), pytest.raises(DataError) as caught:
        LesionFolder(*folders)[1]
    assert "the image is 6 x 8 pixels (width x height), the mask 8 x 6" in str(caught.value)
    assert "turned by 90 degrees as its EXIF orientation asks, and the mask was drawn on the unturned" in str(
        caught.value
    )
    for index in (0, 2):
        LesionFolder(*folders)[index]


def test_the_truth_is_read_without_the_image(folders):
    dataset = LesionFolder(*folders)
    (folders[0] / "a.jpg").write_bytes(b"damaged")
    np.testing.assert_array_equal(dataset.truth(0), disc())


def test_attributes_come_from_the_manifest(folders):
    (folders[0].parent / "manifest.csv").write_text("id,diagnosis,width\na,benign,8\nb,malignant,\n")
    dataset = LesionFolder(*folders)
    assert [dataset.attributes(index) for index in range(3)] == [
        {"diagnosis": "benign", "width": "8"},
        {"diagnosis": "malignant"},
        {},
    ]
    assert dataset.subset(["b"]).attributes(0) == {"diagnosis": "malignant"}


def test_a_manifest_without_ids_is_refused(folders):
    (folders[0].parent / "manifest.csv").write_text("file,diagnosis\na,benign\n")
    with pytest.raises(DataError, match=r"manifest\.csv has the columns file, diagnosis; expected a column 'id'"):
        LesionFolder(*folders)


@pytest.mark.parametrize("split", ["train", "test"])
def test_from_root_reads_the_folders_of_experiment_e(tmp_path, split):
    save_pair(tmp_path / split, tmp_path / f"{split}_masks", "x")
    dataset = LesionFolder.from_root(tmp_path, split)
    assert dataset.ids == ("x",)
    assert dataset.name == f"{tmp_path.name}-{split}"


def test_from_root_refuses_other_splits_and_missing_folders(tmp_path):
    with pytest.raises(DataError, match="no split 'validation'; choose 'train' or 'test'"):
        LesionFolder.from_root(tmp_path, "validation")
    save_pair(tmp_path / "train", tmp_path / "masks", "x")
    with pytest.raises(
        DatasetNotFoundError, match=r"train_masks: there is no such folder.*found there: masks/, train/"
    ):
        LesionFolder.from_root(tmp_path, "train")


def touch_later(path):
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000_000))


@pytest.mark.parametrize("change", ["image touched", "mask touched", "mask replaced", "image renamed"])
def test_the_fingerprint_notices_changed_files(folders, change):
    before = LesionFolder(*folders).fingerprint()
    assert LesionFolder(*folders).fingerprint() == before
    image, mask = folders[0] / "b.jpg", folders[1] / "b_Segmentation.png"
    match change:
        case "image touched":
            touch_later(image)
        case "mask touched":
            touch_later(mask)
        case "mask replaced":
            status = mask.stat()
            mask.write_bytes(encoded(disc(60, 80).astype(np.uint8)))
            os.utime(mask, ns=(status.st_atime_ns, status.st_mtime_ns))
        case "image renamed":
            image.rename(image.with_suffix(".jpeg"))
    assert LesionFolder(*folders).fingerprint() != before


def test_the_content_fingerprint_depends_on_contents_and_not_on_place_or_time(folders, tmp_path):
    before = LesionFolder(*folders).content_fingerprint()
    touch_later(folders[0] / "b.jpg")
    assert LesionFolder(*folders).content_fingerprint() == before
    moved = tmp_path / "elsewhere"
    folders[0].parent.joinpath("images").rename(moved)
    assert LesionFolder(moved, folders[1]).content_fingerprint() == before
    (moved / "b.jpg").write_bytes(encoded(photo(6, 8, seed=99), "JPEG"))
    assert LesionFolder(moved, folders[1]).content_fingerprint() != before


def test_files_that_vanish_are_reported(folders):
    dataset = LesionFolder(*folders)
    (folders[0] / "b.jpg").unlink()
    with pytest.raises(DataError, match=r"b\.jpg was there when .* was opened and cannot be found now"):
        dataset.fingerprint()


def test_the_extra_images_load(real_data):
    dataset = LesionFolder(real_data / "isic-extra" / "images", real_data / "isic-extra" / "masks")
    assert len(dataset) == 1625
    assert dataset.attributes(0)["mask_origin"]
    assert dataset[0].mask.any()


@pytest.mark.parametrize("of_photo", ["NFC", "NFD"])
def test_a_name_is_the_same_in_either_form_of_its_accents(tmp_path, of_photo):
    """macOS takes an accent apart, others do not; copied between them, a photo and its mask differ in bytes alone."""
    save_pair(tmp_path / "images", tmp_path / "masks", "a")
    names = {"NFC": "l\u00e9sion", "NFD": "le\u0301sion"}
    (photo_file,), (mask_file,) = (list((tmp_path / part).iterdir()) for part in ("images", "masks"))
    photo_file.rename(photo_file.with_stem(names[of_photo]))
    mask_file.rename(mask_file.with_stem(names["NFD" if of_photo == "NFC" else "NFC"]))
    (tmp_path / "manifest.csv").write_text(f"id,diagnosis\n{names['NFD']},benign\n", encoding="utf-8")
    data = LesionFolder(tmp_path / "images", tmp_path / "masks")
    assert data.ids == (names["NFC"],) and data.attributes(0) == {"diagnosis": "benign"}
