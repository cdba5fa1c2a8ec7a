"""Folders that the environment names, and those of users without a home."""

from __future__ import annotations

from pathlib import Path

import pooch
import pytest

from lesionseg_lib.errors import DataError
from lesionseg_lib.utils.folders import cache_folder, named_folder


def test_a_home_is_written_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LESIONSEG_DATA", "~/photos")
    assert named_folder("LESIONSEG_DATA") == tmp_path / "photos"


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_without_a_value_names_nothing(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("LESIONSEG_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("LESIONSEG_DATA", value)
    assert named_folder("LESIONSEG_DATA") is None


def test_a_home_that_nobody_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LESIONSEG_RUNS", "~nobody-here/runs")
    with pytest.raises(DataError, match="LESIONSEG_RUNS is '~nobody-here/runs', and there is no home folder of that"):
        named_folder("LESIONSEG_RUNS")


@pytest.mark.parametrize("answer", ["~/.cache/lesionseg", RuntimeError("no home")])
def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    def os_cache(_: str) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(pooch, "os_cache", os_cache)
    with pytest.raises(DataError, match="Set LESIONSEG_CACHE and LESIONSEG_DATA"):
        cache_folder()


def test_the_cache_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / name)
    assert cache_folder() == tmp_path / "lesionseg"
