"""What an ONNX file holds, read from its bytes without the package ``onnx``, which a grader's machine may lack.

ONNX is protocol buffers: fields of a number, a wire type and a value. Only what a judge needs is looked at: operators,
domains, and of every tensor its sizes, against the bytes that are there.
Source: ``onnx.proto`` of ONNX 1.18 (field numbers), the encoding of protocol buffers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from lesionseg_lib.errors import AssignmentError

DEPTH = 8
"""Graphs inside graphs."""
BITS = {1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 16: 16}
"""Bits of an element, by ``TensorProto.DataType``; text (8) and what is younger is refused."""
PACKED = {4: 32, 5: 8, 7: 8, 10: 64, 11: 8}
"""Fields of ``TensorProto`` that hold elements -> the least bits that one takes there."""


@dataclass
class OnnxFile:
    """``operators``: (domain, name) of every node; ``elements``: numbers held by all tensors, constants included."""

    content: bytes
    operators: list[tuple[str, str]] = field(default_factory=list)
    domains: dict[str, int] = field(default_factory=dict)
    elements: int = 0


def read_onnx(content: bytes, name: str) -> OnnxFile:
    """Look through an ONNX file. Raises ``AssignmentError``: damaged, external data, a tensor that claims too much."""
    found = OnnxFile(content)
    try:
        for number, value in _fields(content):
            if number == 7:
                _graph(_bytes(value), found, name, 0)
            elif number == 8:
                fields = dict(_fields(_bytes(value)))
                found.domains[_text(fields.get(1, b""))] = int(fields.get(2, 0))
            elif number == 25:
                raise AssignmentError(f"{name}: defines functions of its own; export plain operators.")
    except (ValueError, IndexError, TypeError, UnicodeDecodeError) as error:
        raise AssignmentError(f"{name}: no ONNX file that can be read ({str(error)[:80]}).") from error
    if not found.operators:
        raise AssignmentError(f"{name}: no ONNX file: it has no graph with an operator.")
    return found


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a message."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, place = _varint(data, place)
            yield number, value
            continue
        if kind == 2:
            length, place = _varint(data, place)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if place + length > len(data):
            raise ValueError("a field is longer than the file")
        yield number, data[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise ValueError("a number is too long")


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a number where a message is expected")
    return value


def _text(value: int | bytes) -> str:
    return _bytes(value).decode("utf-8")[:100]


def _graph(data: bytes, found: OnnxFile, name: str, depth: int) -> None:
    if depth > DEPTH:
        raise ValueError("graphs inside graphs")
    for number, value in _fields(data):
        if number == 1:
            _node(_bytes(value), found, name, depth)
        elif number == 5:
            _tensor(_bytes(value), found, name)
        elif number == 15:
            raise AssignmentError(f"{name}: holds sparse tensors; export dense ones.")


def _node(data: bytes, found: OnnxFile, name: str, depth: int) -> None:
    operator, domain = "", ""
    for number, value in _fields(data):
        if number == 4:
            operator = _text(value)
        elif number == 7:
            domain = _text(value)
        elif number == 5:
            for inner, part in _fields(_bytes(value)):
                if inner in (5, 10):
                    _tensor(_bytes(part), found, name)
                elif inner in (6, 11):
                    _graph(_bytes(part), found, name, depth + 1)
                elif inner in (22, 23):
                    raise AssignmentError(f"{name}: holds sparse tensors; export dense ones.")
    found.operators.append((domain, operator))


def _tensor(data: bytes, found: OnnxFile, name: str) -> None:
    shape: list[int] = []
    kind, bits = 0, 0
    for number, value in _fields(data):
        if number == 1:
            shape += [value] if isinstance(value, int) else _packed(value)
        elif number == 2:
            kind = int(value)
        elif number == 13 or (number == 14 and value != 0):
            raise AssignmentError(f"{name}: keeps numbers in another file; export one file without external data.")
        elif number == 9:
            bits += 8 * len(_bytes(value))
        elif number in PACKED:
            # An element takes at least so much; whoever packs less has fewer elements.
            bits += (
                (8 * len(value) if isinstance(value, bytes) else PACKED[number]) * BITS.get(kind, 8) // PACKED[number]
            )
    if kind not in BITS:
        raise AssignmentError(f"{name}: a tensor of type number {kind}; expected numbers of the usual types.")
    elements = math.prod(shape)
    if any(side >= 1 << 63 for side in shape) or elements * BITS[kind] > max(bits, 0):
        raise AssignmentError(f"{name}: a tensor claims {elements:,} elements, which the file does not hold.")
    found.elements += elements


def _packed(data: bytes) -> list[int]:
    values, place = [], 0
    while place < len(data):
        value, place = _varint(data, place)
        values.append(value)
    return values
