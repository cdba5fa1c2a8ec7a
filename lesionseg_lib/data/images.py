"""Reading photos and masks from files, and resizing them: what is repaired and what is refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import cv2
import numpy as np
import PIL.Image

from lesionseg_lib.data.decoding import stored
from lesionseg_lib.data.mask_values import MaskValue, lesion_in
from lesionseg_lib.data.opening import EIGHT_BIT_MODES, TURNS, depth, opened, orientation, size_upright, upright
from lesionseg_lib.errors import DataError, DataWarning
from lesionseg_lib.utils.arrays import Image, Mask
from lesionseg_lib.utils.checks import Need, check_arrays, check_size

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")

_TWELVE_BITS = 4095 >> 8  # the high byte of the largest number that a 12-bit camera writes


def read_image(path: str | Path, max_side: int | None = None, frame: int | None = None) -> Image:
    """Read a photo as uint8 of shape (H, W, 3), RGB.

    Repaired: grey becomes RGB (three equal channels), CMYK and palette colours become RGB, an alpha channel
    is dropped, 16 bits a channel become 8, and an EXIF orientation is applied, which is reported as a ``DataWarning``.

    Args:
        path: JPEG, PNG, BMP, TIFF or WebP.
        max_side: reduce a larger image until its longer side has this many pixels. JPEG is then decoded at
            1/2, 1/4 or 1/8 of its size: for a photo of 12,000 x 9,000 pixels, ``max_side=4096`` takes some
            250 MB of memory instead of 1.1 GB.
        frame: which page of a TIFF or picture of an animation, counted from 0. By default the only one.

    Raises:
        DataError: missing, empty, truncated or no image; several frames and none chosen; 16 bits a channel in grey, or
            in colours of which none is bright; nothing but transparency; more than 178 megapixels.
    """
    return load_image(path, max_side, frame)[0]


def load_image(path: str | Path, max_side: int | None = None, frame: int | None = None) -> tuple[Image, int]:
    """What ``read_image`` gives, and the EXIF orientation that was applied, 1 to 8."""
    path = Path(path)
    with opened(path, frame) as picture:
        deep = depth(picture) > 8
        turn = orientation(picture)
        if (deep and picture.mode not in ("RGB", "RGBA")) or picture.mode.startswith(("I", "F")):
            raise DataError(
                f"{path} has more than 8 bits a channel (Pillow mode {picture.mode}). Convert it to 8 bits."
            )
        if picture.mode not in EIGHT_BIT_MODES:
            raise DataError(f"{path} is in the colour space {picture.mode}. Save it as RGB.")
        size = picture.size
        reduced = max_side is not None and max(size) > max_side
        if reduced:
            scale = (max_side or 0) / max(size)
            target = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
            picture.draft(None, target)
        picture.load()
        left = orientation(picture)  # a TIFF is turned while Pillow loads it, and has none any more
        if picture.mode in ("LA", "RGBA"):
            *colours, (lowest, highest) = map(_range, picture.split())
            if lowest != highest and all(low == high for low, high in colours):
                raise DataError(f"{path} has one colour and a drawing in its transparency. Expected a photo.")
        rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
        if deep and max(high for _, high in map(_range, rgb.split())) <= _TWELVE_BITS:
            raise DataError(
                f"{path} has 16 bits a channel and no value above {(_TWELVE_BITS << 8) + 255}: 12 bits that were not "
                "stretched to 16, or a photo that is all but black. Save it with 8 bits a channel."
            )
        if reduced:
            # BOX averages all the pixels that fall into one, as INTER_AREA does in `resize_image`.
            rgb = rgb.resize(target, PIL.Image.Resampling.BOX)
        image = np.array(upright(rgb, left), dtype=np.uint8)
    _report(path, turn)
    return image, turn


def read_mask(path: str | Path, mask_value: MaskValue | None = None, frame: int | None = None) -> Mask:
    """Read a mask as bool of shape (H, W), True inside the lesion.

    What decides is what the file holds, at its own depth: 1 to 32 bits or floats; one channel, three equal ones, or a
    palette; with or without transparency. Read is what has one meaning:

    - the values 0 and 1, 0 and 255, or 0 and white, or one of them alone: all zero and all one are legal;
    - grey levels: above 128 of 255 is lesion, as in the organisers' scorer;
    - a palette of black and one other colour, numbered 0 and 1;
    - one colour, drawn on a transparent ground: what is opaque is lesion.

    An EXIF orientation is applied, which is reported as a ``DataWarning``.

    Args:
        path: PNG, JPEG, BMP, TIFF, WebP or GIF.
        mask_value: what is lesion where a file has two meanings: a value or several (in a palette of colours: its
            numbers), "grey" (all above half of white) or "alpha" (all that is opaque).
        frame: which page of a TIFF or picture of an animation, counted from 0. By default the only one.

    Raises:
        DataError: missing, empty, truncated or no image; coloured; several frames; or of two meanings: class numbers,
            levels of which all or none would be lesion, colours and transparency that disagree. The message names the
            option that decides.
    """
    return load_mask(path, mask_value, frame)[0]


def load_mask(path: str | Path, mask_value: MaskValue | None = None, frame: int | None = None) -> tuple[Mask, int]:
    """What ``read_mask`` gives, and the EXIF orientation that was applied, 1 to 8."""
    path = Path(path)
    found = stored(path, frame)
    mask = lesion_in(found, path, mask_value)
    _report(path, found.turn)
    if mask_value is not None and not mask.any() and (found.levels != 0).any():
        warnings.warn(
            f"{path}: no pixel is lesion with mask_value={mask_value!r}; it has other values.",
            DataWarning,
            stacklevel=2,
        )
    return np.ascontiguousarray(mask), found.turn


def count_frames(path: str | Path) -> int:
    """How many frames, pages or pictures of an animation, a file holds. Raises ``DataError``."""
    with opened(Path(path), 0) as picture:
        return int(getattr(picture, "n_frames", 1))


def upright_size(photo: Path, frame: int | None = None) -> tuple[int, int]:
    """(height, width) of a photo after its EXIF orientation is applied, read from its header alone."""
    with opened(photo, frame) as picture:
        return size_upright(picture)


def _range(band: PIL.Image.Image) -> tuple[float, float]:
    low, high = band.getextrema()
    assert not isinstance(low, tuple) and not isinstance(high, tuple)  # of one band
    return low, high


def _report(path: Path, turn: int) -> None:
    if turn != 1:
        warnings.warn(f"{path} was {TURNS[turn]}, as its EXIF orientation asks.", DataWarning, stacklevel=4)


def resize_image(image: Image, size: tuple[int, int]) -> Image:
    """Resize an image to (height, width): areas are averaged when shrinking, interpolated when enlarging.

    ``image``: uint8 (H, W, 3) or (H, W). Raises ``ShapeError``.
    """
    check_arrays(image=Need(image, "H W 3 | H W", "uint8"))
    height, width = check_size("size", size)
    shrinking = height * width < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), dtype=np.uint8)


def resize_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    """Resize a mask, bool (H, W), to (height, width) by nearest neighbour, so that no value between 0 and 1 arises.

    Raises ``ShapeError``.
    """
    check_arrays(mask=Need(mask, "H W", "bool"))
    height, width = check_size("size", size)
    resized = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(resized, dtype=np.uint8) > 0
