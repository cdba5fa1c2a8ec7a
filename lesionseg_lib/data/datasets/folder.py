"""Pairs of files in two folders, one with images and one with masks, paired by id and never by order."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path

from lesionseg_lib.data.datasets.base import normal_id, shorten
from lesionseg_lib.data.datasets.manifest import read_manifest
from lesionseg_lib.data.datasets.paired_files import Pair, PairedFiles
from lesionseg_lib.data.images import IMAGE_SUFFIXES
from lesionseg_lib.data.mask_values import MaskValue
from lesionseg_lib.errors import DataError, DatasetNotFoundError, DataWarning
from lesionseg_lib.utils.files import is_file, is_folder, leads_nowhere

MASK_ENDINGS = ("_Segmentation", "_segmentation", "_mask")
# What the organisers put next to their files: licences, and (from 2017 on) superpixels next to the photos.
_COMPANIONS = ("ATTRIBUTION.txt", "LICENSE.txt")
_SUPERPIXELS = "_superpixels"


class LesionFolder(PairedFiles):
    """Any folder of images with any folder of masks.

    An image ``abc.jpg`` belongs to the mask ``abc.png``, ``abc_Segmentation.png``,
    ``abc_segmentation.png`` or ``abc_mask.png`` (or another image format); its id is ``abc``. A
    ``manifest.csv`` with a column ``id`` next to the folder of images gives the attributes.

    Args:
        images: folder of images; sub-folders are not entered.
        masks: folder of masks.
        name: name of the data set; by default the path's last two parts.
        mask_value: what is lesion in masks of two meanings, see ``read_mask``.
        frame: which one of files that hold several pages or pictures, counted from 0.

    Raises:
        DatasetNotFoundError: no such folder, or no image in it.
        DataError: an image without mask, a mask without image, a link that leads nowhere, or an id that occurs twice.
    """

    def __init__(
        self,
        images: str | Path,
        masks: str | Path,
        name: str | None = None,
        mask_value: MaskValue | None = None,
        frame: int | None = None,
    ) -> None:
        images, masks = Path(images), Path(masks)
        if name is None:
            name = "-".join(images.resolve().parts[-2:])
        attributes = read_manifest(images.parent / "manifest.csv")
        super().__init__(name, pair_by_id(images, masks), attributes, mask_value, frame)

    @classmethod
    def from_root(
        cls, root: str | Path, split: str, mask_value: MaskValue | None = None, frame: int | None = None
    ) -> LesionFolder:
        """Read ``root/train`` with ``root/train_masks``, or ``root/test`` with ``root/test_masks``.

        Raises:
            DatasetNotFoundError: one of the two folders is missing.
            DataError: see the class; also a split of another name.
        """
        if split not in ("train", "test"):
            raise DataError(f"There is no split {split!r}; choose 'train' or 'test'.")
        root = Path(root)
        name = f"{root.resolve().name}-{split}"
        return cls(root / split, root / f"{split}_masks", name, mask_value, frame)


def pair_by_id(images: Path, masks: Path) -> list[Pair]:
    """Pair the files of two folders by id, sorted by id.

    Files that are no images are left aside with a ``DataWarning`` that names them.

    Raises:
        DatasetNotFoundError: no such folder, or no image in it.
        DataError: an image without mask, a mask without image, or an id that occurs twice.
    """
    image_of, mask_of = images_by_id(images), masks_by_id(masks)
    check_all_paired(images, masks, image_of, mask_of)
    return [Pair(key, image_of[key], mask_of[key]) for key in sorted(image_of)]


def images_by_id(folder: Path) -> dict[str, Path]:
    """The images of a folder by id. Raises as ``pair_by_id`` does."""
    return _by_id(folder, ())


def masks_by_id(folder: Path) -> dict[str, Path]:
    """The masks of a folder by id. Raises as ``pair_by_id`` does."""
    return _by_id(folder, MASK_ENDINGS)


def check_all_paired(images: Path, masks: Path, image_of: Mapping[str, Path], mask_of: Mapping[str, Path]) -> None:
    """Raise a ``DataError`` that names the files without a partner, if there are any."""
    without_mask = sorted(image_of.keys() - mask_of.keys())
    without_image = sorted(mask_of.keys() - image_of.keys())
    if without_mask or without_image:
        raise DataError(_leftover_message(images, masks, image_of, mask_of, without_mask, without_image))


def describe_folder(folder: Path) -> str:
    """What is found at a path, in a few words for an error message."""
    if not os.path.lexists(folder):
        return "there is no such folder"
    if not is_folder(folder):
        return "that is a link that leads nowhere" if leads_nowhere(folder) else "that is a file, not a folder"
    try:
        names = sorted(entry.name + "/" * is_folder(entry) for entry in folder.iterdir())
    except OSError as error:
        return f"it cannot be listed ({error.strerror})"
    return f"found there: {shorten(names)}" if names else "the folder is empty"


def list_folder(folder: Path) -> list[Path]:
    """What a folder holds, sorted. Raises ``DataError`` when it cannot be listed."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DataError(
            f"{folder} cannot be listed: {error.strerror}. Make it readable, or choose another folder."
        ) from error


def named_like_image(file: Path) -> bool:
    """Whether a file has the name of an image."""
    # macOS leaves "._name.jpg" next to each file it unpacks: an image's name, but a few bytes of metadata.
    return file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".")


def _by_id(folder: Path, endings: tuple[str, ...]) -> dict[str, Path]:
    if not is_folder(folder):
        raise DatasetNotFoundError(
            f"{folder}: {describe_folder(folder)}. Expected a folder of images. In {folder.parent}: "
            f"{describe_folder(folder.parent)}."
        )
    found: dict[str, Path] = {}
    stray: list[str] = []
    lost: list[str] = []
    for file in list_folder(folder):
        if file.name in _COMPANIONS:
            continue
        if not named_like_image(file) or file.stem.endswith(_SUPERPIXELS):
            stray.append(file.name + "/" * is_folder(file))
            continue
        if not is_file(file):
            (lost if leads_nowhere(file) else stray).append(file.name + "/" * is_folder(file))
            continue
        ending = next((ending for ending in endings if file.stem.endswith(ending)), "")
        key = normal_id(file.stem.removesuffix(ending))
        if key in found:
            raise DataError(f"{folder}: {found[key].name} and {file.name} have the same id {key}. Keep one of the two.")
        found[key] = file
    if lost:
        raise DataError(
            f"{folder}: {len(lost)} of its images are links that lead nowhere: {shorten(lost)}. Fetch what they point "
            "to (git annex get, dvc pull), mount the disk it is on, or remove the links."
        )
    if stray:
        warnings.warn(
            f"{folder}: left aside {shorten(stray)}: no image ({', '.join(IMAGE_SUFFIXES)}).",
            DataWarning,
            stacklevel=5,
        )
    if not found:
        raise DatasetNotFoundError(f"{folder} has no image in it: {describe_folder(folder)}.")
    return found


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
