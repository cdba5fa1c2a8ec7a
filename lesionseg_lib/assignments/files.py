"""Readers of what lies in the zip, one a kind. Each takes bytes and gives plain data, or says what is wrong with them.

No pickle is read by any of them, and no size is believed before it is compared with the bytes that are there.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.assignments.arrays import read_arrays
from lesionseg_lib.assignments.onnx_file import read_onnx
from lesionseg_lib.errors import AssignmentError

SIDE = 4096
"""Pixels a side that a handed-in mask may have."""
TENSORS = 2000
TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1"}


def read_json(content: bytes, name: str) -> Any:
    """A JSON document in UTF-8. Raises ``AssignmentError``: other text, too deep, a key twice."""
    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        raise AssignmentError(f"{name}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise AssignmentError(f"{name}: no JSON that can be read ({str(error)[:100]}).") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def read_png_mask(content: bytes, name: str) -> NDArray[np.bool_]:
    """A mask, bool (H, W), from a PNG of one channel that holds 0 and 255 and nothing else."""
    if content[:8] != b"\x89PNG\r\n\x1a\n" or content[12:16] != b"IHDR" or len(content) < 33:
        raise AssignmentError(f"{name}: no PNG.")
    width, height, depth, colour = struct.unpack(">IIBB", content[16:26])
    if not (0 < width <= SIDE and 0 < height <= SIDE):
        raise AssignmentError(f"{name}: {width:,} x {height:,} pixels; expected sides from 1 to {SIDE}.")
    if (depth, colour) != (8, 0):
        raise AssignmentError(f"{name}: expected a PNG of one channel with 8 bits; write uint8 (H, W).")
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        pixels = None
    if pixels is None or pixels.shape != (height, width):
        raise AssignmentError(f"{name}: the PNG is damaged.")
    if not np.isin(pixels, (0, 255)).all():
        raise AssignmentError(f"{name}: holds other values than 0 and 255; write (255 * mask).astype(np.uint8).")
    return np.asarray(pixels == 255)


def read_weights(content: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Name -> array of a safetensors file. BF16 is refused: save float32.

    The format: 8 bytes with the length of a JSON header, the header, the numbers.
    """
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > len(content) - 8 or length > 4 << 20:
        raise AssignmentError(f"{name}: its header claims {length:,} bytes, the file has {len(content):,}.")
    header = read_json(content[8 : 8 + length], name)
    data = content[8 + length :]
    if not isinstance(header, dict) or len(header) > TENSORS:
        raise AssignmentError(f"{name}: expected at most {TENSORS} named tensors.")
    found = {key: _tensor(row, data, f"{name}, {key!r:.60}") for key, row in header.items() if key != "__metadata__"}
    if sum(array.nbytes for array in found.values()) != len(data):
        raise AssignmentError(f"{name}: its tensors overlap, or leave bytes over. Save it with safetensors.")
    return found


def _tensor(row: Any, data: bytes, where: str) -> NDArray[Any]:
    try:
        kind, shape, (start, end) = row["dtype"], row["shape"], row["data_offsets"]
        whole = all(type(value) is int and value >= 0 for value in (*shape, start, end))
        if not (isinstance(kind, str) and isinstance(shape, list) and len(shape) <= 8 and whole):
            raise ValueError
    except (TypeError, KeyError, ValueError) as error:
        raise AssignmentError(f"{where}: no tensor as safetensors writes it.") from error
    if kind not in TYPES:
        raise AssignmentError(f"{where}: type {kind[:10]}; expected one of {', '.join(TYPES)}.")
    dtype = np.dtype(TYPES[kind])
    if not start <= end <= len(data) or math.prod(shape) * dtype.itemsize != end - start:
        raise AssignmentError(f"{where}: claims another size than there is.")
    return np.frombuffer(data[start:end], dtype).reshape(shape)


def read_npz(content: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Name -> array, at most 64 MiB once unpacked."""
    return read_arrays(content, 64 << 20, name)


READERS: dict[str, Callable[[bytes, str], Any]] = {
    "json": read_json,
    "npz": read_npz,
    "mask": read_png_mask,
    "weights": read_weights,
    "onnx": read_onnx,
}
"""Kind of a ``FileRule`` -> its reader: (content, name) -> data, or ``AssignmentError``."""
