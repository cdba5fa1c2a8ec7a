"""`lesionseg evaluate`: a saved model on a folder of photos and masks."""

# ruff: noqa: F401 (fixtures are imported by name)
from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.helpers.archives import isic_tree, save_pair
from tests.helpers.commands import an_empty_place, cache, lesionseg, refused
from tests.helpers.models import save_random_model


def test_evaluate_scores_a_model_and_writes_a_row_for_each_image(tmp_path: Path) -> None:
    model = save_random_model(tmp_path / "model", threshold=0.0)  # all lesion, so the scores are known
    for number in range(3):
        save_pair(tmp_path / "images", tmp_path / "masks", f"x{number}", number, (20, 30))
    result = lesionseg("evaluate", model, "--data", tmp_path, "--csv", tmp_path / "out" / "scores.csv")
    assert result.exit_code == 0, result.output
    # The true lesion is rows 5 to 14 and columns 7 to 22: 10 x 16 of 600 pixels.
    table = pd.read_csv(tmp_path / "out" / "scores.csv")
    assert table["id"].tolist() == ["x0", "x1", "x2"]
    assert table["jaccard"].tolist() == pytest.approx([160 / 600] * 3, abs=1e-6)
    assert (table["height"].unique(), table["width"].unique()) == ([20], [30])
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines() if line}
    assert rows["jaccard"][1:5] == ["0.2667", "0.2667", "to", "0.2667"]
    assert rows["dice"][1] == f"{320 / 760:.4f}"


@pytest.mark.parametrize("layout", ["test", "isic", "default"])
def test_evaluate_finds_the_test_images_in_other_layouts(
    tmp_path: Path, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = save_random_model(tmp_path / "model")
    arguments = ["--data", tmp_path / "isic2016"]
    if layout == "test":
        save_pair(tmp_path / "isic2016" / "test", tmp_path / "isic2016" / "test_masks", "x0")
    else:
        isic_tree(tmp_path / "isic2016", {"test": 1, "train": 2})
    if layout == "default":
        monkeypatch.setenv("LESIONSEG_DATA", str(tmp_path))
        arguments = []
    result = lesionseg("evaluate", model, *arguments)
    assert result.exit_code == 0 and "test: 1 images" in result.stdout


def _no_folder(data: Path) -> None:
    pass


def _other_folders(data: Path) -> None:
    save_pair(data / "pictures", data / "truth", "x0")


def _image_without_mask(data: Path) -> None:
    save_pair(data / "images", data / "masks", "x0")
    save_pair(data / "images", data / "elsewhere", "x1")


def _sizes_differ(data: Path) -> None:
    save_pair(data / "images", data / "elsewhere", "x0")
    save_pair(data / "elsewhere", data / "masks", "x0", size=(9, 9))


def _image_cut_short(data: Path) -> None:
    save_pair(data / "images", data / "masks", "x0", size=(64, 64))
    file = data / "images" / "x0.jpg"
    file.write_bytes(file.read_bytes()[:700])


@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        (_no_folder, "there is no such folder"),
        (_other_folders, "Expected two folders in it"),
        (_image_without_mask, "1 of 2 images have no mask: x1.jpg"),
        (_sizes_differ, "x0: the image is 8 x 6 pixels (width x height), the mask 9 x 9"),
        (_image_cut_short, "cut short"),
    ],
)
def test_evaluate_says_what_is_wrong_with_the_data(tmp_path: Path, spoil: Any, part: str) -> None:
    model = save_random_model(tmp_path / "model")
    spoil(tmp_path / "data")
    refused(lesionseg("evaluate", model, "--data", tmp_path / "data"), part)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    model = save_random_model(tmp_path / "model")
    save_pair(tmp_path / "images", tmp_path / "masks", "x0")
    (tmp_path / "file").write_text("")
    csv = tmp_path / "file" / "scores.csv"
    refused(lesionseg("evaluate", model, "--data", tmp_path, "--csv", csv), str(tmp_path / "file"))


def test_warnings_are_notes_of_one_line(tmp_path: Path) -> None:
    save_pair(tmp_path / "images", tmp_path / "masks", "x0")
    (tmp_path / "images" / "notes.txt").write_text("")
    arguments = ("evaluate", save_random_model(tmp_path / "model"), "--data", tmp_path)
    before = warnings.showwarning
    assert "\nNote: " in "\n" + lesionseg(*arguments).stderr
    assert warnings.showwarning is before
