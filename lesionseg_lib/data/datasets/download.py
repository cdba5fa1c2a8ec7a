"""Fetch one file over HTTP, continuing where an earlier attempt stopped; unpack a zip archive safely."""

from __future__ import annotations

import logging
import re
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pooch
import requests
from tqdm import tqdm

from lesionseg_lib.data.datasets.archive import DAMAGED, OF_THE_MACHINE, members_to_unpack
from lesionseg_lib.errors import DownloadError

ATTEMPTS = 5  # failures in a row before giving up
FIRST_WAIT = 1.0  # seconds before the second attempt; doubled before each further one
_PROGRESS = 1 << 20  # bytes an attempt must gain to count as progress, which starts the count of failures anew
_CHUNK = 1 << 16
_TIMEOUT = (10, 60)  # seconds to connect, seconds without a byte


class _Temporary(Exception):
    """The server could not serve the file now, but may a moment later."""


def fetch(url: str, target: Path, *, md5: str | None = None, sha256: str | None = None) -> None:
    """Download ``url`` to ``target``, unless it is there already (with that hash, if one is given).

    A connection that drops and the answers 429 and 5xx are tried again, a few times, with growing pauses. What
    has arrived is kept in ``target`` + ".part", from where this call or a later one continues.

    Raises:
        DownloadError: the server refuses, keeps failing or sends a web page; the hash differs.
        OSError: the file cannot be written.
    """
    part = target.with_name(target.name + ".part")
    # pooch looks after what is there already, hashes and moves the finished file. Its own downloader starts
    # from zero after each failure, which for archives of hundreds of megabytes may mean never.
    with _quiet_pooch():
        try:
            pooch.retrieve(
                url,
                known_hash=f"sha256:{sha256}" if sha256 else f"md5:{md5}" if md5 else None,
                fname=target.name,
                path=target.parent,
                downloader=partial(_download, part=part),
            )
        except ValueError as error:  # pooch's word for a hash that differs; it has removed the file
            raise DownloadError(
                f"{url} arrived, but it is not the file expected: {error}. It was removed. Try again; if that "
                "does not help, the file on the server has changed."
            ) from error


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the files of a zip archive into a new folder, leaving out the archive's own folders.

    Each file's checksum (CRC-32) is compared on the way.

    Raises:
        DownloadError: the archive is damaged or grows beyond measure, or has a member that points outside of it, is a
            link or no file, or bears a name that no file can have or that another one has.
        OSError: the files cannot be written.
    """
    folder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            for member, name in members_to_unpack(archive, opened).items():
                with opened.open(member) as source, (folder / name).open("xb") as file:
                    shutil.copyfileobj(source, file)
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno in OF_THE_MACHINE:
            raise
        raise DownloadError(
            f"{archive.name} is cut short, damaged or no zip archive ({error or type(error).__name__}). It was "
            "removed; run the same command again to fetch it anew."
        ) from error


def _download(url: str, output: str, _: Any, *, part: Path) -> None:
    """What pooch calls to download ``url`` to ``output``."""
    failures, most = 0, _size(part)
    while True:
        try:
            _transfer(url, part)
        except (_Temporary, requests.RequestException) as error:
            now = _size(part)
            failures = 1 if now >= most + _PROGRESS else failures + 1
            most = max(most, now)
            if isinstance(error, ValueError):  # so do they that are no valid address
                raise DownloadError(
                    f"{url} is no address that a file can be fetched from ({error}). Expected one such as "
                    "https://example.org/folder/."
                ) from error
            if failures >= ATTEMPTS:
                kept = f"{now / 1e6:,.1f} MB are kept in {part}; " if now else ""
                raise DownloadError(
                    f"{url} could not be fetched: {error}. {kept}Check the connection and run the same command "
                    "again: it continues where it stopped."
                ) from error
            time.sleep(FIRST_WAIT * 2 ** (failures - 1))
        else:
            part.replace(output)
            return


def _transfer(url: str, part: Path) -> None:
    """One attempt: append to ``part`` what is missing of the file."""
    have = _size(part)
    # Compressed on the way, the bytes would not be the file's, and a range of them meaningless.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
        if response.status_code == 416 and have:
            if _content_range(response) == (None, have):
                return
            part.unlink()
            raise _Temporary("what an earlier attempt left does not fit the file on the server")
        _check(response, url)
        if response.status_code == 206:
            start, total = _content_range(response)
            if start != have:
                part.unlink()
                raise _Temporary(f"the server did not continue at byte {have} as asked")
        else:
            length = response.headers.get("Content-Length")
            start, total = 0, (None if length is None else int(length))
        chunks = response.iter_content(_CHUNK)
        first = next(chunks, b"")
        if start == 0 and first.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
            raise _web_page(url)
        bar = tqdm(desc=part.stem, total=total, initial=start, unit="B", unit_scale=True, delay=0.5)
        with part.open("ab" if start else "wb") as file, bar:
            for chunk in chain([first], chunks):
                file.write(chunk)
                bar.update(len(chunk))
    if total is not None and _size(part) != total:
        raise _Temporary(f"the connection closed after {_size(part):,} of {total:,} bytes")


def _check(response: requests.Response, url: str) -> None:
    """Raise unless the server sends the file or a part of it."""
    code, answer = response.status_code, f"{response.status_code} {response.reason}"
    if code == 429 or code >= 500:
        raise _Temporary(f"the server answered {answer}")
    if code not in (200, 206):
        raise DownloadError(
            f"{url} could not be fetched: the server answered {answer}. The file may have moved: look for it on "
            "https://challenge.isic-archive.com/data/ and put it in place by hand."
        )
    if "text/html" in response.headers.get("Content-Type", ""):
        raise _web_page(url)


def _web_page(url: str) -> DownloadError:
    return DownloadError(
        f"{url} could not be fetched: a web page came instead of the file. A network that wants you to log in "
        "first does that (hotel, university): open any page in a browser, then run the same command again."
    )


def _content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """First byte and total size from ``Content-Range: bytes 100-199/200`` or ``bytes */200``."""
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    if match is None:
        return None, None
    first, total = match.groups()
    return (None if first is None else int(first)), (None if total == "*" else int(total))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    """Without pooch's log: it advises every reader to write the hash it found into the code."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
