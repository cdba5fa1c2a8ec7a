"""The pixels of a file, undiminished: at their own depth, with palette and transparency.

Pillow hands on 8 bits a channel and the colours. For a photo that is right. For a mask it is not: the lesion may lie in
the low byte or in the transparency.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import TiffImagePlugin

from lesionseg_lib.data.opening import (
    EIGHT_BIT_MODES,
    MASK_FORMATS,
    ORIENTATION,
    QUARTER_TURNS,
    depth,
    is_lossy,
    opened,
    orientation,
)
from lesionseg_lib.errors import DataError


@dataclass(frozen=True)
class Stored:
    """The pixels of a file at its own depth, as a viewer turns them.

    Attributes:
        levels: (H, W), or (H, W, 3) for colours; integers, or floats in a file of floats.
        white: the level that is shown as white: 1, 3, 15, 255, 4095, 65535 ...; for floats 1 or 255.
        alpha: (H, W), opaque where True and transparent where False, or None where the file has no transparency.
        sure: (H, W), where a pixel is wholly opaque or wholly transparent; None without transparency.
        index: (H, W), the numbers that a palette gives colours to, or None.
        palette: (N, 3), their colours, uint8, or None.
        lossy: whether a level may be off by some, as in a JPEG.
        turn: the EXIF orientation that was applied, 1 to 8.
    """

    levels: NDArray[Any]
    white: float
    alpha: NDArray[np.bool_] | None = None
    sure: NDArray[np.bool_] | None = None
    index: NDArray[np.uint8] | None = None
    palette: NDArray[np.uint8] | None = None
    lossy: bool = False
    turn: int = 1


def stored(path: Path, frame: int | None = None) -> Stored:
    """Decode a file without loss of depth, palette or transparency. Raises ``DataError``."""
    with opened(path, frame, MASK_FORMATS) as picture:
        bits, bands = depth(picture), len(picture.getbands())
        turn = orientation(picture)
        tags = picture.tag_v2 if isinstance(picture, TiffImagePlugin.TiffImageFile) else {}
        lossy = is_lossy(path, picture)
        if tags.get(277, 1) > bands and tags.get(262) != 6:
            raise DataError(
                f"{path} has {tags[277]} channels, and only {bands} of them have a meaning that the file tells. Save "
                "the one that is the mask as a grey PNG."
            )
        if bits > 8 and bands > 1:
            return replace(_turned(_from_deep_bands(path, picture, bits), turn), turn=turn)
        picture.load()
        left = orientation(picture)  # a TIFF is turned while Pillow loads it, and has none any more
        if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
            found = _from_deep_band(path, picture, bits, tags)
        elif picture.mode in EIGHT_BIT_MODES:
            found = _from_picture(picture, bits, tags, lossy)
        else:
            raise DataError(f"{path} is in the colour space {picture.mode}. Save it as a grey PNG.")
        return replace(_turned(found, left), turn=turn)


def _from_picture(picture: PIL.Image.Image, bits: int, tags: Any, lossy: bool) -> Stored:
    """Up to 8 bits a channel."""
    key = picture.info.get("transparency")
    if picture.mode == "P":
        index = np.array(picture)
        colours = np.zeros((256, 4), np.uint8)
        listed = np.array(picture.getpalette("RGBA") or [], np.uint8).reshape(-1, 4)
        colours[: len(listed)] = listed
        opacity = np.full(256, 255, np.uint8)
        if isinstance(key, bytes):
            opacity[: len(key)] = list(key)
        elif isinstance(key, int):
            opacity[key] = 0
        return Stored(colours[index][..., :3], 255, *_opaque(opacity[index]), index, colours[:, :3])
    if picture.mode in ("1", "L"):
        white = 2**bits - 1 if bits < 8 else 255
        levels = np.array(picture.convert("L")) // np.uint8(255 // white)
        if tags.get(339, (1,))[0] == 2:
            return Stored(levels.view(np.int8).astype(np.int64), white)
        transparent = levels == key if isinstance(key, int) else None
        return Stored(levels, white, *_keyed(transparent), lossy=lossy)
    has_alpha = picture.mode in ("LA", "La", "PA", "RGBA", "RGBa")
    if picture.mode == "La":
        picture = picture.convert("LA")
    pixels = np.array(picture.convert("RGBA" if has_alpha else "RGB"))
    if has_alpha:
        return Stored(pixels[..., :3], 255, *_opaque(pixels[..., 3]), lossy=lossy)
    transparent = (pixels == key).all(axis=-1) if isinstance(key, tuple) else None
    return Stored(pixels, 255, *_keyed(transparent), lossy=lossy)


def _from_deep_band(path: Path, picture: PIL.Image.Image, bits: int, tags: Any) -> Stored:
    """One channel of 12, 16 or 32 bits, integer or float."""
    levels = np.array(picture)
    if picture.mode == "F":
        if tags.get(262) == 0:
            raise DataError(f"{path} holds fractions with white as 0. Save it as a grey PNG.")
        return Stored(levels, 1.0 if not levels.size or np.nanmax(levels) <= 1 else 255.0)
    signed = tags.get(339, (1,))[0] == 2
    if bits == 32 and not signed:
        levels = levels.view(np.uint32)
    white = 2 ** (bits - signed) - 1
    levels = levels.astype(np.int64)
    if tags.get(262) == 0:  # Pillow turns white and black for up to 8 bits only
        levels = white - levels
    key = picture.info.get("transparency")
    return Stored(levels, white, *_keyed(levels == key if isinstance(key, int) else None))


def _from_deep_bands(path: Path, picture: PIL.Image.Image, bits: int) -> Stored:
    """Several channels of more than 8 bits, of which Pillow keeps the high byte."""
    page = picture.tell()
    picture.load()  # whatever is wrong with the file, Pillow says it better
    content = _marked_upright(bytearray(path.read_bytes()))
    pixels = None if page else cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or picture.mode == "CMYK":
        raise DataError(f"{path} has more than 8 bits in each of several channels. Save it as a grey PNG of 8 bits.")
    white = 2**bits - 1
    alpha = _opaque(pixels[..., 3], white) if pixels.shape[2] == 4 else (None, None)
    return Stored(pixels[..., 2::-1].astype(np.int64), white, *alpha)


def _marked_upright(content: bytearray) -> bytearray:
    """A TIFF with its orientation set to 1: whether OpenCV turns it depends on version and kind."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(content[:4]))
    if order is not None:
        (directory,) = struct.unpack_from(f"{order}I", content, 4)
        (entries,) = struct.unpack_from(f"{order}H", content, directory)
        for place in range(directory + 2, directory + 2 + 12 * entries, 12):
            if struct.unpack_from(f"{order}H", content, place) == (ORIENTATION,):
                struct.pack_into(f"{order}H", content, place + 8, 1)
    return content


def _opaque(alpha: NDArray[Any], white: int = 255) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    return alpha > white / 2, (alpha == 0) | (alpha == white)


def _keyed(transparent: NDArray[np.bool_] | None) -> tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None]:
    """Opacity where one level or colour is declared transparent."""
    return (None, None) if transparent is None else (~transparent, np.ones_like(transparent))


def _turned(found: Stored, turn: int) -> Stored:
    def turned(array: NDArray[Any] | None) -> NDArray[Any] | None:
        if array is None or turn == 1:
            return array
        array = np.swapaxes(array, 0, 1) if turn in QUARTER_TURNS else array
        # After the swap 6 lacks a mirroring left to right, 8 one top to bottom, and 7 both.
        array = array[:, ::-1] if turn in (2, 3, 6, 7) else array
        return array[::-1] if turn in (3, 4, 7, 8) else array

    levels = turned(found.levels)
    assert levels is not None
    return replace(found, levels=levels, alpha=turned(found.alpha), sure=turned(found.sure), index=turned(found.index))
