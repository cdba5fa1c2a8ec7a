"""A file is the old one or the new one; only regular files are replaced; bytes are known again."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from lesionseg_lib.utils import files
from lesionseg_lib.utils.files import demand_regular, file_sha256, file_stamp, replacing, sha256_of, write_bytes
from tests.helpers.damage import contents, every_kill


def test_a_kill_at_any_step_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path, seen = tmp_path / "a.txt", set()

    def prepare() -> None:
        for file in tmp_path.iterdir():
            file.unlink()
        path.write_bytes(b"old")

    for _ in every_kill(prepare, lambda: write_bytes(path, b"new")):
        seen.add(path.read_bytes())
        write_bytes(path, path.read_bytes() + b"!")  # the next writer clears what the dead one left
        assert list(contents(tmp_path)) == ["a.txt"]
    assert seen == {b"old", b"new"}


@pytest.mark.parametrize("kind", ["link", "dangling link", "folder", "pipe", "device"])
def test_only_regular_files_are_replaced(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "target", tmp_path / "precious"
    other.write_text("precious")
    match kind:
        case "link":
            path.symlink_to(other)
        case "dangling link":
            path.symlink_to(tmp_path / "nowhere")
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "device":
            path = Path("/dev/null")
    before = path.lstat()
    with pytest.raises(FileExistsError, match="only a regular file is replaced") as caught:
        write_bytes(path, b"new")
    assert caught.value.filename == str(path)
    assert (path.lstat().st_mode, path.lstat().st_ino) == (before.st_mode, before.st_ino)
    assert other.read_text() == "precious" and not (tmp_path / "nowhere").exists()


def test_what_is_new_or_regular_may_be_written(tmp_path: Path) -> None:
    demand_regular(tmp_path / "new")
    (tmp_path / "there").write_text("")
    demand_regular(tmp_path / "there")


@pytest.mark.parametrize("target", ["write", "fsync", "replace"])
def test_a_failed_write_names_the_file_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if target == "write":
        monkeypatch.setattr(files, "write_whole", full)
    else:
        monkeypatch.setattr(os, target, full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_bytes(path, b"new")
    assert caught.value.filename == str(path)
    assert contents(tmp_path) == {"a.txt": b"old"}


def test_bytes_that_did_not_arrive_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open

    class Lying:
        def __init__(self, file: object) -> None:
            self.file = file

        def __enter__(self) -> Lying:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()  # type: ignore[attr-defined]

        def write(self, content: bytes) -> int:
            self.file.write(content[:-1])  # type: ignore[attr-defined]
            return len(content)

    monkeypatch.setattr(Path, "open", lambda self, mode="r": Lying(real(self, mode)))
    with pytest.raises(OSError, match="2 of 3 bytes were written"):
        write_bytes(tmp_path / "a", b"new")


def test_parts_of_living_processes_and_of_other_machines_stay(tmp_path: Path) -> None:
    stay = [f".a.elsewhere-1{files.PART}", f".a.{files._host()}-{os.getppid()}{files.PART}", f".b.x-1{files.PART}"]
    for name in stay:
        (tmp_path / name).write_text("")
    write_bytes(tmp_path / "a", b"new")
    assert sorted(contents(tmp_path)) == sorted([*stay, "a"])


def test_files_are_as_readable_as_the_umask_allows(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "a", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_a_digest_is_computed_once_and_again_when_the_bytes_may_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, times = tmp_path / "a", 0
    path.write_bytes(b"one")
    real = files.hashlib.file_digest

    def count(*arguments: object) -> object:
        nonlocal times
        times += 1
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(files.hashlib, "file_digest", count)
    assert file_sha256(path) == file_sha256(path) == sha256_of(b"one") and times == 1
    status = path.stat()
    path.write_bytes(b"two")  # of the same size, and its time of change is put back
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file_stamp(path)[:2] == (status.st_size, status.st_mtime_ns)
    assert file_sha256(path) == sha256_of(b"two") and times == 2


def test_the_old_file_stays_while_the_new_one_is_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a"
    write_bytes(path, b"old")
    with replacing(path) as part:
        part.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
