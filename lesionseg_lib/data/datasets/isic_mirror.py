"""ISIC 2016 as one file of squares: the MedSegBench mirror, ``isic2016_{128,256,512}.npz``."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.data.datasets.archive import DAMAGED
from lesionseg_lib.data.datasets.base import LesionDataset
from lesionseg_lib.errors import DataError
from lesionseg_lib.utils.arrays import Image, Mask
from lesionseg_lib.utils.files import file_stamp

KEYS = {
    "train": ("train_images", "train_label"),
    "validation": ("val_images", "val_label"),
    "test": ("test_images", "test_label"),
}


class MirrorArrays(LesionDataset):
    """One split of the mirror: squares without ids of their own, numbered ``train-0001`` and so on.

    The masks are read into memory at once, the images when the first is asked for: together 53 MB for 810
    images at 128 x 128, 850 MB at 512 x 512.

    Raises:
        DataError: the file is damaged or lacks an array, or an array is not what it should be: images uint8
            (N, S, S, 3), masks (N, S, S) of 0 and 1 (or 0 and 255).
    """

    def __init__(self, path: Path, split: str, name: str) -> None:
        self.name = name
        self._path = path
        self._images_key, labels_key = KEYS[split]
        labels = self._read(labels_key)
        if labels.ndim == 4 and labels.shape[-1] == 1:
            labels = labels[..., 0]
        levels = set(np.unique(labels).tolist())
        if labels.ndim != 3 or not (levels <= {0, 1} or levels <= {0, 255}):
            raise DataError(
                f"{path}: {labels_key} has shape {labels.shape} and values {sorted(levels)[:5]}; expected "
                "shape (N, S, S) and values 0 and 1. Is this another data set?"
            )
        self._masks: NDArray[np.bool_] = labels > 0
        self.ids = tuple(f"{split}-{number:04d}" for number in range(1, len(labels) + 1))

    def image(self, index: int) -> Image:
        """uint8 RGB (H, W, 3), as ``SegmentationDataset.image``."""
        return np.array(self._images[index])

    def truth(self, index: int) -> Mask:
        """Bool (H, W), as ``SegmentationDataset.truth``."""
        return np.array(self._masks[index])

    def _stamp(self, index: int) -> str:
        return ":".join(map(str, (self._path.name, index, *file_stamp(self._path))))

    def _content(self, index: int) -> bytes:
        return self.image(index).tobytes() + self.truth(index).tobytes()

    @cached_property
    def _images(self) -> NDArray[np.uint8]:
        images = self._read(self._images_key)
        if images.shape != (*self._masks.shape, 3) or images.dtype != np.uint8:
            raise DataError(
                f"{self._path}: {self._images_key} is {images.dtype} of shape {images.shape}; expected uint8 "
                f"of shape {(*self._masks.shape, 3)}, which fits the masks. Is this another data set?"
            )
        return images

    def _read(self, key: str) -> NDArray[np.uint8]:
        try:
            with np.load(self._path) as archive:
                if key not in archive.files:
                    found = ", ".join(archive.files) or "(none)"
                    raise DataError(f"{self._path} has the arrays {found}; expected {key}. Is this another data set?")
                return np.asarray(archive[key])
        except (*DAMAGED, TypeError, SyntaxError) as error:
            raise DataError(
                f"{self._path} cannot be read as an npz file ({error}). It is probably cut short or damaged; "
                "delete it and download it again."
            ) from error
