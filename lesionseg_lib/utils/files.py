"""Writing a file so that it is either the old one or the new one, never half of either; and knowing its bytes again.

Only regular files are ever replaced: a link, a device or a folder that bears the name stays as it is.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PART = ".part"
"""How the name of a file that is being written ends; it begins with a dot."""
_PART_NAME = re.compile(r"\..+\.(?P<host>[\w-]+)-(?P<pid>\d+)\.part")


@contextmanager
def replacing(path: Path, becoming: Path | None = None) -> Iterator[Path]:
    """A temporary path beside ``path``; on leaving it takes the place of ``path``, after an error it is removed.

    ``becoming``: the name it gets instead. The parent folder is made. What is written is flushed to the disk before the
    name changes, so a crash, a kill or a full disk leaves the old file as it was. What killed processes of this machine
    left of the same file is removed.

    Raises:
        OSError: naming ``path``: it is no regular file, it cannot be written, the disk is full.
    """
    with naming(path):
        demand_regular(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear_dead_parts(path)
    part = path.with_name(f".{path.name}.{_host()}-{os.getpid()}{PART}")
    part.unlink(missing_ok=True)  # of an earlier process with this number
    try:
        with naming(path):
            yield part
            flush(part)
            part.replace(becoming or path)
            flush_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``. Raises ``OSError`` like ``replacing``, and when not all bytes arrived."""
    with replacing(path) as part:
        write_whole(part, content)


def write_whole(part: Path, content: bytes) -> None:
    """Write a new file and look whether all of it is there. Raises ``OSError``."""
    with part.open("wb") as file:
        file.write(content)
    written = part.stat().st_size
    if written != len(content):
        raise OSError(errno.EIO, f"{written} of {len(content)} bytes were written", str(part))


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An ``OSError`` that names no file, or a temporary one, names ``path`` instead."""
    try:
        yield
    except OSError as error:
        named = error.filename
        if named is None or (isinstance(named, str) and named.endswith(PART)):
            raise type(error)(error.errno or errno.EIO, error.strerror or str(error), str(path)) from error
        raise


def demand_regular(path: Path) -> None:
    """Raises ``OSError`` when something other than a regular file bears this name: a link, a device, a folder."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        kinds = {"a link": stat.S_ISLNK, "a folder": stat.S_ISDIR, "a device": stat.S_ISCHR, "a disk": stat.S_ISBLK}
        kind = next((name for name, is_one in kinds.items() if is_one(mode)), "a pipe or socket")
        raise FileExistsError(errno.EEXIST, f"that is {kind}, and only a regular file is replaced", str(path))


def flush(path: Path) -> None:
    """Wait until a file's bytes are on the disk. Raises ``OSError``."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Wait until a folder's names are on the disk, where the system can: Windows and some network drives cannot."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _host() -> str:
    return re.sub(r"[^\w-]", "-", platform.node())[:40] or "host"


def _clear_dead_parts(path: Path) -> None:
    for part in path.parent.glob(f".{_escaped(path.name)}.*{PART}"):
        found = _PART_NAME.fullmatch(part.name)
        if found and found["host"] == _host() and not _runs(int(found["pid"])):
            part.unlink(missing_ok=True)


def _escaped(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)


def _runs(pid: int) -> bool:
    if os.name == "nt":  # there `os.kill` with 0 sends ctrl-C
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is somebody else's
        return True
    return True


# ---- what is there; unlike Path's own these answer False where asking itself fails, in every version of Python


def is_folder(path: Path) -> bool:
    """Whether a path leads to a folder."""
    return os.path.isdir(path)  # noqa: PTH112


def is_file(path: Path) -> bool:
    """Whether a path leads to a regular file."""
    return os.path.isfile(path)  # noqa: PTH113


def leads_nowhere(path: Path) -> bool:
    """Whether a path is a link to something that is not there, or to itself."""
    return os.path.islink(path) and not os.path.exists(path)  # noqa: PTH110, PTH114


# ---- the bytes of a file

Stamp = tuple[int, int, int, int]
_KNOWN: dict[tuple[str, Stamp], str] = {}


def file_stamp(path: Path) -> Stamp:
    """Size, time of change, time of the last change of any kind, and inode: another one wherever bytes may differ.

    Size and time of change alone do not tell: both can be put back. Raises ``OSError``.
    """
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def file_sha256(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes, computed once a process for each ``file_stamp``. Raises ``OSError``."""
    key = (str(path.absolute()), file_stamp(path))
    if key not in _KNOWN:
        with path.open("rb") as file:
            _KNOWN[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return _KNOWN[key]


def sha256_of(content: bytes) -> str:
    """SHA-256 (hex) of bytes."""
    return hashlib.sha256(content).hexdigest()
