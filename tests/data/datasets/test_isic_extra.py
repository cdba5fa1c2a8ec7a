"""Extra photos: which are trained on, which are held out, and what is said when they are not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lesionseg_lib.data.datasets.isic_extra import ISICExtra, find_isic_extra
from lesionseg_lib.errors import DataError, DatasetNotFoundError
from lesionseg_lib.utils.pictures import write_picture

ROWS = {
    "ISIC_0000001": ("4288", "2848", "exact"),
    "ISIC_0000002": ("2592", "1936", "exact"),  # a camera that ISIC 2016 does not have
    "ISIC_0000003": ("6688", "4439", "exact"),  # a scanned slide
    "ISIC_0000004": ("", "", "isic2018"),
    "ISIC_0014795": ("4288", "2848", "exact"),  # shows the lesion of a test image
    "ISIC_0015023": ("6601", "4401", "exact"),  # too, and is a scan
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LESIONSEG_DATA", str(tmp_path))
    root = tmp_path / "isic-extra"
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    lines = ["id,native_width,native_height,mask_origin"]
    for number, (key, values) in enumerate(ROWS.items()):
        write_picture(root / "images" / f"{key}.png", np.full((4, 6, 3), number, np.uint8))
        write_picture(root / "masks" / f"{key}_Segmentation.png", np.full((4, 6), 255, np.uint8))
        lines.append(",".join((key, *values)))
    (root / "manifest.csv").write_text("\n".join(lines) + "\n")
    return root


def test_two_origins_are_held_out_and_copies_are_in_neither_part(root: Path) -> None:
    assert find_isic_extra() == root
    assert ISICExtra("train").ids == ("ISIC_0000001", "ISIC_0000004")
    assert ISICExtra("elsewhere").ids == ("ISIC_0000002", "ISIC_0000003")
    assert ISICExtra("elsewhere")[1].image[0, 0].tolist() == [2, 2, 2]
    assert ISICExtra("train", root).attributes(1) == {"mask_origin": "isic2018"}


def test_without_them_the_message_says_what_to_do(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "manifest.csv").unlink()
    with pytest.raises(DataError, match="manifest.csv: missing or empty. It tells which photos are held out"):
        ISICExtra("train")
    assert find_isic_extra() is None
    monkeypatch.setenv("LESIONSEG_DATA", str(root / "images"))
    with pytest.raises(DatasetNotFoundError, match="no such folder. Expected images, masks and manifest.csv"):
        ISICExtra("elsewhere")


def test_the_shared_photos_are_told_apart() -> None:
    if find_isic_extra() is None:
        pytest.skip("no isic-extra; set LESIONSEG_DATA to the folder that holds it")
    train, elsewhere = ISICExtra("train"), ISICExtra("elsewhere")
    assert len(train) + len(elsewhere) == 1625 - len(ISICExtra.COPIES)
    assert not {*train.ids, *elsewhere.ids} & set(ISICExtra.COPIES)
    assert len(elsewhere) > 200
    assert {elsewhere.attributes(index)["mask_origin"] for index in range(len(elsewhere))} == {"exact"}
