"""Arrays from outside: a reader of ``.npz`` that believes no size it is told, and runs nothing."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from lesionseg_lib.errors import AssignmentError

KINDS = "biufU"
"""Bools, integers, floats and text: nothing that holds objects."""
MEMBERS = 4096


def read_arrays(content: bytes, largest: int, name: str = "arrays") -> dict[str, NDArray[Any]]:
    """Name -> array of an ``.npz`` file of at most ``largest`` bytes once unpacked.

    Raises ``AssignmentError`` for anything else: damaged, too large, objects, a header that does not fit what follows.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > MEMBERS:
                raise AssignmentError(f"{name}: holds {len(entries):,} arrays; expected at most {MEMBERS}.")
            found, left = {}, largest
            for entry in entries:
                if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise AssignmentError(f"{name}: packed in an unusual way. Write it with np.savez.")
                with archive.open(entry) as file:
                    data = file.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise AssignmentError(f"{name}: unpacks to more than the {largest:,} bytes that are allowed here.")
                found[entry.filename.removesuffix(".npy")] = _array(data, name)
            return found
    except AssignmentError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        said = " ".join(str(error).split())[:100] or type(error).__name__
        raise AssignmentError(f"{name}: no .npz file that can be read ({said}). Write it with np.savez.") from error


def _array(data: bytes, name: str) -> NDArray[Any]:
    """An array from the bytes of a ``.npy`` file, whose header is checked against what follows."""
    file = io.BytesIO(data)
    version = npy.read_magic(file)  # type: ignore[no-untyped-call]
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"version {version} of .npy")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    try:
        shape, fortran, dtype = read(file)  # type: ignore[no-untyped-call]
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError("its header is damaged") from error
    if dtype.kind not in KINDS or dtype.hasobject:
        raise AssignmentError(f"{name}: holds an array of type {str(dtype)[:40]}; expected numbers, bools or text.")
    rest = data[file.tell() :]
    if any(type(side) is not int or side < 0 for side in shape) or math.prod(shape) * dtype.itemsize != len(rest):
        raise ValueError("its header tells of another size than there is")
    array = np.frombuffer(rest, dtype) if len(rest) else np.empty(math.prod(shape), dtype)
    return array.reshape(shape, order="F" if fortran else "C")
