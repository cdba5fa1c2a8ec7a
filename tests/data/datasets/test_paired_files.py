"""Pairs that cannot belong together are refused, pairs that hardly can are named, and options reach the files."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from lesionseg_lib.data.datasets import ISIC2016, LesionFolder
from lesionseg_lib.data.datasets.paired_files import looks_inverted
from lesionseg_lib.errors import DataError, DataWarning
from tests.helpers.archives import save_pair
from tests.helpers.picture_files import exif_chunk, png, tiff

T = np.zeros((20, 30), bool)
T[4:14, 6:24] = True
T[4:8, 6:12] = False


def skin(lesion: np.ndarray) -> np.ndarray:
    """Bright skin with a dark lesion."""
    return np.where(lesion[..., None], (90, 50, 40), (210, 180, 160)).astype(np.uint8)


def folder(root: Path, image: bytes, mask: bytes, **options: object) -> LesionFolder:
    for name, content in (("images", image), ("masks", mask)):
        (root / name).mkdir(exist_ok=True)
        (root / name / "a.png").write_bytes(content)
    return LesionFolder(root / "images", root / "masks", **options)  # type: ignore[arg-type]


def turned(array: np.ndarray, orientation: int) -> bytes:
    return png(array, extra=exif_chunk(orientation)) if orientation != 1 else png(array)


SQUARE = T[:, :20]


@pytest.mark.filterwarnings("ignore:.*EXIF")
@pytest.mark.parametrize("of_mask", range(1, 9))
@pytest.mark.parametrize("of_image", range(1, 9))
@pytest.mark.parametrize("lesion", [T, SQUARE], ids=["wide", "square"])
def test_a_photo_and_a_mask_that_are_turned_differently(
    tmp_path: Path, lesion: np.ndarray, of_image: int, of_mask: int
) -> None:
    """All of the 64 pairs of orientations, for stored pixels of the same shape."""
    data = folder(tmp_path, turned(skin(lesion), of_image), turned(lesion * 255, of_mask))
    if of_image == of_mask:
        sample = data[0]
        assert ((sample.image[..., 0] < 150) == sample.mask).all()
        return
    with pytest.raises(DataError, match="turned differently|a mask must have its image's size"):
        data[0]
    with pytest.raises(DataError, match="turned differently|a mask must have"):
        data.subset(["a"])[0]


@pytest.mark.filterwarnings("ignore:.*EXIF")
def test_sizes_that_show_an_upright_mask_are_believed(tmp_path: Path) -> None:
    stored = np.rot90(skin(T))  # orientation 6 turns it back
    sample = folder(tmp_path, turned(stored, 6), png(T * 255))[0]
    assert ((sample.image[..., 0] < 150) == sample.mask).all()


def test_a_mask_that_looks_inverted_is_named(tmp_path: Path) -> None:
    with pytest.warns(DataWarning, match=r"a: the mask .*a\.png looks inverted"):
        folder(tmp_path, png(skin(T)), png(~T * 255))[0]
    with pytest.warns(DataWarning, match="looks inverted"):
        folder(tmp_path, png(skin(T)), png(~T * 255)).subset(["a"])[0]


@pytest.mark.parametrize("lesion", [T, T | True, T & False, ~T], ids=["usual", "all", "none", "at the border"])
def test_a_mask_that_fits_its_photo_is_not(tmp_path: Path, lesion: np.ndarray) -> None:
    with warnings.catch_warnings(action="error"):
        folder(tmp_path, png(skin(lesion)), png(lesion * 255))[0]


def test_a_pixel_is_no_lesion_that_was_turned_inside_out() -> None:
    full = np.ones((40, 60), bool)
    full[-1, -1] = False
    assert not looks_inverted(skin(~full), full)


def test_no_mask_of_isic_looks_inverted_and_nearly_all_do_turned_inside_out(real_data: Path) -> None:
    data = ISIC2016(real_data / "isic2016", "test")
    samples = [data[number] for number in range(0, len(data), 6)]
    assert not any(looks_inverted(sample.image, sample.mask) for sample in samples)
    assert np.mean([looks_inverted(sample.image, ~sample.mask) for sample in samples]) > 0.85


def test_mask_value_and_frame_reach_the_files_and_change_the_fingerprints(tmp_path: Path) -> None:
    classes = np.where(T, 1, 0)
    classes[0, :] = 255
    plain = folder(tmp_path, png(skin(T)), png(classes))
    with pytest.raises(DataError, match="mask_value=1"):
        plain[0]
    asked = folder(tmp_path, png(skin(T)), png(classes), mask_value=1)
    np.testing.assert_array_equal(asked[0].mask, T)
    assert asked.fingerprint() != plain.fingerprint()
    assert asked.content_fingerprint() != plain.content_fingerprint()
    pages = folder(tmp_path, png(skin(T)), tiff((T * 0).astype("u1"), (T * 255).astype("u1")), frame=1)
    np.testing.assert_array_equal(pages[0].mask, T)


def test_an_image_whose_link_leads_nowhere_is_no_stray_file(tmp_path: Path) -> None:
    for name in "ab":
        save_pair(tmp_path / "images", tmp_path / "masks", name)
    (tmp_path / "images" / "c.jpg").symlink_to("../annex/c.jpg")
    with pytest.raises(DataError, match=r"1 of its images are links that lead nowhere: c\.jpg\. Fetch what they"):
        LesionFolder(tmp_path / "images", tmp_path / "masks")


@pytest.mark.skipif(os.name != "posix", reason="names are text elsewhere")
def test_names_that_are_no_text_are_paired_and_fingerprinted(tmp_path: Path) -> None:
    images, masks = tmp_path / "images", tmp_path / "masks"
    for part, array in ((images, skin(T)), (masks, (T * 255).astype(np.uint8))):
        part.mkdir()
        for name in (b"l\xe9sion", b"z"):
            try:
                with (part / os.fsdecode(name + b".png")).open("wb") as file:
                    PIL.Image.fromarray(array).save(file, "PNG")
            except OSError:
                pytest.skip("this file system takes text only")
    data = LesionFolder(tmp_path / "images", tmp_path / "masks")
    assert [os.fsencode(name) for name in data.ids] == [b"l\xe9sion", b"z"]
    assert data.fingerprint() and data.content_fingerprint()
    assert data.subset(data.ids[:1])[0].mask.any()
