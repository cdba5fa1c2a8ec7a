"""Where ISIC 2016 comes from, where it is kept, and how it gets there whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from lesionseg_lib.data.datasets.download import fetch, unpack
from lesionseg_lib.data.datasets.folder import pair_by_id
from lesionseg_lib.data.datasets.isic_mirror import MirrorArrays
from lesionseg_lib.errors import DataError, DatasetNotFoundError, DownloadError
from lesionseg_lib.utils.folders import cache_folder, named_folder

# split: folder of images, folder of masks; each archive of the organisers is named like its folder.
FOLDERS = {
    "train": ("ISBI2016_ISIC_Part1_Training_Data", "ISBI2016_ISIC_Part1_Training_GroundTruth"),
    "test": ("ISBI2016_ISIC_Part1_Test_Data", "ISBI2016_ISIC_Part1_Test_GroundTruth"),
}
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
) -> Path:
    """Download what is missing of ISIC 2016 to ``root``.

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

    Returns:
        ``root``.

    Raises:
        DownloadError: no connection, refused, damaged, not as expected, disk full; ``root`` is as before.
        DataError: there is no such source.
    """
    root = default_root() if root is None else Path(root)
    expected = expected_counts(source)
    if not _missing(root, source):
        return root
    addresses = urls(source, base_url)
    staging = root.parent / f"{root.name}.{source}-download"
    try:
        staging.mkdir(parents=True, exist_ok=True)
        # Two downloads at once would write into the same files; the second finds that nothing is missing.
        with FileLock(staging / "lock"):
            if source == "official":
                _download_official(root, staging, addresses, expected if checksum else {})
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


def _missing(root: Path, source: str) -> list[str]:
    """Names of the folders (or of the mirror's file) that are not at ``root``."""
    if source != "official":
        return [] if (root / mirror_file(source)).is_file() else [mirror_file(source)]
    return [folder for pair in FOLDERS.values() for folder in pair if not (root / folder).is_dir()]


def _download_official(root: Path, staging: Path, addresses: tuple[str, ...], counts: dict[str, int]) -> None:
    missing = _missing(root, "official")
    unpacked = staging / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)  # left by a killed process
    try:
        for address in addresses:
            archive = staging / address.rpartition("/")[2]
            if archive.stem in missing:
                fetch(address, archive)
                with _removed_on_failure(archive):
                    unpack(archive, unpacked / archive.stem)
        for split, pair in FOLDERS.items():
            new = [folder for folder in pair if folder in missing]
            images, masks = ((unpacked if folder in new else root) / folder for folder in pair)
            if new:
                with _removed_on_failure(*(staging / f"{folder}.zip" for folder in new)):
                    _verify(split, images, masks, counts.get(split))
        if missing:
            _publish(unpacked, root)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _download_mirror(root: Path, staging: Path, address: str, source: str, checksum: bool) -> None:
    if not _missing(root, source):
        return
    file = staging / mirror_file(source)
    fetch(address, file, MIRROR_MD5[source] if checksum else None)
    with _removed_on_failure(file):
        try:
            MirrorArrays(file, "test", source)
        except DataError as error:
            raise DownloadError(f"{address} is not the mirror expected. {error}") from error
    root.mkdir(parents=True, exist_ok=True)
    file.rename(root / file.name)


def _verify(split: str, images: Path, masks: Path, expected: int | None) -> None:
    try:
        count = len(pair_by_id(images, masks))
    except (DataError, DatasetNotFoundError) as error:
        raise DownloadError(f"The archives of {split} do not fit together; they were removed. {error}") from error
    if expected is not None and count != expected:
        raise DownloadError(
            f"The archives of {split} hold {count} pairs of image and mask, expected {expected}; they were "
            "removed. Run the same command again to fetch them anew (or pass checksum=False if you trust them)."
        )


def _publish(unpacked: Path, root: Path) -> None:
    """Rename what was unpacked into place: in one step if ``root`` is new, else folder by folder."""
    if not root.exists():
        unpacked.rename(root)
        return
    done: list[str] = []
    try:
        for folder in sorted(unpacked.iterdir()):
            folder.rename(root / folder.name)
            done.append(folder.name)
    except BaseException:
        for name in done:
            (root / name).rename(unpacked / name)
        raise


@contextmanager
def _removed_on_failure(*files: Path) -> Iterator[None]:
    """Delete a download that proves bad, so that the next call fetches it anew instead of stumbling again."""
    try:
        yield
    except DownloadError:
        for file in files:
            file.unlink(missing_ok=True)
        raise
