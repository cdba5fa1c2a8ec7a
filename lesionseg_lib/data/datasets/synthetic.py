"""Lesions drawn from a seed: no file, no network, and a mask that is exact by construction."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import cv2
import numpy as np

from lesionseg_lib.data.datasets.base import LesionDataset
from lesionseg_lib.data.datasets.synthetic_artefacts import (
    add_bubbles,
    add_hair,
    add_patch,
    add_ruler,
    add_vignette,
    photograph,
)
from lesionseg_lib.data.datasets.synthetic_lesion import (
    ROMAN,
    SKIN_SHARE,
    Floats,
    Rng,
    draw_area,
    draw_contrast,
    draw_mask,
    draw_pigment,
    draw_skin,
)
from lesionseg_lib.errors import DataError, ShapeError
from lesionseg_lib.utils.arrays import Image, Mask
from lesionseg_lib.utils.checks import check_size

VERSION = 1  # count up whenever any pixel changes: it enters the fingerprints, so caches notice

# One stream of random numbers for each part of a picture, so that parts do not disturb each other.
OUTLINE, SKIN, PIGMENT, CAMERA = range(4)
ARTEFACTS = {  # name of the parameter: stream, function; in the order in which they cover each other
    "bubbles": (4, add_bubbles),
    "patch": (5, add_patch),
    "ruler": (6, add_ruler),
    "hair": (7, add_hair),
    "vignette": (8, add_vignette),
}


@dataclass(frozen=True)
class _Parameters:
    size: tuple[int, int]
    seed: int
    area: tuple[float, float]
    contrast: tuple[float, float]
    irregularity: float
    variegation: float
    skin: tuple[int, int]
    hair: float
    ruler: float
    bubbles: float
    vignette: float
    patch: float

    def __post_init__(self) -> None:
        height, width = self.size
        if not (16 <= height <= 2048 and 16 <= width <= 2048):
            raise ShapeError(
                f"SyntheticLesions: size is {height} x {width} (height x width); sides from 16 to 2048 "
                "pixels can be drawn. Choose such a size."
            )
        if not _is_whole(self.seed) or self.seed < 0:
            raise DataError(f"SyntheticLesions: seed is {self.seed!r}; give an integer, 0 or greater.")
        for name, lowest, highest in (("area", 0.005, 0.95), ("contrast", 3, 70), ("skin", 1, 6)):
            value, fits = getattr(self, name), _is_whole if name == "skin" else _is_number
            pair = isinstance(value, tuple | list) and len(value) == 2 and all(map(fits, value))
            if not pair or not lowest <= value[0] <= value[1] <= highest:
                raise DataError(
                    f"SyntheticLesions: {name} is {value!r}; expected (least, largest) within "
                    f"{lowest} to {highest}, the least first."
                )
        for name in ("irregularity", "variegation", *ARTEFACTS):
            value = getattr(self, name)
            if not _is_number(value) or not 0 <= value <= 1:
                raise DataError(f"SyntheticLesions: {name} is {value!r}; give a number from 0 to 1.")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class SyntheticLesions(LesionDataset):
    """Pictures that look like dermoscopy, with distributions close to those of ISIC 2016.

    Image ``i`` depends on the seed, ``i`` and the parameters, not on ``n`` or on the order of access. The
    parts of a picture are drawn from separate streams: with the same seed, changing an artefact's
    parameter changes only where that artefact lies.

    The mask is where the pigment's opacity is at least one half, whatever hair, a ruler or a
    patch then covers.

    Args:
        n: how many.
        size: side in pixels, or (height, width), each from 16 to 2048.
        seed: a non-negative integer.
        area: least and largest share of the image that a lesion covers, within 0.005 to 0.95.
        contrast: least and largest mean colour difference of lesion and skin in CIE L*a*b* (CIE76),
            within 3 to 70. Dark skin allows no more than about 30, and gets what it allows.
        irregularity: of the border, from 0 (an ellipse) to 1.
        variegation: of the colour, from 0 (one brown, no structures) to 1.
        skin: first and last Fitzpatrick type, within 1 to 6.
        hair, ruler, bubbles, vignette, patch: share of images that show it, 0 to 1. Raising a share adds
            the artefact to further images and keeps it where it was.

    The same bytes come out on every machine with the same versions of NumPy and OpenCV.

    Raises:
        DataError: a parameter out of its range. ShapeError: a size out of its range.
    """

    name = "synthetic"

    def __init__(
        self,
        n: int,
        size: int | tuple[int, int] = 128,
        seed: int = 0,
        *,
        area: tuple[float, float] = (0.02, 0.9),
        contrast: tuple[float, float] = (6.0, 60.0),
        irregularity: float = 0.5,
        variegation: float = 0.5,
        skin: tuple[int, int] = (1, 6),
        hair: float = 0.3,
        ruler: float = 0.12,
        bubbles: float = 0.1,
        vignette: float = 0.3,
        patch: float = 0.2,
    ) -> None:
        height, width = (size, size) if isinstance(size, int) else check_size("size", size)
        if not _is_whole(n) or n < 0:
            raise DataError(f"SyntheticLesions: n is {n!r}; give the number of images, 0 or more.")
        self._parameters = _Parameters(
            (height, width), seed, area, contrast, irregularity, variegation, skin,
            hair, ruler, bubbles, vignette, patch,
        )  # fmt: skip
        self.ids = tuple(f"synthetic-{seed}-{index:04d}" for index in range(n))

    def truth(self, index: int) -> Mask:
        """Bool (H, W), as ``SegmentationDataset.truth``."""
        rng, wanted = self._rng(index, OUTLINE), self._parameters
        return draw_mask(rng, wanted.size, draw_area(rng, *wanted.area), wanted.irregularity)

    def image(self, index: int) -> Image:
        """uint8 RGB (H, W, 3), as ``SegmentationDataset.image``."""
        return self._draw(index)[0]

    def attributes(self, index: int) -> dict[str, str]:
        """What was drawn: area, contrast, Fitzpatrick type, structures and artefacts, as text."""
        return self._draw(index)[1]

    def _rng(self, index: int, stream: int) -> Rng:
        if not 0 <= index < len(self):
            raise IndexError(f"{self.name} has {len(self)} samples, there is no number {index}")
        return np.random.default_rng((self._parameters.seed, index, stream))

    def _draw(self, index: int) -> tuple[Image, dict[str, str]]:
        wanted = self._parameters
        mask = self.truth(index)
        rng = self._rng(index, SKIN)
        first, last = wanted.skin
        share = SKIN_SHARE[first - 1 : last]
        fitzpatrick = int(rng.choice(np.arange(first, last + 1), p=share / share.sum()))
        lab = draw_skin(rng, wanted.size, fitzpatrick)

        rng = self._rng(index, PIGMENT)
        tone = lab.mean(axis=(0, 1))
        room = min(float(tone[0]) / 72, 1.0)  # dark skin cannot show a lesion as much darker
        contrast = max(draw_contrast(rng, *wanted.contrast) * room, wanted.contrast[0])
        pigment = draw_pigment(rng, mask, tone, contrast, wanted.variegation)
        rgb: Floats = np.asarray(cv2.cvtColor(lab + pigment.offset, cv2.COLOR_LAB2RGB), np.float32)

        notes = {
            "area": f"{mask.mean():.3f}",
            "contrast": f"{pigment.contrast:.1f}",
            "fitzpatrick": ROMAN[fitzpatrick - 1],
            "structures": ", ".join(pigment.structures) or "none",
        }
        for name, (stream, add) in ARTEFACTS.items():
            rng = self._rng(index, stream)
            notes[name] = "none"
            if rng.uniform() < getattr(wanted, name):
                rgb, notes[name] = add(rng, rgb, mask)
        return photograph(self._rng(index, CAMERA), rgb), notes

    def _stamp(self, index: int) -> str:
        return json.dumps({"version": VERSION, "index": index, **asdict(self._parameters)}, sort_keys=True)

    def _content(self, index: int) -> bytes:
        return self._stamp(index).encode()
