"""PNG and TIFF files of any kind, written from their specifications: no library's habits decide what is tested."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np

PNG_COLOUR = {1: 0, 2: 4, 3: 2, 4: 6}
"""Channels -> colour type; 3 stands for a palette as well."""

TURNED = {
    2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, -1), 7: lambda a: np.rot90(np.swapaxes(a, 0, 1), 2), 8: np.rot90,
}  # fmt: skip
"""What a viewer has to do so that the stored pixels appear upright, by EXIF orientation."""


def png(
    array: np.ndarray, bits: int = 8, *, palette: Any = None, transparent: bytes = b"", extra: bytes = b""
) -> bytes:
    """(H, W) or (H, W, channels) of integers. ``palette``: rows of RGB. ``extra``: chunks before the data."""
    rows = array.reshape(*array.shape[:2], -1)
    height, width, channels = rows.shape
    colour = 3 if palette is not None else PNG_COLOUR[channels]
    raw = b"".join(b"\0" + packed(row, bits) for row in rows.reshape(height, -1))
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)), extra]
    if palette is not None:
        parts.append(chunk(b"PLTE", bytes(np.array(palette, np.uint8).ravel())))
    if transparent:
        parts.append(chunk(b"tRNS", transparent))
    return b"".join([b"\x89PNG\r\n\x1a\n", *parts, chunk(b"IDAT", zlib.compress(raw)), chunk(b"IEND", b"")])


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def exif_chunk(orientation: int) -> bytes:
    return chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0) + bytes(4))


def packed(row: np.ndarray, bits: int) -> bytes:
    """A row of samples, the most significant bit and byte first."""
    if bits in (8, 16):
        return row.astype(f">u{bits // 8}").tobytes()
    digits = "".join(f"{int(sample):0{bits}b}" for sample in row)
    digits += "0" * (-len(digits) % 8)
    return bytes(int(digits[place : place + 8], 2) for place in range(0, len(digits), 8))


def tiff(*pages: np.ndarray, order: str = "<", **fields: Any) -> bytes:
    """Pages of (H, W) or (H, W, channels), uncompressed; the array's type is the file's. See ``_page`` for fields."""
    out, links = {"<": b"II*\0", ">": b"MM\0*"}[order] + bytes(4), [4]
    for page in pages:
        data, directory, end = _page(page, len(out), order, **fields)
        out += data
        out = out[: links[-1]] + struct.pack(f"{order}I", len(out)) + out[links[-1] + 4 :]
        links.append(len(out) + end)
        out += directory
    return out


def _page(
    array: np.ndarray, start: int, order: str, *, white_is_zero: bool = False, orientation: int = 1,
    bits: int | None = None, extra_samples: int | None = None, palette: Any = None, subfile: int = 0,
) -> tuple[bytes, bytes, int]:  # fmt: skip
    pixels = array.reshape(*array.shape[:2], -1)
    height, width, channels = pixels.shape
    depth = bits or array.dtype.itemsize * 8
    if depth < 8 or depth == 12:
        data = b"".join(packed(row, depth) for row in pixels.reshape(height, -1))
    else:
        data = pixels.astype(array.dtype.newbyteorder(order)).tobytes()
    data += bytes(len(data) % 2)
    colours = 3 if channels >= 3 else 1
    photometric = 3 if palette is not None else 2 if colours == 3 else int(not white_is_zero)
    fields: list[tuple[int, int, list[int]]] = [
        (254, 4, [subfile]), (256, 4, [width]), (257, 4, [height]), (258, 3, [depth] * channels), (259, 3, [1]),
        (262, 3, [photometric]), (273, 4, [start]), (274, 3, [orientation]), (277, 3, [channels]), (278, 4, [height]),
        (279, 4, [len(data)]),
    ]  # fmt: skip
    if palette is not None:
        colours_of = np.zeros((3, 2**depth), int)
        colours_of[:, : len(palette)] = np.array(palette).T * 257
        fields.append((320, 3, colours_of.ravel().tolist()))
    if channels > colours:
        fields.append((338, 3, [2 if extra_samples is None else extra_samples]))
    fields.append((339, 3, [{"u": 1, "i": 2, "f": 3}[array.dtype.kind]] * channels))
    entries, tail = b"", b""
    after = start + len(data) + 2 + 12 * len(fields) + 4
    for tag, kind, values in fields:
        body = b"".join(struct.pack(order + {3: "H", 4: "I"}[kind], value) for value in values)
        if len(body) > 4:
            body, tail = struct.pack(f"{order}I", after + len(tail)), tail + body
        entries += struct.pack(f"{order}HHI", tag, kind, len(values)) + body.ljust(4, b"\0")
    directory = struct.pack(f"{order}H", len(fields)) + entries
    return data, directory + bytes(4) + tail, len(directory)
