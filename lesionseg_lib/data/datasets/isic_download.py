"""Where ISIC 2016 comes from, where it is kept, and how it gets there whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from lesionseg_lib.data.datasets.download import fetch, unpack
from lesionseg_lib.data.datasets.isic_mirror import MirrorArrays
from lesionseg_lib.data.datasets.isic_parts import FOLDERS, check_archives, lacking_folders, move_all, plan_moves
from lesionseg_lib.errors import DataError, DownloadError
from lesionseg_lib.utils.folders import cache_folder, named_folder

COUNTS = {"train": 900, "test": 379}
OFFICIAL_URL = "https://isic-challenge-data.s3.amazonaws.com/2016/"

MIRROR_COUNTS = {"train": 810, "validation": 90, "test": 379}
MIRROR_URL = "https://zenodo.org/records/13358372/files/"
MIRROR_MD5 = {
    "mirror128": "4fcee7c35a990f25f2c82ad3ed2f4f54",
    "mirror256": "ee3fc6b5fffdc039e963ab21ff18e42e",
    "mirror512": "344fea72eeb0870421c88140440831e9",
}
SOURCES = ("official", *MIRROR_MD5)


def default_root() -> Path:
    """``$LESIONSEG_DATA/isic2016`` if the variable is set, else ``isic2016`` in the user's cache folder."""
    return (named_folder("LESIONSEG_DATA") or cache_folder()) / "isic2016"


def mirror_file(source: str) -> str:
    """File name of a mirror: ``"mirror128"`` -> ``"isic2016_128.npz"``."""
    return f"isic2016_{source.removeprefix('mirror')}.npz"


def expected_counts(source: str) -> dict[str, int]:
    """How many pairs each split of a source has.

    Raises:
        DataError: there is no such source.
    """
    if source not in SOURCES:
        raise DataError(f"ISIC 2016 has no source {source!r}; choose one of {', '.join(SOURCES)}.")
    return COUNTS if source == "official" else MIRROR_COUNTS


def urls(source: str, base_url: str | None = None) -> tuple[str, ...]:
    """The addresses of a source's files: the organisers' four archives, or the mirror's one file."""
    if source == "official":
        base = (base_url or OFFICIAL_URL).rstrip("/")
        return tuple(f"{base}/{folder}.zip" for pair in FOLDERS.values() for folder in pair)
    return (f"{(base_url or MIRROR_URL).rstrip('/')}/{mirror_file(source)}?download=1",)


def download_isic2016(
    root: str | Path | None = None,
    source: str = "official",
    base_url: str | None = None,
    checksum: bool = True,
    complete: bool = False,
) -> Path:
    """Download what is missing of ISIC 2016 to ``root``; what is there stays.

    Missing are folders that are not there or empty, and files whose partner is there. A data set with fewer pairs than
    the full one is left as it is, unless ``complete`` is set.

    Files are collected, unpacked and verified in a folder beside ``root`` and then renamed into place, so that
    a folder or file under its final name is always whole. If a connection breaks, the same call continues
    where it stopped.

    The organisers publish no hashes. Verified instead: the CRC-32 of each file, that each image has its mask,
    and that there are 900 and 379 of them. A mirror's MD5 is compared.

    Args:
        root: see ``ISIC2016``.
        source: "official", "mirror128", "mirror256" or "mirror512".
        base_url: another server with files of the same names.
        checksum: compare MD5 and counts.
        complete: also fetch the pairs that a partial data set lacks.

    Returns:
        ``root``.

    Raises:
        DownloadError: no connection, refused, damaged, not as expected, disk full; ``root`` is as before.
        DataError: there is no such source.
    """
    root = default_root() if root is None else Path(root)
    expected = expected_counts(source)
    if root.exists() and not root.is_dir():
        raise DownloadError(f"{root} is a file, and a folder is needed to download to. Choose another root.")
    if source == "official":
        lacking = lacking_folders(root, expected if complete else None)
    else:
        lacking = [] if (root / mirror_file(source)).is_file() else [mirror_file(source)]
    if not lacking:
        return root
    addresses = urls(source, base_url)
    staging = root.parent / f"{root.name}.{source}-download"
    try:
        staging.mkdir(parents=True, exist_ok=True)
        # Two downloads at once would write into the same files; the second finds that nothing is missing.
        with FileLock(staging / "lock"):
            if source == "official":
                lacking = lacking_folders(root, expected if complete else None)
                _download_official(root, staging, addresses, lacking, expected if checksum else {})
            else:
                _download_mirror(root, staging, addresses[0], source, checksum)
    except OSError as error:
        room = f"; {shutil.disk_usage(staging).free / 1e6:,.0f} MB are free" if staging.exists() else ""
        raise DownloadError(
            f"ISIC 2016 cannot be written to {root}: {error.strerror or error}{room}. What has arrived is kept "
            f"in {staging}. Make room there or choose another root, then run the same command again: it "
            "continues where it stopped."
        ) from error
    shutil.rmtree(staging, ignore_errors=True)
    return root


def _download_official(
    root: Path, staging: Path, addresses: tuple[str, ...], lacking: list[str], counts: dict[str, int]
) -> None:
    unpacked, aside = staging / "unpacked", staging / "cut-short"
    shutil.rmtree(unpacked, ignore_errors=True)  # left by a killed process
    try:
        for address in addresses:
            archive = staging / address.rpartition("/")[2]
            if archive.stem in lacking:
                fetch(address, archive)
                with _removed_on_failure(archive):
                    unpack(archive, unpacked / archive.stem)
        moves: list[tuple[Path, Path]] = []
        for split, pair in FOLDERS.items():
            if fetched := [folder for folder in pair if folder in lacking]:
                with _removed_on_failure(*(staging / f"{folder}.zip" for folder in fetched)):
                    check_archives(split, unpacked, fetched, counts.get(split))
                try:
                    moves += plan_moves(split, unpacked, fetched, root, aside)
                except DataError as error:
                    raise DownloadError(f"{root} cannot be completed. {error}") from error
        if not root.exists():
            unpacked.rename(root)  # in one step
            return
        whole = [
            folder
            for folder in sorted(lacking)
            if not (root / folder).exists() and _takes_all(unpacked / folder, moves)
        ]
        moves = [move for move in moves if move[0].parent.name not in whole]
        move_all([*moves, *((unpacked / folder, root / folder) for folder in whole)])
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _takes_all(folder: Path, moves: list[tuple[Path, Path]]) -> bool:
    return sum(source.parent == folder for source, _ in moves) == sum(1 for _ in folder.iterdir())


def _download_mirror(root: Path, staging: Path, address: str, source: str, checksum: bool) -> None:
    if (root / mirror_file(source)).is_file():
        return
    file = staging / mirror_file(source)
    fetch(address, file, md5=MIRROR_MD5[source] if checksum else None)
    with _removed_on_failure(file):
        try:
            MirrorArrays(file, "test", source)
        except DataError as error:
            raise DownloadError(f"{address} is not the mirror expected. {error}") from error
    root.mkdir(parents=True, exist_ok=True)
    file.rename(root / file.name)


@contextmanager
def _removed_on_failure(*files: Path) -> Iterator[None]:
    """Delete a download that proves bad, so that the next call fetches it anew instead of stumbling again."""
    try:
        yield
    except DownloadError:
        for file in files:
            file.unlink(missing_ok=True)
        raise
