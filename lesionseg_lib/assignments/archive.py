"""A zip from outside, read into memory within limits. Nothing is ever unpacked to a disk.

What a listing says is not believed: bytes are counted as they come out. Names that lead out of the archive, links,
locked and double entries refuse the whole archive. What a Mac adds, and one folder around everything, are passed over.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from lesionseg_lib.errors import AssignmentError

ENTRIES = 500
"""Files that a zip may hold."""
LISTING = 1 << 20
"""Bytes that the listing of a zip may take: beyond it even reading names would take long."""
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def read_archive(path: Path, largest: Callable[[str], int | None], whole: int = 256 << 20) -> dict[str, bytes]:
    """Name -> content of the entries that ``largest`` gives a number of bytes; those it gives None are not read.

    Raises ``AssignmentError`` that names the file: it is no zip or a damaged one, it holds a dangerous name or too
    many, an entry is larger than it may be, or all together are larger than ``whole``.
    """
    try:
        with path.open("rb") as file:
            _demand_short_listing(path.name, file)
            file.seek(0)
            with zipfile.ZipFile(file) as archive:
                return _contents(path.name, archive, largest, whole)
    except AssignmentError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        OverflowError,
    ) as error:
        raise AssignmentError(f"{path.name}: no zip that can be read ({_short(error)}). Pack it again.") from error
    except OSError as error:
        raise AssignmentError(f"{path.name}: cannot be read ({error.strerror or _short(error)}).") from error


def _demand_short_listing(name: str, file: BinaryIO) -> None:
    """Python reads a zip's whole listing at once, so its length is looked at before."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - (1 << 16) - 22))
    tail = file.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) < place + 22:
        raise zipfile.BadZipFile("it has no end")
    number = int.from_bytes(tail[place + 10 : place + 12], "little")
    length = int.from_bytes(tail[place + 12 : place + 16], "little")
    if number > ENTRIES or length > LISTING:
        raise AssignmentError(f"{name}: holds {number:,} files; expected at most {ENTRIES}.")


def _contents(
    name: str, archive: zipfile.ZipFile, largest: Callable[[str], int | None], whole: int
) -> dict[str, bytes]:
    entries = [entry for entry in archive.infolist() if not _is_noise(entry)]
    if len(entries) > ENTRIES:
        raise AssignmentError(f"{name}: holds {len(entries):,} files; expected at most {ENTRIES}.")
    for entry in entries:
        _demand_harmless(name, entry)
    around = _folder_around([entry.filename for entry in entries])
    found: dict[str, bytes] = {}
    left = whole
    for entry in entries:
        inside = entry.filename.removeprefix(around)
        most = largest(inside)
        if most is None:
            continue
        if inside in found:
            raise AssignmentError(f"{name}: holds {inside!r:.100} twice. Pack it again.")
        found[inside] = _content(name, archive, entry, min(most, left))
        left -= len(found[inside])
    return found


def _is_noise(entry: zipfile.ZipInfo) -> bool:
    parts = entry.filename.split("/")
    return entry.is_dir() or "__MACOSX" in parts[:1] or parts[-1] in (".DS_Store", "Thumbs.db")


def _demand_harmless(name: str, entry: zipfile.ZipInfo) -> None:
    inside = entry.filename
    leads_out = inside.startswith("/") or ".." in inside.split("/") or "\\" in inside or ":" in inside
    if leads_out or "\0" in entry.orig_filename or not inside.isprintable() or len(inside) > 200:
        raise AssignmentError(f"{name}: holds the name {inside!r:.100}, which leads out of it. It is not read.")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise AssignmentError(f"{name}: {inside!r:.100} is a link or a device. Put the file itself into the zip.")
    if entry.flag_bits & 1:
        raise AssignmentError(f"{name}: {inside!r:.100} is locked by a password. Pack it without one.")
    if entry.compress_type not in METHODS:
        raise AssignmentError(f"{name}: {inside!r:.100} is packed in an unusual way. Pack it again.")


def _folder_around(names: list[str]) -> str:
    """The folder that holds everything, with its slash; "" without one, or where answers.json lies at the top."""
    tops = {name.partition("/")[0] for name in names if "/" in name}
    return f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in names) else ""


def _content(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    parts, size = [], 0
    with archive.open(entry) as file:
        while part := file.read(1 << 16):
            size += len(part)
            if size > most:
                raise AssignmentError(
                    f"{name}: {entry.filename!r:.100} unpacks to more than the {most:,} bytes that are allowed here."
                )
            parts.append(part)
    return b"".join(parts)


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__
