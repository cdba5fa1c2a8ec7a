"""Several files that belong together: whole before, whole after, whatever happens in between.

One of them, the manifest, tells the SHA-256 of the others. They are written under names of their own first
(``.<name>.<sha256>.next``), then the manifest is renamed, which is the moment of change, then they take their names. A
reader that finds another file than the manifest tells of takes the one that waits, so a kill at any step leaves the
old files or the new ones.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from lesionseg_lib.utils.files import PART, demand_regular, file_sha256, replacing, sha256_of, write_whole

_NEXT = ".next"
_LEFT_NAME = re.compile(r"\..+(\.part|\.[0-9a-f]{16}\.next)")


class DamageError(ValueError):
    """A file does not have the bytes that its manifest tells of."""


def write_bundle(manifest: Path, content: bytes, files: Mapping[Path, bytes]) -> None:
    """Write ``files`` and the ``manifest`` that tells of them; after an error all is as it was.

    Raises ``OSError`` that names the file: no regular file, cannot be written, disk full.
    """
    waiting: dict[Path, Path] = {}
    try:
        for path, data in files.items():
            demand_regular(path)
            staged = _staged(path, sha256_of(data))
            waiting[path] = staged
            with replacing(path, becoming=staged) as part:
                write_whole(part, data)
        with replacing(manifest) as part:
            write_whole(part, content)
    except BaseException:
        # Unless the manifest is in place already, and only the flush after it failed.
        if not manifest.is_file() or manifest.read_bytes() != content:
            for staged in waiting.values():
                staged.unlink(missing_ok=True)
        raise
    for path, staged in waiting.items():
        staged.replace(path)


def read_whole(path: Path, sha256: str | None) -> bytes:
    """The bytes of a file, compared with ``sha256`` if there is one; the file that waits for its place if that fits.

    Raises:
        FileNotFoundError: neither is there.
        OSError: it cannot be read.
        DamageError: it has other bytes.
    """
    if sha256 is not None:
        data = settle(path, sha256)
        if data is not None:
            return data
    data = path.read_bytes()
    if sha256 is not None and sha256_of(data) != sha256:
        raise DamageError(f"its {len(data):,} bytes are not those that were written: their SHA-256 differs")
    return data


def settle(path: Path, sha256: str) -> bytes | None:
    """Give a file that waits for the name ``path`` its place, and return its bytes; None if none waits."""
    staged = _staged(path, sha256)
    try:
        data = staged.read_bytes()
    except FileNotFoundError:
        return None
    if sha256_of(data) != sha256:
        return None
    with suppress(OSError):  # of a folder that may only be read: then the file goes on waiting
        demand_regular(path)
        staged.replace(path)
    return data


def demand_whole(path: Path, sha256: str) -> None:
    """Like ``read_whole`` for a file that is too large to be read at once; hashed once a process."""
    if file_sha256(path) != sha256:
        raise DamageError(f"its {path.stat().st_size:,} bytes are not those that were written: their SHA-256 differs")


def clear_leftovers(folder: Path, keep: Collection[str] = ()) -> None:
    """Remove what interrupted writes left in a folder that the caller owns, but for files of a SHA-256 in ``keep``."""
    names = {f".{sha256[:16]}{_NEXT}" for sha256 in keep}
    for file in [*folder.glob(f".*{PART}"), *folder.glob(f".*{_NEXT}")]:
        if _LEFT_NAME.fullmatch(file.name) and not any(file.name.endswith(name) for name in names):
            file.unlink(missing_ok=True)


def _staged(path: Path, sha256: str) -> Path:
    return path.with_name(f".{path.name}.{sha256[:16]}{_NEXT}")
