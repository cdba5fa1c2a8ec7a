"""Which data a run sees: the validation split, and what a profile may open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lesionseg_lib.data.datasets import SyntheticLesions, isic_download
from lesionseg_lib.data.splits import Splits, open_splits, split_validation
from lesionseg_lib.errors import DataError, DatasetNotFoundError
from lesionseg_lib.experiments.profiles import get_profile
from tests.helpers.archives import isic_tree
from tests.helpers.numbered import Numbered


# sha256sum of "0:lesion-0", "0:lesion-1", ... begins with 73341ca7 (.45001), c98ab12f (.79), 290883b9 (.16), e09c4c9f
# (.88), eae3603b (.92), f50058bc (.96), 906783b5 (.56), c12b3c1e (.75), caa226c5 (.79), cdfa8949 (.80).
@pytest.mark.parametrize(
    ("fraction", "numbers"), [(0.4500, [2]), (0.4501, [0, 2]), (0.57, [0, 2, 6]), (0.76, [0, 2, 6, 7])]
)
def test_the_validation_split_follows_the_documented_rule(fraction, numbers):
    train, validation = split_validation(Numbered(10), fraction, seed=0)
    assert validation.ids == tuple(f"lesion-{number}" for number in numbers)
    assert set(train.ids) | set(validation.ids) == set(Numbered(10).ids)
    assert not set(train.ids) & set(validation.ids)


def test_adding_images_moves_no_other_image_to_the_other_side():
    few, many = (set(split_validation(Numbered(count), 0.2)[1].ids) for count in (100, 1000))
    assert few == many & set(Numbered(100).ids)


def test_another_seed_gives_another_split():
    first, second = (split_validation(Numbered(100), 0.2, seed)[1].ids for seed in (0, 1))
    assert first != second


def test_the_split_has_about_the_fraction_asked_for():
    _, validation = split_validation(Numbered(2000), 0.1)
    assert 150 <= len(validation) <= 250  # 200 +- 3.7 standard deviations


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 10])
def test_a_fraction_that_is_none_is_refused(fraction):
    with pytest.raises(DataError, match="give one between 0 and 1"):
        split_validation(Numbered(10), fraction)


@pytest.mark.parametrize(("fraction", "empty"), [(0.01, "validation"), (0.99, "training")])
def test_a_split_that_leaves_a_side_empty_is_refused(fraction, empty):
    with pytest.raises(DataError, match=f"leaves none for {empty}"):
        split_validation(Numbered(10), fraction)


TRAIN = 40  # enough that the rule by ids puts some of them into validation


@pytest.fixture
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LESIONSEG_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def official_data(no_data: Path) -> Path:
    return isic_tree(no_data / "isic2016", {"train": TRAIN, "test": 3})


def ids(splits: Splits) -> list[set[str]]:
    return [set(part.ids) for part in (splits.train, splits.validation, splits.test)]


def test_smoke_draws_its_data_even_where_real_data_are(official_data: Path) -> None:
    splits = open_splits(get_profile("smoke"))
    assert all(isinstance(part, SyntheticLesions) for part in (splits.train, splits.validation, splits.test))
    assert [len(part) for part in ids(splits)] == [24, 8, 8]
    assert len({part.content_fingerprint() for part in (splits.train, splits.validation, splits.test)}) == 3
    assert splits.test.truth(0).shape == (96, 96)  # larger than the network's input


def test_student_draws_its_data_only_where_real_data_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LESIONSEG_DATA", raising=False)
    monkeypatch.setattr(isic_download, "cache_folder", lambda: tmp_path)
    splits = open_splits(get_profile("student"))
    assert [len(part) for part in ids(splits)] == [320, 40, 80]
    isic_tree(tmp_path / "isic2016", {"train": TRAIN, "test": 3})
    assert open_splits(get_profile("student")).name == "isic2016-train"


@pytest.mark.parametrize("wrong", ["nothing there", "mistyped", "one level too deep", "one too high", "a part missing"])
def test_a_variable_that_is_set_must_lead_to_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    root = isic_tree(tmp_path / "data" / "isic2016", {"train": TRAIN, "test": 3})
    (tmp_path / "empty").mkdir()
    value, part = {
        "nothing there": (tmp_path / "empty", "there is no such folder"),
        "mistyped": (tmp_path / "dat", "there is no such folder"),
        "one level too deep": (root, f"Set it to {root.parent}"),
        "one too high": (tmp_path, f"Set it to {root.parent}"),
        "a part missing": (root.parent, "missing: ISBI2016_ISIC_Part1_Test_GroundTruth."),
    }[wrong]
    if wrong == "a part missing":
        (root / "ISBI2016_ISIC_Part1_Test_GroundTruth").rename(tmp_path / "elsewhere")
    monkeypatch.setenv("LESIONSEG_DATA", str(value))
    with pytest.raises(DatasetNotFoundError, match=re.escape(f"LESIONSEG_DATA is set to '{value}'")) as caught:
        open_splits(get_profile("student"))
    assert part in str(caught.value)
    assert open_splits(get_profile("smoke")).name == "synthetic", "profile smoke never looks for them"


def test_full_takes_real_data_or_says_how_to_get_them(no_data: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match=re.escape(str(no_data))):
        open_splits(get_profile("full"))


@pytest.mark.parametrize("profile", ["student", "full"])
def test_real_data_are_split_into_disjoint_sets_and_the_test_set_stays_whole(official_data: Path, profile: str) -> None:
    train, validation, test = ids(open_splits(get_profile(profile)))
    assert train and validation
    assert train | validation == {f"ISIC_1{number:06d}" for number in range(TRAIN)}
    assert test == {f"ISIC_2{number:06d}" for number in range(3)}
    assert not train & validation and not (train | validation) & test
