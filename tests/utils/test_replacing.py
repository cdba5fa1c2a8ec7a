"""A file is the old one or the new one: while it is written, after an error, and for whoever has it open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lesionseg_lib.utils.files import replacing


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    with replacing(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
        assert part.parent == path.parent  # one file system: the change of name is one step
    assert contents(tmp_path) == {"file.txt": "new"}


def test_an_error_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def write_half() -> None:
        with replacing(path) as part:
            part.write_text("ne")
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        write_half()
    assert contents(tmp_path) == {"file.txt": "old"}


def test_ctrl_c_half_way_leaves_no_file_where_there_was_none(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "file.txt") as part:
        part.write_text("ne")
        raise KeyboardInterrupt
    assert contents(tmp_path) == {}


def test_the_folder_is_made(tmp_path: Path) -> None:
    with replacing(tmp_path / "a" / "b" / "file.txt") as part:
        part.write_text("new")
    assert contents(tmp_path / "a" / "b") == {"file.txt": "new"}


def test_who_writes_nothing_is_told_and_the_old_file_stands(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), replacing(path):
        pass
    assert contents(tmp_path) == {"file.txt": "old"}


def test_whoever_reads_the_old_file_reads_it_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("the old text")
    with path.open() as reader:
        assert reader.read(4) == "the "
        with replacing(path) as part:
            part.write_text("new")
        assert reader.read() == "old text"


def test_the_bytes_are_on_the_disk_before_the_name_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: (steps.append("flush"), fsync(file)))
    monkeypatch.setattr(os, "replace", lambda one, other: (steps.append("rename"), replace(one, other)))
    with replacing(tmp_path / "file.txt") as part:
        part.write_text("new")
    assert steps == ["flush", "rename", "flush"]  # the last one is the folder's
