"""Files that belong together change together, whatever happens."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from lesionseg_lib.utils.bundles import DamageError, clear_leftovers, demand_whole, read_whole, settle, write_bundle
from lesionseg_lib.utils.files import sha256_of
from tests.helpers.damage import contents, damages, every_kill


def write(folder: Path, files: dict[str, bytes]) -> None:
    told = json.dumps({name: sha256_of(data) for name, data in files.items()}).encode()
    write_bundle(folder / "manifest", told, {folder / name: data for name, data in files.items()})


def read(folder: Path) -> dict[str, bytes]:
    told = json.loads((folder / "manifest").read_bytes())
    return {name: read_whole(folder / name, sha256) for name, sha256 in told.items()}


OLD = {"a": b"old a", "b": b"old b", "c": b"the same"}
NEW = {"a": b"new a", "b": b"new b, longer", "c": b"the same"}


def test_a_kill_at_any_step_leaves_all_old_files_or_all_new_ones(tmp_path: Path) -> None:
    folder, seen = tmp_path / "run", []

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        write(folder, OLD)

    for _ in every_kill(prepare, lambda: write(folder, NEW)):
        found = read(folder)
        assert found in (OLD, NEW)
        seen.append(found == NEW)
        clear_leftovers(folder)
        assert set(contents(folder)) == {"manifest", "a", "b", "c"}
        assert read(folder) == found
    assert seen == sorted(seen) and {True, False} == set(seen)  # old up to one step, new from it on


def test_of_two_writers_that_alternate_the_last_manifest_tells_of_its_own_files(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    for files in (NEW, OLD, NEW):
        write(tmp_path, files)
        assert read(tmp_path) == files


def test_a_failure_before_the_manifest_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, OLD)
    before, real, calls = contents(tmp_path), os.fsync, 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls >= 3:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, NEW)
    assert contents(tmp_path) == before


def test_every_damage_is_noticed(tmp_path: Path) -> None:
    good = bytes(range(256)) * 4
    path = tmp_path / "a"
    count = 0
    for what, content in damages(good, 60):
        path.write_bytes(content)
        with pytest.raises(DamageError, match="SHA-256 differs"):
            read_whole(path, sha256_of(good))
        with pytest.raises(DamageError):
            demand_whole(path, sha256_of(good))
        count += 1
        assert what
    assert count > 150
    path.write_bytes(good)
    assert read_whole(path, sha256_of(good)) == read_whole(path, None) == good
    demand_whole(path, sha256_of(good))


def test_a_file_that_waits_but_is_damaged_is_not_taken(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    digest = sha256_of(b"new a")
    (tmp_path / f".a.{digest[:16]}.next").write_bytes(b"new ")
    assert settle(tmp_path / "a", digest) is None
    with pytest.raises(DamageError):
        read_whole(tmp_path / "a", digest)
    assert read(tmp_path) == OLD


def test_only_leftovers_of_our_own_names_are_cleared(tmp_path: Path) -> None:
    stay = [".hidden", ".a.next", "b.part", f".a.{'0' * 16}.nexts"]
    go = [f".a.{'0' * 16}.next", ".a.host-12.part"]
    kept = "ab" * 32
    for name in [*stay, *go, f".a.{kept[:16]}.next"]:
        (tmp_path / name).write_text("")
    clear_leftovers(tmp_path, keep=[kept])
    assert sorted(contents(tmp_path)) == sorted([*stay, f".a.{kept[:16]}.next"])
