"""Writing pictures with OpenCV, whose own ``imwrite`` says by a False alone that nothing was written."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.utils.files import naming, write_whole


def write_picture(path: Path, pixels: NDArray[np.uint8], options: Sequence[int] = ()) -> None:
    """Write a new file of grey (H, W) or blue, green, red (H, W, 3); the kind follows the name's ending.

    ``options``: OpenCV's, such as ``[cv2.IMWRITE_JPEG_QUALITY, 90]``. Raises ``OSError``, which names ``path``: it
    cannot be encoded or written, or the disk is full.
    """
    try:
        encoded, content = cv2.imencode(path.suffix, pixels, list(options))
    except cv2.error as error:
        raise OSError(errno.EINVAL, f"cannot be encoded ({error.err})", str(path)) from error
    if not encoded:
        raise OSError(errno.EINVAL, "cannot be encoded", str(path))
    with naming(path):
        write_whole(path, content.tobytes())
