"""Three sizes of the same work, and which data each takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lesionseg_lib.errors import UnknownNameError
from lesionseg_lib.experiments.profiles import PROFILES, get_profile
from lesionseg_lib.training.recipes import get_recipe


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


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_without_a_value_is_as_none(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("LESIONSEG_PROFILE", raising=False)
    if value is not None:
        monkeypatch.setenv("LESIONSEG_PROFILE", value)
    assert get_profile() is PROFILES["student"]
