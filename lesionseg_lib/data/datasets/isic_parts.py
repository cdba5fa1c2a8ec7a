"""Which parts of ISIC 2016 a folder lacks, and how they are added without touching what is there."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

from lesionseg_lib.data.datasets.folder import check_all_paired, images_by_id, masks_by_id
from lesionseg_lib.data.images import read_image
from lesionseg_lib.errors import DataError, DatasetNotFoundError, DataWarning, DownloadError

# split: folder of images, folder of masks; each archive of the organisers is named like its folder.
FOLDERS = {
    "train": ("ISBI2016_ISIC_Part1_Training_Data", "ISBI2016_ISIC_Part1_Training_GroundTruth"),
    "test": ("ISBI2016_ISIC_Part1_Test_Data", "ISBI2016_ISIC_Part1_Test_GroundTruth"),
}


def lacking_folders(root: Path, counts: Mapping[str, int] | None = None, split: str | None = None) -> list[str]:
    """Names of the folders that are missing, empty, or lack the partner of a file in the other folder.

    With ``counts``, images a split, also those that hold fewer. Fewer pairs than the full split are no fault by
    themselves. Raises ``DataError``.
    """
    lacking = []
    for name, pair in FOLDERS.items():
        if split not in (None, name):
            continue
        images, masks = (_by_id(root / folder, folder) for folder in pair)
        for folder, mine, others in ((pair[0], images, masks), (pair[1], masks, images)):
            if not mine or others.keys() - mine.keys() or (counts and len(mine) < counts[name]):
                lacking.append(folder)
    return lacking


def check_archives(split: str, unpacked: Path, fetched: list[str], expected: int | None) -> None:
    """Raise a ``DownloadError`` unless the unpacked archives of a split are what the organisers published."""
    parts = {folder: _by_id(unpacked / folder, folder) for folder in fetched}
    try:
        if len(parts) == 2:
            (images, image_of), (masks, mask_of) = parts.items()
            check_all_paired(unpacked / images, unpacked / masks, image_of, mask_of)
    except DataError as error:
        raise DownloadError(f"The archives of {split} do not fit together; they were removed. {error}") from error
    count = min(map(len, parts.values()))
    if not count or (expected is not None and count != expected):
        raise DownloadError(
            f"The archives of {split} hold {count} pairs of image and mask, expected {expected or 'some'}; they were "
            "removed. Run the same command again to fetch them anew (or pass checksum=False if you trust them)."
        )


def plan_moves(split: str, unpacked: Path, fetched: list[str], root: Path, aside: Path) -> list[tuple[Path, Path]]:
    """What to move where, so that ``root`` has what it lacks of a split: files that are there stay.

    Where one of the two folders is there already and whole, only partners of its files are added. A file that is there,
    differs from the archive's and cannot be read was cut short: it is moved to ``aside``. Raises ``DataError`` when
    files of one's own have no partner in the archives either.
    """
    have = {folder: _by_id(root / folder, folder) for folder in FOLDERS[split]}
    come = {folder: _by_id(unpacked / folder, folder) if folder in fetched else {} for folder in FOLDERS[split]}
    wanted = next((set(have[folder]) for folder in FOLDERS[split] if folder not in fetched), None)
    moves: list[tuple[Path, Path]] = []
    for folder in fetched:
        for sample_id, file in come[folder].items():
            own = have[folder].get(sample_id)
            if own is None and (wanted is None or sample_id in wanted):
                have[folder][sample_id] = file
                moves.append((file, root / folder / file.name))
            elif own is not None and own.stat().st_size != file.stat().st_size and _is_cut_short(own):
                moves += [(own, aside / folder / own.name), (file, root / folder / file.name)]
    images, masks = FOLDERS[split]
    check_all_paired(root / images, root / masks, have[images], have[masks])
    return moves


def move_all(moves: list[tuple[Path, Path]]) -> None:
    """Rename files one after another; if one cannot be, those before it go back."""
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            target.rename(source)
        raise


def _by_id(path: Path, folder: str) -> dict[str, Path]:
    """The files of one of the organisers' folders by id; none where it is missing or empty."""
    with warnings.catch_warnings(action="ignore", category=DataWarning):
        try:
            return masks_by_id(path) if folder.endswith("GroundTruth") else images_by_id(path)
        except DatasetNotFoundError:
            return {}


def _is_cut_short(file: Path) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):
            read_image(file)
    except DataError:
        return True
    return False
