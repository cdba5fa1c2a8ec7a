"""ISIC 2016, part 1: dermoscopic images with masks, in the organisers' split."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pooch

from lesionseg_lib.data.datasets.base import LesionDataset, Subset
from lesionseg_lib.data.datasets.folder import describe_folder, pair_by_id
from lesionseg_lib.data.datasets.isic_download import (
    MIRROR_MD5,
    SOURCES,
    default_root,
    download_isic2016,
    expected_counts,
    mirror_file,
    urls,
)
from lesionseg_lib.data.datasets.isic_mirror import MirrorArrays
from lesionseg_lib.data.datasets.isic_parts import FOLDERS, lacking_folders
from lesionseg_lib.data.datasets.manifest import read_manifest
from lesionseg_lib.data.datasets.paired_files import PairedFiles
from lesionseg_lib.errors import DataError, DatasetNotFoundError


@dataclass(frozen=True)
class Completeness:
    """How much of a split is there: pairs used, pairs in the full split, ids left out on purpose."""

    present: int
    expected: int
    left_out: tuple[str, ...]

    @property
    def missing(self) -> int:
        """Pairs of the full split that are not on disk."""
        return self.expected - self.present - len(self.left_out)

    def __str__(self) -> str:
        text = f"{self.present} of {self.expected} pairs"
        if self.left_out:
            text += f", {len(self.left_out)} left out as duplicates of test images"
        return text + (f", {self.missing} missing" if self.missing else "")


class ISIC2016(Subset):
    """Lesion segmentation, part 1 of the ISBI 2016 challenge: 900 training and 379 test images.

    Format: JPEG photos and PNG masks of 0 and 255, one mask an image, in the four folders of the organisers
    (``ISBI2016_ISIC_Part1_Training_Data`` ...). A ``manifest.csv`` next to them, if there, gives attributes.
    Fewer pairs than the full split are accepted; ``completeness()`` says how many there are.

    Two training images show the same lesions as two test images and are left out of ``train`` unless
    ``include_duplicates`` is set.

    ``source="mirror128"`` (256, 512) reads the one-file mirror MedSegBench instead: squares without the
    organisers' ids, split into 810 train, 90 validation and 379 test. There the duplicates cannot be left
    out, and scores on its squares are not the official ones.

    Args:
        root: folder that holds the four folders, or the mirror's file. By default
            ``$LESIONSEG_DATA/isic2016`` if that variable is set, else ``isic2016`` in the user's cache.
        split: "train" or "test"; with a mirror also "validation".
        download: fetch the data to ``root`` if they are not there.
        checksum: with a mirror, compare the file's MD5; with ``download``, also compare the counts.
        include_duplicates: keep the two duplicates in ``train``.
        source: "official", "mirror128", "mirror256" or "mirror512".

    Raises:
        DatasetNotFoundError: nothing at ``root``, or something else; the message says what to do.
        DataError: unknown split or source; pairs that are incomplete; a mirror file that is damaged.
        DownloadError: see ``download_isic2016``.

    Paper: Gutman et al., "Skin Lesion Analysis toward Melanoma Detection" (2016), arXiv:1605.01397.
    """

    urls: ClassVar[dict[str, tuple[str, ...]]] = {source: urls(source) for source in SOURCES}
    md5: ClassVar[dict[str, str]] = MIRROR_MD5
    licence: ClassVar[str] = "CC-0 (official); CC BY-NC 4.0 (mirror)"
    paper: ClassVar[str] = "https://arxiv.org/abs/1605.01397"
    DUPLICATES: ClassVar[tuple[str, ...]] = ("ISIC_0001184", "ISIC_0001385")

    def __init__(
        self,
        root: str | Path | None = None,
        split: str = "train",
        download: bool = False,
        checksum: bool = True,
        include_duplicates: bool = False,
        source: str = "official",
    ) -> None:
        self.root = default_root() if root is None else Path(root)
        self.split = split
        self.source = source
        self._expected = expected_counts(source)
        if split not in self._expected:
            choices = " or ".join(repr(name) for name in self._expected)
            hint = " (see split_validation for a part of 'train')" if split == "validation" else ""
            raise DataError(f"ISIC 2016, {source}, has no split {split!r}; choose {choices}{hint}.")
        if download and not _is_whole(self.root, split, source):
            download_isic2016(self.root, source, checksum=checksum)
        pairs = _open_official(self.root, split) if source == "official" else self._open_mirror(checksum)
        leave_out = self.DUPLICATES if split == "train" and not include_duplicates else ()
        self._left_out = tuple(sample_id for sample_id in leave_out if sample_id in pairs.ids)
        super().__init__(pairs, (sample_id for sample_id in pairs.ids if sample_id not in self._left_out))

    def completeness(self) -> Completeness:
        """How many of the split's pairs are there."""
        return Completeness(len(self), self._expected[self.split], self._left_out)

    def _open_mirror(self, checksum: bool) -> LesionDataset:
        path = self.root / mirror_file(self.source)
        if not path.is_file():
            raise DatasetNotFoundError(_not_found_message(self.root, self.split, self.source))
        expected = self.md5[self.source]
        if checksum and (found := pooch.file_hash(str(path), alg="md5")) != expected:
            raise DataError(
                f"{path} has the MD5 {found}, expected {expected}: it is cut short, damaged or of another "
                "version. Delete it and download it again (or pass checksum=False if you trust it)."
            )
        return MirrorArrays(path, self.split, name=f"isic2016-{self.source}-{self.split}")


def find_isic2016(source: str = "official") -> Path | None:
    """The default root if all splits of ISIC 2016 are there, else None."""
    root = default_root()
    return root if all(_is_there(root, split, source) for split in expected_counts(source)) else None


def check_data_variable() -> None:
    """Raise a ``DatasetNotFoundError`` where ``LESIONSEG_DATA`` is set and leads to no ISIC 2016.

    To be asked before drawn lesions are taken instead: whoever sets the variable means the real ones.
    """
    if not os.environ.get("LESIONSEG_DATA"):
        return
    root = default_root()
    missing = [folder for pair in FOLDERS.values() for folder in pair if not (root / folder).is_dir()]
    around = (*_neighbours(root), *sorted(root.parent.glob("*/isic2016")))
    nearby = [folder for folder in around if _is_there(folder, "test", "official")]
    hint = f"Set it to {nearby[0].parent}" if nearby and nearby[0].name == "isic2016" else "Correct it"
    raise DatasetNotFoundError(
        f"LESIONSEG_DATA is set to {os.environ['LESIONSEG_DATA']!r}, but ISIC 2016 is not there. {root}: "
        f"{describe_folder(root)}; missing: {', '.join(missing)}. {hint}, run `lesionseg download`, or unset the "
        "variable to work on drawn lesions."
    )


def _is_whole(root: Path, split: str, source: str) -> bool:
    return not lacking_folders(root, split=split) if source == "official" else _is_there(root, split, source)


def _is_there(root: Path, split: str, source: str) -> bool:
    if source == "official":
        return all((root / folder).is_dir() for folder in FOLDERS[split])
    return (root / mirror_file(source)).is_file()


def _open_official(root: Path, split: str) -> LesionDataset:
    if not _is_there(root, split, "official"):
        raise DatasetNotFoundError(_not_found_message(root, split, "official"))
    images, masks = (root / folder for folder in FOLDERS[split])
    return PairedFiles(f"isic2016-{split}", pair_by_id(images, masks), read_manifest(root / "manifest.csv"))


def _not_found_message(root: Path, split: str, source: str) -> str:
    expected = " and ".join(FOLDERS[split]) if source == "official" else mirror_file(source)
    message = f"ISIC 2016 ({split}) was not found in {root}: {describe_folder(root)}. Expected {expected}."
    nearby = next((folder for folder in _neighbours(root) if _is_there(folder, split, source)), None)
    if nearby is not None:
        return f"{message} The right root seems to be {nearby}: pass root={str(nearby)!r}."
    by_hand = ", ".join(ISIC2016.urls[source])
    return (
        f"{message} Do one of the following: run `lesionseg download`, which fetches it; set the environment "
        "variable LESIONSEG_DATA to a folder that holds isic2016/; fetch it yourself into that folder (unzip "
        f"each archive into a folder of its name): {by_hand}; or use SyntheticLesions, which needs no files."
    )


def _neighbours(root: Path) -> Iterator[Path]:
    """Folders that a wrong root is often confused with: around it, above it, and one or two levels below."""
    below = (folder for pattern in ("*/", "*/*/") for folder in sorted(root.glob(pattern)))
    # In a folder that may not be entered, even asking whether something exists raises an error.
    yield from (folder for folder in (root.parent, root.parent.parent, *below) if os.access(folder, os.X_OK))
