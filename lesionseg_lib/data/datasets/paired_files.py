"""Pairs of files: read each time they are asked for, and refused where the two cannot belong together."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lesionseg_lib.data.datasets.base import LesionDataset
from lesionseg_lib.data.images import count_frames, load_image, load_mask
from lesionseg_lib.data.mask_values import MaskValue
from lesionseg_lib.data.opening import QUARTER_TURNS, TURNS
from lesionseg_lib.errors import DataError, DataWarning
from lesionseg_lib.utils.arrays import Image, Mask
from lesionseg_lib.utils.files import file_stamp

_BRIGHTER = 5  # of 255
_LEAST_OUTSIDE = 0.002  # of the picture: in an inverted mask that is the lesion


@dataclass(frozen=True)
class Pair:
    """An image file and the mask file that belongs to it."""

    id: str
    image: Path
    mask: Path


class PairedFiles(LesionDataset):
    """Samples that are read from pairs of files each time they are asked for.

    ``mask_value`` and ``frame``: see ``read_mask``; ``frame`` is taken from photos and masks that have several.
    """

    def __init__(
        self,
        name: str,
        pairs: Iterable[Pair],
        attributes: Mapping[str, dict[str, str]] | None = None,
        mask_value: MaskValue | None = None,
        frame: int | None = None,
    ) -> None:
        self.name = name
        self.mask_value, self.frame = mask_value, frame
        self.pairs = tuple(pairs)
        self.ids = tuple(pair.id for pair in self.pairs)
        self._attributes = attributes or {}
        self._turns: dict[Path, int] = {}  # of the files read so far

    def image(self, index: int) -> Image:
        """uint8 RGB (H, W, 3), as ``LesionDataset.image``."""
        file = self.pairs[index].image
        image, self._turns[file] = load_image(file, frame=self._frame_of(file))
        return image

    def truth(self, index: int) -> Mask:
        """Bool (H, W), as ``LesionDataset.truth``."""
        file = self.pairs[index].mask
        mask, self._turns[file] = load_mask(file, self.mask_value, self._frame_of(file))
        return mask

    def attributes(self, index: int) -> dict[str, str]:
        """The photo's row of the table of attributes; {} without one."""
        return dict(self._attributes.get(self.ids[index], {}))

    def _stamp(self, index: int) -> str:
        stamps = []
        for file in (self.pairs[index].image, self.pairs[index].mask):
            try:
                stamp = file_stamp(file)
            except OSError as error:
                raise DataError(
                    f"{file} was there when {self.name} was opened and cannot be found now: {error.strerror}."
                ) from error
            stamps.append(":".join(map(str, (file.name, *stamp))))
        return "|".join(stamps) + self._options()

    def _content(self, index: int) -> bytes:
        image, mask = self.pairs[index].image.read_bytes(), self.pairs[index].mask.read_bytes()
        # The length in front says where the image ends and the mask begins.
        return len(image).to_bytes(8, "big") + image + mask + self._options().encode()

    def _options(self) -> str:
        """What decides the content beside the files; nothing by default."""
        asked = {"mask_value": self.mask_value, "frame": self.frame}
        return "".join(f"|{name}={value!r}" for name, value in asked.items() if value is not None)

    def _frame_of(self, file: Path) -> int | None:
        return self.frame if self.frame is not None and count_frames(file) > 1 else None

    def _check_pair(self, index: int, image: Image, mask: Mask) -> None:
        super()._check_pair(index, image, mask)
        pair = self.pairs[index]
        turns = self._turns.get(pair.image, 1), self._turns.get(pair.mask, 1)
        height, width = mask.shape
        # They are of one size after the turn. If before it they were not, the mask was drawn on the upright image.
        told_by_size = height != width and (turns[0] in QUARTER_TURNS) != (turns[1] in QUARTER_TURNS)
        if turns[0] != turns[1] and not told_by_size:
            image_turn, mask_turn = (f"is {TURNS[turn]}" if turn in TURNS else "is not turned" for turn in turns)
            raise DataError(
                f"{pair.image} and {pair.mask} are turned differently: by its EXIF orientation the image {image_turn}, "
                f"the mask {mask_turn}. The mask may have been drawn on the image as stored or as shown, and nothing "
                "tells which. Save both upright and without orientation, and compare them."
            )
        if looks_inverted(image, mask):
            warnings.warn(
                f"{self.name}, {pair.id}: the mask {pair.mask} looks inverted: most of its border is lesion, and the "
                "photo is brighter there than elsewhere. Look at it, and invert it if it is.",
                DataWarning,
                stacklevel=3,
            )

    def _size_message(self, index: int, image: Image, mask: Mask) -> str:
        pair = self.pairs[index]
        message = f"{super()._size_message(index, image, mask)} Files: {pair.image} and {pair.mask}."
        turn = TURNS.get(self._turns.get(pair.image, 1))
        if turn is not None and image.shape[:2] == mask.shape[::-1]:
            message += (
                f" The image was {turn} as its EXIF orientation asks, and the mask was drawn on the unturned "
                "image: turn the mask likewise, or remove the orientation from the image."
            )
        return message


def looks_inverted(image: Image, mask: Mask) -> bool:
    """Whether more than half of a mask's border is lesion although the photo is brighter inside than outside.

    Lesions are darker than the skin around them. Of 2,850 pairs of ISIC none is taken for inverted; turned inside out,
    95 % are.
    """
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    if border.mean() <= 0.5 or mask.mean() > 1 - _LEAST_OUTSIDE:
        return False
    brightness = image.mean(axis=2)
    return bool(np.median(brightness[mask]) > np.median(brightness[~mask]) + _BRIGHTER)
