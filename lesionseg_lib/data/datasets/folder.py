"""Pairs of files in two folders, one with images and one with masks, paired by id and never by order."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lesionseg_lib.data.datasets.base import LesionDataset, shorten
from lesionseg_lib.data.images import IMAGE_SUFFIXES, exif_orientation, read_image, read_mask
from lesionseg_lib.data.opening import TURNS
from lesionseg_lib.errors import DataError, DatasetNotFoundError, DataWarning
from lesionseg_lib.utils.arrays import Image, Mask

MASK_ENDINGS = ("_Segmentation", "_segmentation", "_mask")
# What the organisers put next to their files: licences, and (from 2017 on) superpixels next to the photos.
_COMPANIONS = ("ATTRIBUTION.txt", "LICENSE.txt")
_SUPERPIXELS = "_superpixels"


@dataclass(frozen=True)
class Pair:
    """An image file and the mask file that belongs to it."""

    id: str
    image: Path
    mask: Path


class PairedFiles(LesionDataset):
    """Samples that are read from pairs of files each time they are asked for."""

    def __init__(
        self, name: str, pairs: Iterable[Pair], attributes: Mapping[str, dict[str, str]] | None = None
    ) -> None:
        self.name = name
        self.pairs = tuple(pairs)
        self.ids = tuple(pair.id for pair in self.pairs)
        self._attributes = attributes or {}

    def image(self, index: int) -> Image:
        return read_image(self.pairs[index].image)

    def truth(self, index: int) -> Mask:
        return read_mask(self.pairs[index].mask)

    def attributes(self, index: int) -> dict[str, str]:
        return dict(self._attributes.get(self.ids[index], {}))

    def _stamp(self, index: int) -> str:
        stamps = []
        for file in (self.pairs[index].image, self.pairs[index].mask):
            try:
                status = file.stat()
            except OSError as error:
                raise DataError(
                    f"{file} was there when {self.name} was opened and cannot be found now: {error.strerror}."
                ) from error
            stamps.append(f"{file.name}:{status.st_size}:{status.st_mtime_ns}")
        return "|".join(stamps)

    def _content(self, index: int) -> bytes:
        image, mask = self.pairs[index].image.read_bytes(), self.pairs[index].mask.read_bytes()
        # The length in front says where the image ends and the mask begins.
        return len(image).to_bytes(8, "big") + image + mask

    def _size_message(self, index: int, image: Image, mask: Mask) -> str:
        pair = self.pairs[index]
        message = f"{super()._size_message(index, image, mask)} Files: {pair.image} and {pair.mask}."
        turn = TURNS.get(exif_orientation(pair.image))
        if turn is not None and image.shape[:2] == mask.shape[::-1]:
            message += (
                f" The image was {turn} as its EXIF orientation asks, and the mask was drawn on the unturned "
                "image: turn the mask likewise, or remove the orientation from the image."
            )
        return message


class LesionFolder(PairedFiles):
    """Any folder of images with any folder of masks.

    An image ``abc.jpg`` belongs to the mask ``abc.png``, ``abc_Segmentation.png``,
    ``abc_segmentation.png`` or ``abc_mask.png`` (or another image format); its id is ``abc``. A
    ``manifest.csv`` with a column ``id`` next to the folder of images gives the attributes.

    Args:
        images: folder of images; sub-folders are not entered.
        masks: folder of masks.
        name: name of the data set; by default the path's last two parts.

    Raises:
        DatasetNotFoundError: no such folder, or no image in it.
        DataError: an image without mask, a mask without image, or an id that occurs twice.
    """

    def __init__(self, images: str | Path, masks: str | Path, name: str | None = None) -> None:
        images, masks = Path(images), Path(masks)
        if name is None:
            name = "-".join(images.resolve().parts[-2:])
        attributes = read_manifest(images.parent / "manifest.csv")
        super().__init__(name, pair_by_id(images, masks), attributes)

    @classmethod
    def from_root(cls, root: str | Path, split: str) -> LesionFolder:
        """Read ``root/train`` with ``root/train_masks``, or ``root/test`` with ``root/test_masks``.

        Raises:
            DatasetNotFoundError: one of the two folders is missing.
            DataError: see the class; also a split of another name.
        """
        if split not in ("train", "test"):
            raise DataError(f"There is no split {split!r}; choose 'train' or 'test'.")
        root = Path(root)
        return cls(root / split, root / f"{split}_masks", name=f"{root.resolve().name}-{split}")


def pair_by_id(images: Path, masks: Path) -> list[Pair]:
    """Pair the files of two folders by id, sorted by id.

    Files that are no images are left aside with a ``DataWarning`` that names them.

    Raises:
        DatasetNotFoundError: no such folder, or no image in it.
        DataError: an image without mask, a mask without image, or an id that occurs twice.
    """
    image_of, mask_of = _by_id(images, ()), _by_id(masks, MASK_ENDINGS)
    without_mask = sorted(image_of.keys() - mask_of.keys())
    without_image = sorted(mask_of.keys() - image_of.keys())
    if without_mask or without_image:
        raise DataError(_leftover_message(images, masks, image_of, mask_of, without_mask, without_image))
    return [Pair(key, image_of[key], mask_of[key]) for key in sorted(image_of)]


def read_manifest(path: Path) -> dict[str, dict[str, str]]:
    """Read a CSV with a column ``id`` as {id: {column: value}}, empty values left out; {} without a file."""
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if rows and "id" not in rows[0]:
        raise DataError(f"{path} has the columns {', '.join(rows[0])}; expected a column 'id'. Rename the file.")
    return {row.pop("id"): {key: value for key, value in row.items() if key and value} for row in rows}


def describe_folder(folder: Path) -> str:
    """What is found at a path, in a few words for an error message."""
    if not folder.exists():
        return "there is no such folder"
    if not folder.is_dir():
        return "that is a file, not a folder"
    names = sorted(entry.name + "/" * entry.is_dir() for entry in folder.iterdir())
    return f"found there: {shorten(names)}" if names else "the folder is empty"


def _by_id(folder: Path, endings: tuple[str, ...]) -> dict[str, Path]:
    if not folder.is_dir():
        raise DatasetNotFoundError(
            f"{folder}: {describe_folder(folder)}. Expected a folder of images. In {folder.parent}: "
            f"{describe_folder(folder.parent)}."
        )
    found: dict[str, Path] = {}
    stray = []
    for file in sorted(folder.iterdir()):
        if file.name in _COMPANIONS:
            continue
        if not _is_image(file):
            stray.append(file.name + "/" * file.is_dir())
            continue
        ending = next((ending for ending in endings if file.stem.endswith(ending)), "")
        key = file.stem.removesuffix(ending)
        if key in found:
            raise DataError(f"{folder}: {found[key].name} and {file.name} have the same id {key}. Keep one of the two.")
        found[key] = file
    if stray:
        warnings.warn(
            f"{folder}: left aside {shorten(stray)}: no image ({', '.join(IMAGE_SUFFIXES)}).",
            DataWarning,
            stacklevel=5,
        )
    if not found:
        raise DatasetNotFoundError(f"{folder} has no image in it: {describe_folder(folder)}.")
    return found


def _is_image(file: Path) -> bool:
    # macOS leaves "._name.jpg" next to each file it unpacks: an image's name, but a few bytes of metadata.
    named_like_one = file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".")
    return named_like_one and not file.stem.endswith(_SUPERPIXELS) and file.is_file()


def _leftover_message(
    images: Path,
    masks: Path,
    image_of: Mapping[str, Path],
    mask_of: Mapping[str, Path],
    without_mask: list[str],
    without_image: list[str],
) -> str:
    parts = [f"The files of {images} and {masks} cannot all be paired by id."]
    if without_mask:
        names = shorten(image_of[key].name for key in without_mask)
        example = f"{without_mask[0]}_Segmentation.png"
        parts.append(
            f"{len(without_mask)} of {len(image_of)} images have no mask: {names}. Expected, for example, {example}."
        )
    if without_image:
        names = shorten(mask_of[key].name for key in without_image)
        parts.append(f"{len(without_image)} of {len(mask_of)} masks have no image: {names}.")
    parts.append("Add what is missing, or move these files elsewhere.")
    return " ".join(parts)
