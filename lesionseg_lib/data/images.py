"""Reading images and masks from files, and resizing them: what is repaired and what is refused."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
from PIL import ImageOps

from lesionseg_lib.errors import DataError, DataWarning
from lesionseg_lib.utils.arrays import Image, Mask

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
MASK_THRESHOLD = 128  # of 255: the organisers count a grey level above it as lesion

_EXIF_ORIENTATION = 0x0112
_QUARTER_TURNS = (5, 6, 7, 8)
_TURNS = {
    2: "mirrored left to right",
    3: "turned by 180 degrees",
    4: "mirrored top to bottom",
    5: "mirrored and turned by 90 degrees",
    6: "turned by 90 degrees",
    7: "mirrored and turned by 90 degrees",
    8: "turned by 90 degrees",
}
# What Pillow raises for damaged files, depending on the format and on where the damage is.
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)


def read_image(path: str | Path, max_side: int | None = None) -> Image:
    """Read a photo as uint8 of shape (H, W, 3), RGB.

    Repaired: grey becomes RGB (three equal channels), CMYK and palette colours become RGB, an alpha channel
    is dropped, and an EXIF orientation is applied, which is reported as a ``DataWarning``.

    Args:
        path: JPEG, PNG, BMP, TIFF or WebP.
        max_side: reduce a larger image until its longer side has this many pixels. JPEG is then decoded at
            1/2, 1/4 or 1/8 of its size: for a photo of 12,000 x 9,000 pixels, ``max_side=4096`` takes some
            250 MB of memory instead of 1.1 GB.

    Raises:
        DataError: missing, empty, truncated or no image; 16 bits a channel in grey; more than 178 megapixels.
    """
    path = Path(path)
    with _opened(path) as picture:
        if max_side is not None and max(picture.size) > max_side:
            scale = max_side / max(picture.size)
            target = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
            picture.draft(None, target)
            # BOX averages all the pixels that fall into one, as INTER_AREA does in `resize_image`.
            picture = _to_rgb(path, picture).resize(target, PIL.Image.Resampling.BOX)
        return np.array(_to_rgb(path, _turned(path, picture)), dtype=np.uint8)


def read_mask(path: str | Path) -> Mask:
    """Read a mask as bool of shape (H, W), True inside the lesion.

    A mask whose largest value is 1 is understood as 0/1. Otherwise a grey level above 128 of 255 is lesion,
    as in the organisers' scorer. All zero and all one are legal. RGB is accepted if its channels agree, an
    alpha channel is dropped, and an EXIF orientation is applied.

    Raises:
        DataError: missing, empty, truncated or no image; coloured; or no value above 128 although some are
            above 1, so that a mask of class numbers or of 0/100 would silently become empty.
    """
    path = Path(path)
    with _opened(path) as picture:
        picture = _turned(path, picture)
        if picture.mode in ("1", "L"):
            levels = np.asarray(picture.convert("L"))
        else:
            channels = np.asarray(_to_rgb(path, picture))
            levels = channels[..., 0]
            if (channels != levels[..., None]).any():
                raise DataError(
                    f"{path} is coloured, but a mask has one channel (or three equal ones) that is 0 outside "
                    "and 255 inside the lesion. Is it a photo or an overlay? Save the mask as a grey PNG."
                )
    highest = int(levels.max())
    if highest <= 1:
        return levels > 0
    if highest <= MASK_THRESHOLD:
        raise DataError(
            f"{path}: the mask's largest value is {highest}. Expected 0 and 255, or 0 and 1; above "
            f"{MASK_THRESHOLD} counts as lesion, so this mask would be empty. Multiply it so that the lesion "
            "is 255, and save it again as a grey PNG."
        )
    return levels > MASK_THRESHOLD


def exif_turn(path: str | Path) -> str | None:
    """What a file's EXIF orientation asks for, in words, or None."""
    with _opened(Path(path)) as picture:
        return _TURNS.get(picture.getexif().get(_EXIF_ORIENTATION, 1))


def resize_image(image: Image, size: tuple[int, int]) -> Image:
    """Resize an image to (height, width): areas are averaged when shrinking, interpolated when enlarging."""
    height, width = size
    shrinking = height * width < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), dtype=np.uint8)


def resize_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    """Resize a mask to (height, width) by nearest neighbour, so that no value between 0 and 1 arises."""
    height, width = size
    resized = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(resized, dtype=np.uint8) > 0


@contextmanager
def _opened(path: Path) -> Iterator[PIL.Image.Image]:
    """Open a picture; whatever Pillow finds wrong now or while it decodes becomes a DataError."""
    try:
        with warnings.catch_warnings():
            # Pillow warns above 89 megapixels and refuses above 178; a 108-megapixel phone is no attack.
            warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)
            picture = PIL.Image.open(path)
        with picture:
            yield picture
    except PIL.Image.DecompressionBombError as error:
        raise DataError(
            f"{path} is too large to be read safely ({error}). Reduce it first, to 4,000 pixels a side."
        ) from error
    except PIL.UnidentifiedImageError as error:
        raise DataError(
            f"{path} is not an image: {_beginning(path)}. Expected JPEG, PNG, BMP, TIFF or WebP. Fetch the "
            "file again, or remove it."
        ) from error
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise DataError(f"{path} cannot be read: {error.strerror}.") from error
        raise DataError(
            f"{path} ({path.stat().st_size:,} bytes) cannot be decoded: {error}. It is probably cut short or "
            "damaged; fetch it again."
        ) from error


def _turned(path: Path, picture: PIL.Image.Image) -> PIL.Image.Image:
    turn = _TURNS.get(picture.getexif().get(_EXIF_ORIENTATION, 1))
    if turn is None:
        return picture
    warnings.warn(f"{path} was {turn}, as its EXIF orientation asks.", DataWarning, stacklevel=4)
    return ImageOps.exif_transpose(picture)


def _to_rgb(path: Path, picture: PIL.Image.Image) -> PIL.Image.Image:
    if picture.mode.startswith(("I", "F")):
        raise DataError(f"{path} has more than 8 bits a channel (Pillow mode {picture.mode}). Convert it to 8 bits.")
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _beginning(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(16)
    return f"it begins with {start!r}" if start else "it is empty (0 bytes)"


def upright_size(photo: Path) -> tuple[int, int]:
    """(height, width) of a photo after its EXIF orientation is applied, read from its header alone."""
    with warnings.catch_warnings(action="ignore", category=PIL.Image.DecompressionBombWarning):
        picture = PIL.Image.open(photo)
    with picture:
        width, height = picture.size
        turned = picture.getexif().get(_EXIF_ORIENTATION) in _QUARTER_TURNS
    return (width, height) if turned else (height, width)
