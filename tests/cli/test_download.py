"""`lesionseg download`: what is there is left alone, and how it is found is said."""

# ruff: noqa: F401 (fixtures are imported by name)
from __future__ import annotations

from pathlib import Path

import pytest

from lesionseg_lib.data.datasets import download, isic_download
from tests.helpers.archives import isic_tree
from tests.helpers.commands import an_empty_place, cache, lesionseg, refused
from tests.helpers.server import serving


def test_download_fetches_nothing_that_is_there_and_says_how_commands_find_it(tmp_path: Path) -> None:
    root = isic_tree(tmp_path / "data" / "isic2016", {"train": 3, "test": 2})
    result = lesionseg("download", "--root", root)
    assert result.exit_code == 0, result.output
    assert "train: 3 of 900 pairs, 897 missing" in result.stdout
    assert f"export LESIONSEG_DATA={tmp_path / 'data'}" in result.stdout


def test_a_download_that_fails_is_said_in_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "FIRST_WAIT", 0.0)
    with serving() as server:
        monkeypatch.setattr(isic_download, "OFFICIAL_URL", server.url)
        refused(lesionseg("download"), "404")
    assert not (tmp_path / "no data" / "isic2016").exists()
