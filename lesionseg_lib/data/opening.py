"""Opening an image file: formats, frame, turn and depth, and every fault of a file in one sentence."""

from __future__ import annotations

import stat
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import cv2
import PIL.Image
from PIL import MpoImagePlugin, PngImagePlugin, TiffImagePlugin

from lesionseg_lib.errors import DataError
from lesionseg_lib.utils.files import leads_nowhere

# Not all that Pillow knows: some run another program, or draw. A JPEG may turn out to be an MPO.
MASK_FORMATS = ("BMP", "DIB", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
PHOTO_FORMATS = (*MASK_FORMATS, "AVIF", "JPEG2000", "PPM")
TURNS = {
    2: "mirrored left to right",
    3: "turned by 180 degrees",
    4: "mirrored top to bottom",
    5: "mirrored and turned by 90 degrees",
    6: "turned by 90 degrees",
    7: "mirrored and turned by 90 degrees",
    8: "turned by 90 degrees",
}
QUARTER_TURNS = (5, 6, 7, 8)
_TRANSPOSES = dict(
    zip(
        TURNS,
        (
            PIL.Image.Transpose.FLIP_LEFT_RIGHT, PIL.Image.Transpose.ROTATE_180, PIL.Image.Transpose.FLIP_TOP_BOTTOM,
            PIL.Image.Transpose.TRANSPOSE, PIL.Image.Transpose.ROTATE_270, PIL.Image.Transpose.TRANSVERSE,
            PIL.Image.Transpose.ROTATE_90,
        ),
        strict=True,
    )
)  # fmt: skip
EIGHT_BIT_MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr")

ORIENTATION = 0x0112  # the same number in EXIF and in TIFF
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_REDUCED_PAGE = 1  # a bit of TIFF's NewSubfileType: a smaller copy of another page
_LONG_NOTE = 1 << 20  # bytes; Pillow takes no longer ones
# What Pillow raises for damaged files, depending on the format and on where the damage is.
_DAMAGE = (
    OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError,
    struct.error, zlib.error, cv2.error,
)  # fmt: skip


@contextmanager
def opened(path: Path, frame: int | None = None, formats: tuple[str, ...] = PHOTO_FORMATS) -> Iterator[PIL.Image.Image]:
    """Open a picture at one frame; whatever is wrong with the file, now or while it is decoded, becomes a DataError.

    ``frame`` counts from 0. None: the only one, and a DataError where there are more.
    """
    try:
        # Pillow warns above 89 megapixels and refuses above 178; a 108-megapixel phone is no attack. Its other
        # warnings are about descriptions, not about pixels.
        with warnings.catch_warnings(action="ignore"):
            if "\0" in str(path):
                raise DataError(f"{str(path)!r} is no name that a file can have. Give the path of a picture.")
            if not stat.S_ISREG(mode := path.stat().st_mode) and not stat.S_ISDIR(mode):
                raise DataError(f"{path} is a pipe, a device or a socket. Copy the photo into a file first.")
            # From an open file, not a path: Pillow maps the file of a path into memory, and then scrambles a grey TIFF
            # that is turned by 90 degrees.
            with path.open("rb") as file, PIL.Image.open(_without_profile(file), formats=formats) as picture:
                _choose_frame(path, picture, frame)
                yield picture
    except PIL.Image.DecompressionBombError as error:
        raise DataError(
            f"{path} is too large to be read safely ({error}). Reduce it first, to 4,000 pixels a side."
        ) from error
    except PIL.UnidentifiedImageError as error:
        raise DataError(_not_an_image(path, formats)) from error
    except MemoryError as error:
        raise DataError(f"{path} needs more memory than there is. Reduce it first, to 4,000 pixels a side.") from error
    except _DAMAGE as error:
        if leads_nowhere(path):
            raise DataError(f"{path} cannot be read: it is a link that leads nowhere, to {path.readlink()}.") from error
        if isinstance(error, OSError) and error.errno is not None:
            raise DataError(f"{path} cannot be read: {error.strerror}.") from error
        raise DataError(
            f"{path} ({_size(path)}) cannot be decoded: {error or type(error).__name__}. It is probably cut short or "
            "damaged; fetch it again."
        ) from error


def orientation(picture: PIL.Image.Image) -> int:
    """The EXIF orientation of an open picture, 1 to 8; 1, upright, where there is none or none that is defined."""
    asked = picture.getexif().get(ORIENTATION, 1)
    return asked if asked in TURNS else 1


def size_upright(picture: PIL.Image.Image) -> tuple[int, int]:
    """(height, width) of an open picture after its turn, from its header alone."""
    width, height = picture.size
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        # Pillow turns a TIFF by itself while it loads, and newer versions tell the size after that.
        width, height = int(picture.tag_v2[256]), int(picture.tag_v2[257])
    return (width, height) if orientation(picture) in QUARTER_TURNS else (height, width)


def depth(picture: PIL.Image.Image) -> int:
    """Bits a channel in the file, which may not be what Pillow makes of them. Ask before anything is loaded."""
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        return int(max(picture.tag_v2.get(258, (1,))))
    if isinstance(picture, PngImagePlugin.PngImageFile) and picture.fp is not None:
        place = picture.fp.tell()
        picture.fp.seek(24)
        bits = picture.fp.read(1)[0]
        picture.fp.seek(place)
        return bits
    return 1 if picture.mode == "1" else 8


def is_lossy(path: Path, picture: PIL.Image.Image) -> bool:
    """Whether a level may be off by some: JPEG, JPEG inside a TIFF, and WebP but for its lossless kind."""
    if picture.format == "WEBP":
        with path.open("rb") as file:
            file.seek(12)
            while len(head := file.read(8)) == 8:
                kind, length = struct.unpack("<4sI", head)
                if kind in (b"VP8 ", b"VP8L"):
                    return bool(kind == b"VP8 ")
                file.seek(length + length % 2, 1)
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        return picture.tag_v2.get(259) in (6, 7)
    return picture.format in ("JPEG", "MPO", "WEBP")


def upright(image: PIL.Image.Image, turn: int) -> PIL.Image.Image:
    """A decoded picture turned as an EXIF orientation asks."""
    return image if turn == 1 else image.transpose(_TRANSPOSES[turn])


def _choose_frame(path: Path, picture: PIL.Image.Image, frame: int | None) -> None:
    count = getattr(picture, "n_frames", 1)
    if frame is not None:
        if not 0 <= frame < count:
            raise DataError(f"{path} has no frame {frame}; it has {count}, counted from 0. Choose another frame.")
        picture.seek(frame)
        return
    frames = list(range(count))
    if count > 1 and isinstance(picture, MpoImagePlugin.MpoImageFile):
        frames = [0]  # a photo, followed by its brightness for other screens or by a preview
    elif count > 1 and isinstance(picture, TiffImagePlugin.TiffImageFile):
        frames = [number for number in frames if not _is_reduced(picture, number)] or frames
    if len(frames) > 1:
        raise DataError(
            f"{path} holds {len(frames)} frames (pages of a TIFF, or pictures of an animation), and each may be meant. "
            f"Choose with frame=0 to frame={count - 1} (on the command line --frame), or save one frame alone."
        )
    picture.seek(frames[0])


def _is_reduced(picture: TiffImagePlugin.TiffImageFile, number: int) -> bool:
    picture.seek(number)
    return bool(int(picture.tag_v2.get(254, 0)) & _REDUCED_PAGE)


def _without_profile(file: BinaryIO) -> BinaryIO:
    """A PNG without colour profile and notes: Pillow refuses a sound picture for a long one. No pixel needs them."""
    kept, dropped = [start := file.read(8)], False
    while start == b"\x89PNG\r\n\x1a\n" and len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        body = file.read(length + 4)
        # The keyword of a note says whether it may hold the orientation.
        if kind == b"iCCP" or (kind in (b"tEXt", b"zTXt", b"iTXt") and not _may_turn(kind, body)):
            dropped = True
        else:
            kept += [head, body]
    file.seek(0)
    return BytesIO(b"".join(kept)) if dropped else file


def _may_turn(kind: bytes, body: bytes) -> bool:
    """Whether a note is one that may hold the orientation, and short enough for Pillow."""
    keyword, _, rest = body.partition(b"\0")
    if not keyword.startswith((b"Raw profile type", b"XML:com.adobe.xmp")) or len(body) > _LONG_NOTE:
        return False
    if kind == b"tEXt" or (kind == b"iTXt" and rest[:1] == b"\0"):
        return True
    # Compressed: behind a byte for the method, and in an iTXt behind a flag, the method and two short texts.
    packed = rest[1:] if kind == b"zTXt" else rest[2:].split(b"\0", 2)[-1]
    try:
        return len(zlib.decompressobj().decompress(packed, _LONG_NOTE)) < _LONG_NOTE
    except zlib.error:
        return False


def _not_an_image(path: Path, formats: tuple[str, ...]) -> str:
    with path.open("rb") as file:
        start = file.read(16)
    if start[:4] in _TIFF_STARTS:
        return (
            f"{path} is a TIFF, damaged or of a kind that is not read (several channels of floats, for example). Save "
            "it as a PNG of 8 bits."
        )
    known = "JPEG, PNG, BMP, TIFF or WebP"
    if formats == MASK_FORMATS and start:
        known += " (GIF too)"
    found = f"it begins with {start!r}" if start else "it is empty (0 bytes)"
    return f"{path} is not an image: {found}. Expected {known}. Fetch the file again, or remove it."


def _size(path: Path) -> str:
    try:
        return f"{path.stat().st_size:,} bytes"
    except OSError:
        return "size unknown"
