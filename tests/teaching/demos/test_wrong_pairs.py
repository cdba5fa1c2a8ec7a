"""Six mistakes that run: each makes the wrong pairs that its name says, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lesionseg_lib.data.datasets import SyntheticLesions
from lesionseg_lib.teaching.demos.wrong_pairs import (
    LINE_UP,
    MISTAKES,
    Pairs,
    agreement,
    count_pairs,
    lineup_fault,
    load_right,
    read_pair,
    write_pairs,
)

SIZE = (48, 64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mispairs") / "pairs"
    assert write_pairs(SyntheticLesions(12, size=72, seed=1), path) > 0
    return path


@pytest.fixture(scope="module")
def right(folder: Path) -> Pairs:
    return load_right(folder, SIZE)


def test_what_was_written_is_read_back(folder: Path, right: Pairs) -> None:
    assert count_pairs(folder) == 12
    assert right.images.shape == (12, *SIZE, 3) and right.masks.shape == (12, *SIZE)
    assert set(np.unique(right.masks)) == {0, 1} and agreement(right) == 1
    image, mask = read_pair(folder, 3, (72, 72))
    sample = SyntheticLesions(12, size=72, seed=1)[2]
    assert np.array_equal(mask == 1, sample.mask)
    assert np.abs(image.astype(int) - sample.image).mean() < 6  # JPEG


def test_a_scale_enlarges_files_and_not_what_comes_out(tmp_path: Path, folder: Path) -> None:
    samples = list(SyntheticLesions(2, size=72, seed=1))
    large = write_pairs(samples, tmp_path / "large", scale=4)
    assert large > write_pairs(samples, tmp_path / "small")
    assert np.mean(read_pair(tmp_path / "large", 1, SIZE)[1] != read_pair(folder, 1, SIZE)[1]) < 0.02


@pytest.mark.parametrize("name", [*MISTAKES, *LINE_UP])
def test_every_loader_runs_and_gives_the_right_shapes(name: str, folder: Path, right: Pairs) -> None:
    found = {**MISTAKES, **LINE_UP}[name](folder, SIZE)
    for part, expected in zip(found, right, strict=True):
        assert part.shape == expected.shape and part.dtype == np.uint8


@pytest.mark.parametrize("name", ["image flipped alone", "sorted differently", "size (W, H) for (H, W)"])
def test_displaced_masks_do_not_fit(name: str, folder: Path) -> None:
    assert agreement(MISTAKES[name](folder, SIZE)) < 0.9


def test_equal_seeds_with_another_draw_spoil_some_pairs_and_not_all(folder: Path) -> None:
    found = MISTAKES["same seed, other draws"](folder, SIZE)
    wrong = (found.masks != found.truth).any((1, 2))
    assert 0 < wrong.sum() < len(wrong)


def test_two_mistakes_leave_the_outline_in_place(folder: Path, right: Pairs) -> None:
    bytes_, blue = (MISTAKES[name](folder, SIZE) for name in ("mask 0 and 255", "blue first"))
    assert agreement(bytes_) == agreement(blue) == 1
    assert set(np.unique(bytes_.masks)) == {0, 255}
    assert np.array_equal(blue.images[..., ::-1], right.images)


def test_the_truth_belongs_to_each_image_as_it_is(folder: Path, right: Pairs) -> None:
    flipped = MISTAKES["image flipped alone"](folder, SIZE)
    assert np.array_equal(flipped.truth[:, :, ::-1], right.masks)
    text = MISTAKES["sorted differently"](folder, SIZE)
    assert np.array_equal(text.images[1], right.images[9])  # "10" stands before "2"
    assert np.array_equal(text.truth[1], right.masks[9]) and np.array_equal(text.masks, right.masks)


def test_the_line_up_has_three_wrong_and_the_innocent_read_rightly(folder: Path) -> None:
    wrong = [letter for letter, loader in LINE_UP.items() if loader in MISTAKES.values()]
    assert len(wrong) == 3
    for letter in set(LINE_UP) - set(wrong):
        pairs = LINE_UP[letter](folder, SIZE)
        assert agreement(pairs) == 1 and pairs.masks.max() == 1
    assert lineup_fault(wrong) is None and lineup_fault("".join(reversed(wrong))) is None


@pytest.mark.parametrize(
    ("accused", "says"),
    [
        ("", "3 wrong loaders"),
        ("ABCDE", "2 of the accused"),
        ("BE", "0 of the accused read rightly, and 1"),
        ("X", "no loader X"),
    ],
)
def test_other_accusations_are_refused(accused: str, says: str) -> None:
    assert says in (lineup_fault(accused) or "")
