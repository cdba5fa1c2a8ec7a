"""Three sizes of the same work, and which data each takes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from lesionseg_lib.data.datasets import SyntheticLesions, isic_download
from lesionseg_lib.data.splits import Splits, open_splits
from lesionseg_lib.errors import DatasetNotFoundError, UnknownNameError
from lesionseg_lib.experiments.profiles import PROFILES, get_profile
from lesionseg_lib.training.recipes import get_recipe
from tests.helpers.archives import isic_tree

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


@pytest.mark.parametrize(
    ("profile", "size", "epochs", "batch_size"),
    [("smoke", (64, 64), 2, 8), ("student", (128, 128), 5, 16), ("full", (128, 128), 25, 16)],
)
def test_a_profile_changes_sizes_and_nothing_else(
    profile: str, size: tuple[int, int], epochs: int, batch_size: int
) -> None:
    recipe = get_recipe("transposed-finetuned")
    applied = get_profile(profile).apply(recipe)
    assert (applied.size, applied.epochs, applied.batch_size) == (size, epochs, batch_size)
    assert replace(applied, size=recipe.size, epochs=recipe.epochs, batch_size=recipe.batch_size) == recipe


def test_a_profile_never_prolongs_a_recipe() -> None:
    short = replace(get_recipe("conv5-frozen"), epochs=1)
    assert all(profile.apply(short).epochs == 1 for profile in PROFILES.values())


def test_full_is_the_recipe_itself() -> None:
    recipe = get_recipe("dilated-all")
    assert get_profile("full").apply(recipe) == recipe


def test_the_environment_names_the_profile_unless_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LESIONSEG_PROFILE", raising=False)
    assert get_profile().name == "student"
    monkeypatch.setenv("LESIONSEG_PROFILE", "smoke")
    assert get_profile().name == "smoke"
    assert get_profile("full").name == "full"
    monkeypatch.setenv("LESIONSEG_PROFILE", "studnet")
    with pytest.raises(UnknownNameError, match="no profile named 'studnet'. Did you mean 'student'"):
        get_profile()


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
