"""``run.json`` of a run's folder: the SHA-256 of every other file there; and who may write into the folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

from pydantic import Field

from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.utils.bundles import DamageError, clear_leftovers, read_whole, settle, write_bundle
from lesionseg_lib.utils.files import sha256_of
from lesionseg_lib.utils.locks import owning
from lesionseg_lib.utils.schemas import Name, Schema, SchemaError, Sha256, check, parse_json

MANIFEST = "run.json"
MANIFEST_FORMAT = 1


class Manifest(Schema):
    """``files``: their paths below the folder, with the SHA-256 of each; ``sha256``: of this list, see ``_digest``."""

    format: Annotated[int, Field(ge=MANIFEST_FORMAT, le=MANIFEST_FORMAT)]
    files: dict[Name, Sha256]
    sha256: Sha256


def parse_manifest(content: bytes, path: Path) -> dict[str, str]:
    """File -> SHA-256 of a manifest. Raises ``CheckpointError``, which names ``path``, field and value."""
    try:
        manifest: Manifest = check(Manifest, parse_json(content))
        if manifest.sha256 != _digest(manifest.files):
            raise SchemaError("its list is not the one that was written: its SHA-256 differs")
    except SchemaError as error:
        raise CheckpointError(
            f"{path}: not the manifest of a run ({error}). Restore it, or remove or rename {path.parent} to start "
            f"again."
        ) from error
    return dict(manifest.files)


def _digest(files: Mapping[str, str]) -> str:
    return sha256_of(json.dumps(files, sort_keys=True).encode())


def read_manifest(folder: Path) -> dict[str, str]:
    """File -> SHA-256; of a run that was written before there were manifests, nothing. Raises ``CheckpointError``."""
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror or error}).") from error
    return parse_manifest(content, path)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files of a run and their manifest: all or none. Raises ``OSError``, and what ``read_manifest`` raises."""
    listed = {**read_manifest(folder), **{name: sha256_of(data) for name, data in files.items()}}
    content = json.dumps({"format": MANIFEST_FORMAT, "files": listed, "sha256": _digest(listed)}, indent=1) + "\n"
    write_bundle(folder / MANIFEST, content.encode(), {folder / name: data for name, data in files.items()})


def read_file(folder: Path, name: str) -> tuple[bytes, bool]:
    """A file of a run, and whether a manifest vouches for its bytes.

    Raises ``FileNotFoundError``, ``OSError``, ``DamageError``, and what ``read_manifest`` raises.
    """
    while True:  # the run may go on while it is read
        listed = read_manifest(folder)
        try:
            return read_whole(folder / name, listed.get(name)), name in listed
        except DamageError:
            if read_manifest(folder) == listed:
                raise


@contextmanager
def owning_run(folder: Path) -> Iterator[None]:
    """Nobody else writes into the folder; what interrupted writes left there is finished or removed.

    Raises ``CheckpointError`` when another process writes into it, or the folder cannot be written.
    """
    with ExitStack() as held:
        try:
            held.enter_context(owning(folder, CheckpointError))
            listed = read_manifest(folder)
            for name, sha256 in listed.items():
                settle(folder / name, sha256)
            for inside in (folder, *folder.glob("*/")):
                clear_leftovers(inside, keep=listed.values())
        except OSError as error:
            raise CheckpointError(
                f"{error.filename or folder}: {error.strerror or error}. Name a folder that can be written."
            ) from error
        yield
