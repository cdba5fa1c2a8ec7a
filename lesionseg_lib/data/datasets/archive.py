"""What a zip archive would unpack to: whatever is wrong with it is found before anything is written."""

from __future__ import annotations

import errno
import lzma
import stat
import struct
import zipfile
import zlib
from collections import Counter
from pathlib import Path, PurePosixPath

from lesionseg_lib.errors import DownloadError

_GROWTH, _ROOM = 10, 100 << 20
"""Photos and PNGs are compressed already: an archive that unpacks to more than 10 times its size and 100 MB is none of
photos."""

_LONGEST_NAME = 255  # bytes; what file systems take
# Faults of the machine, not of the archive: the archive is kept.
OF_THE_MACHINE = (
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENFILE,
    errno.ENOMEM, errno.ESTALE,
)  # fmt: skip
# RuntimeError is what zipfile raises for encrypted members, NotImplementedError (one of it) for unknown compression.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError, LookupError, struct.error,
    OverflowError, MemoryError, OSError,
)  # fmt: skip


def members_to_unpack(archive: Path, opened: zipfile.ZipFile) -> dict[zipfile.ZipInfo, str]:
    """The files of an archive and the names they get, without its folders. Raises ``DownloadError``."""
    names: dict[zipfile.ZipInfo, str] = {}
    for member in opened.infolist():
        path = PurePosixPath(member.filename)
        if reason := _unsafe(member, path):
            raise DownloadError(
                f"{archive.name} has the member {_shown(member.filename)}, which {reason}. No archive of ISIC has such "
                "a member; nothing was unpacked. It was removed; check where it comes from."
            )
        if not member.is_dir() and path.parts[0] != "__MACOSX" and not path.name.startswith("."):
            names[member] = path.name
    name, times = Counter(names.values()).most_common(1)[0] if names else ("", 0)
    if times > 1:
        raise DownloadError(f"{archive.name} has two members named {name[:80]}; expected one.")
    packed, whole = archive.stat().st_size, sum(member.file_size for member in names)
    if whole > _GROWTH * packed + _ROOM:
        raise DownloadError(
            f"{archive.name} has {packed:,} bytes and would unpack to {whole:,}. No archive of photos does that; "
            "nothing was unpacked. It was removed; check where it comes from."
        )
    return names


def _unsafe(member: zipfile.ZipInfo, path: PurePosixPath) -> str | None:
    if not path.parts or path == PurePosixPath("/") or any(ord(sign) < 32 for sign in member.filename):
        return "has no name that a file can have"
    if ".." in path.parts or path.is_absolute() or "\\" in member.filename or ":" in member.filename:
        return "points outside the folder it is unpacked to"
    if len(path.name.encode("utf-8", "surrogatepass")) > _LONGEST_NAME:
        return f"has a name of more than {_LONGEST_NAME} bytes"
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "is a link"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a device, a pipe or a socket"
    if member.flag_bits & 1:
        return "is encrypted"
    return None


def _shown(name: str) -> str:
    return repr(name if len(name) <= 80 else f"{name[:60]}...{name[-15:]}")
