"""Decode once: a data set's images and masks, resized, as two memory-mapped arrays on disk.

Decoding and resizing the photos of ISIC 2016 again in every epoch would take longer than training on them. A cache
belongs to the bytes of its photos and masks, not to their names and times; and its own bytes are compared with their
SHA-256 before a process uses them.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from pydantic import Field
from tqdm import tqdm

from lesionseg_lib.data.datasets.base import LesionDataset, encoded_id
from lesionseg_lib.data.images import resize_image, resize_mask
from lesionseg_lib.data.splits import Splits
from lesionseg_lib.errors import DataError
from lesionseg_lib.utils.bundles import demand_whole
from lesionseg_lib.utils.checks import check_size
from lesionseg_lib.utils.files import flush, flush_folder, sha256_of, write_bytes
from lesionseg_lib.utils.folders import cache_folder, named_folder
from lesionseg_lib.utils.schemas import Count, Schema, SchemaError, Sha256, check, parse_json

# Raise it whenever the arrays would come out differently for the same files: older caches are then rebuilt.
_VERSION = 3
_IMAGES, _MASKS, _FACTS = "images.uint8", "masks.uint8", "cache.json"


class Facts(Schema):
    """``cache.json``: what the arrays are, and their SHA-256."""

    version: Count
    ids: list[str]
    size: Annotated[list[Count], Field(min_length=2, max_length=2)]
    content_fingerprint: Sha256
    sha256: dict[Literal["images.uint8", "masks.uint8"], Sha256]


@dataclass(frozen=True, eq=False)
class CachedDataset:
    """Decoded samples, in the data set's order.

    Attributes:
        ids: N ids.
        images: uint8 of shape (N, h, w, 3), RGB, read-only and memory-mapped.
        masks: uint8 of shape (N, h, w), 0 or 1, read-only and memory-mapped.
        content_fingerprint: of the data set that was decoded.
        size: (h, w).
        path: the folder that holds the arrays.
    """

    ids: tuple[str, ...]
    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    content_fingerprint: str
    size: tuple[int, int]
    path: Path

    def __len__(self) -> int:
        return len(self.ids)

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker process maps the same files, which its parent has compared with their SHA-256; a memory map pickled
        # as it is would travel as a full copy.
        return _open, (self.path, False)


def decode_once(dataset: LesionDataset, size: tuple[int, int], directory: str | Path | None = None) -> CachedDataset:
    """Decode and resize a data set, or open what an earlier call decoded.

    Images are averaged over areas when they shrink and interpolated linearly when they grow; masks take the
    nearest pixel. The cache is rebuilt, and the old one removed, when a file's bytes differ, and when it is damaged
    itself. Of several processes that ask at once, one builds and the others wait for it.

    Args:
        dataset: what to decode.
        size: (height, width) of the decoded arrays.
        directory: where caches are kept; by default ``$LESIONSEG_CACHE``, else ``lesionseg/decoded`` in the
            user's cache folder.

    Raises:
        DataError: a sample cannot be read, the data set is empty, or the folder cannot be written (for
            example because the disk is full). Nothing half-built is left behind.
        ShapeError: ``size`` is not (height, width).
    """
    if not len(dataset):
        raise DataError(f"{dataset.name} has no samples to decode.")
    directory = _default_directory() if directory is None else Path(directory)
    size = height, width = check_size("size", size)
    fingerprint = content_fingerprint(dataset, directory)
    ids_hash = hashlib.sha256(encoded_id("\n".join(dataset.ids))).hexdigest()
    safe_name = re.sub(r"[^A-Za-z0-9._-]+", "-", dataset.name)
    prefix = f"{safe_name}-{height}x{width}-{ids_hash[:12]}-"
    target = directory / f"{prefix}{fingerprint[:16]}"
    if (cached := _open_if_sound(target)) is not None:
        return cached
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with FileLock(directory / f"{prefix}lock"):
            if (cached := _open_if_sound(target)) is not None:
                return cached
            # Under the lock, whatever else bears this prefix is stale, damaged or left by a killed process.
            # Windows does not remove what another process still maps; it may stay until the next rebuild.
            for leftover in directory.glob(f"{prefix}*/"):
                shutil.rmtree(leftover, ignore_errors=True)
            building = directory / f"{prefix}building"
            building.mkdir()
            try:
                _build(dataset, (height, width), building, fingerprint)
                building.rename(target)
                flush_folder(directory)
            except BaseException:
                shutil.rmtree(building, ignore_errors=True)
                raise
    except OSError as error:
        raise DataError(
            f"The cache of {dataset.name} cannot be written to {directory}: {error.strerror or error}. It "
            f"takes {len(dataset) * height * width * 4 / 1e6:,.1f} MB; free the space, or set the "
            "environment variable LESIONSEG_CACHE to another folder."
        ) from error
    return _open(target)


def content_fingerprint(dataset: LesionDataset, directory: Path | None = None) -> str:
    """``dataset.content_fingerprint()``, read from the files once as long as they keep size, times and inode.

    Raises ``DataError`` like the data set.
    """
    stamp = dataset.fingerprint()
    if stamp in _CONTENTS:
        return _CONTENTS[stamp]
    kept = (_default_directory() if directory is None else directory) / f"content-{stamp}.txt"
    with suppress(OSError):
        found = kept.read_text(encoding="ascii", errors="replace")
        if found == _vouched(stamp, found[:64]):
            return _CONTENTS.setdefault(stamp, found[:64])
    content = dataset.content_fingerprint()
    if dataset.fingerprint() == stamp:  # else somebody changed a file meanwhile
        _CONTENTS[stamp] = content
        with suppress(OSError):  # without it they are only read again
            write_bytes(kept, _vouched(stamp, content).encode())
    return content


def _vouched(stamp: str, content: str) -> str:
    return f"{content} {sha256_of(f'{stamp} {content}'.encode())}\n"


_CONTENTS: dict[str, str] = {}


def _default_directory() -> Path:
    return named_folder("LESIONSEG_CACHE") or cache_folder() / "decoded"


def _build(dataset: LesionDataset, size: tuple[int, int], folder: Path, fingerprint: str) -> None:
    hashes = {name: hashlib.sha256() for name in (_IMAGES, _MASKS)}
    with (folder / _IMAGES).open("wb") as images, (folder / _MASKS).open("wb") as masks:
        # Written, not memory-mapped: on a full disk a write raises an error, a memory map kills the process.
        for sample in tqdm(dataset, total=len(dataset), desc=f"decoding {dataset.name}", delay=1):
            picture = resize_image(sample.image, size).tobytes()
            mask = resize_mask(sample.mask, size).astype(np.uint8).tobytes()
            for name, file, content in ((_IMAGES, images, picture), (_MASKS, masks, mask)):
                file.write(content)
                hashes[name].update(content)
    for name in hashes:
        flush(folder / name)
    facts = {
        "version": _VERSION,
        "ids": dataset.ids,
        "size": size,
        "content_fingerprint": fingerprint,
        "sha256": {name: digest.hexdigest() for name, digest in hashes.items()},
    }
    (folder / _FACTS).write_text(json.dumps(facts), encoding="utf-8")
    flush(folder / _FACTS)


def _open_if_sound(folder: Path) -> CachedDataset | None:
    try:
        return _open(folder)
    except (OSError, ValueError):
        return None


def parse_facts(content: bytes) -> Facts:
    """What ``cache.json`` holds, checked. Raises ``SchemaError``, a ``ValueError``."""
    facts: Facts = check(Facts, parse_json(content))
    if facts.version != _VERSION or len(facts.sha256) != 2:
        raise SchemaError(f"version {facts.version}, expected {_VERSION} and the SHA-256 of both arrays")
    return facts


def _open(folder: Path, verify: bool = True) -> CachedDataset:
    facts = parse_facts((folder / _FACTS).read_bytes())
    ids, (height, width) = tuple(facts.ids), facts.size
    images = _map(folder / _IMAGES, (len(ids), height, width, 3))
    masks = _map(folder / _MASKS, (len(ids), height, width))
    if verify:
        for name, sha256 in facts.sha256.items():
            demand_whole(folder / name, sha256)
    return CachedDataset(ids, images, masks, facts.content_fingerprint, (height, width), folder)


def _map(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    if path.stat().st_size != math.prod(shape):
        raise ValueError(f"{path} has {path.stat().st_size} bytes, expected {math.prod(shape)}")
    return np.memmap(path, dtype=np.uint8, mode="r", shape=shape)


@dataclass(frozen=True)
class Decoded:
    """The three splits at the network's size."""

    train: CachedDataset
    validation: CachedDataset
    test: CachedDataset


def decode(splits: Splits, size: tuple[int, int]) -> Decoded:
    """Every image of the splits, decoded and resized once and for all."""
    parts = (decode_once(part, size) for part in (splits.train, splits.validation, splits.test))
    return Decoded(*parts)
