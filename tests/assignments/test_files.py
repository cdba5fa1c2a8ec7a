"""Readers of handed-in files: right ones are read, hostile ones are refused in words, and nothing is believed."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save

from lesionseg_lib.assignments.files import READERS
from lesionseg_lib.errors import AssignmentError
from tests.helpers.picture_files import png


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npy(header: str, rest: bytes = b"") -> bytes:
    text = header.encode().ljust(118 - 10, b" ") + b"\n"
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text + rest


def member(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", content)
    return file.getvalue()


def tensors(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def test_right_files_are_read() -> None:
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.asfortranarray(np.eye(3)), "c": np.array("x")}
    found = READERS["npz"](npz(**arrays), "x.npz")
    assert {k: v.tolist() for k, v in found.items()} == {k: v.tolist() for k, v in arrays.items()}
    weights = {"w": np.ones((2, 2), np.float32), "n": np.array([3], np.int64), "none": np.zeros((0, 4), np.float16)}
    read = READERS["weights"](save(weights), "w.safetensors")
    assert {k: (v.dtype, v.tolist()) for k, v in read.items()} == {k: (v.dtype, v.tolist()) for k, v in weights.items()}
    mask = np.array([[0, 255, 0], [255, 255, 0]], np.uint8)
    assert READERS["mask"](png(mask), "m.png").tolist() == (mask > 0).tolist()
    assert READERS["json"]('\ufeff{"a": [1, null, "é"]}'.encode(), "a.json") == {"a": [1, None, "é"]}


OBJECTS = np.array([{"a": 1}], dtype=object)
LARGE = {"w": {"dtype": "F32", "shape": [1 << 30], "data_offsets": [0, 1 << 32]}}


def header(descr: str, shape: str) -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"


TWICE = {name: {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]} for name in "ab"}
BEFORE = {"a": {"dtype": "U8", "shape": [1], "data_offsets": [-1, 0]}}
UNKNOWN = {"a": {"dtype": "BF16", "shape": [0], "data_offsets": [0, 0]}}
WIDE_PNG = png(np.zeros((1, 1), np.uint8)).replace(b"\0\0\0\1\0\0\0\1", b"\0\1\0\0\0\1\0\0", 1)
BAD = {
    "objects": ("npz", npz(x=OBJECTS), "expected numbers"),
    "no zip": ("npz", b"no", "no .npz"),
    "a bomb": ("npz", member(npy(header("'|u1'", "(99,)"), bytes(70 << 20))), "more than"),
    "a huge shape": ("npz", member(npy(header("'<f8'", "(1000000000000,)"))), "another size"),
    "a negative shape": ("npz", member(npy(header("'<f8'", "(-1,)"))), "another size"),
    "a header that runs": ("npz", member(npy(header("__import__('os')", "()"))), "no .npz file that can be read"),
    "complex": ("npz", npz(x=np.array([1j])), "expected numbers"),
    "a header of 4 GB": ("weights", tensors({}, length=4 << 30), "claims 4,294,967,296"),
    "a header of all ones": ("weights", b"\xff" * 8, "claims"),
    "a tensor that is not there": ("weights", tensors(LARGE), "claims another size"),
    "overlapping": ("weights", tensors(TWICE, b"xx"), "overlap"),
    "bytes left over": ("weights", tensors({}, b"x"), "leave bytes over"),
    "negative offsets": ("weights", tensors(BEFORE), "no tensor"),
    "an unknown type": ("weights", tensors(UNKNOWN), "BF16"),
    "a list": ("weights", tensors([1]), "named tensors"),
    "no PNG": ("mask", b"GIF89a" + bytes(40), "no PNG"),
    "a huge PNG": ("mask", WIDE_PNG, "65,536"),
    "0 and 1": ("mask", png(np.array([[0, 1]], np.uint8)), "other values"),
    "colours": ("mask", png(np.zeros((2, 2, 3), np.uint8)), "one channel"),
    "half a PNG": ("mask", png(np.full((9, 9), 255, np.uint8))[:-30], "damaged|other values"),
    "a key twice": ("json", b'{"a": 1, "a": 2}', "twice"),
    "too deep": ("json", b"[" * 100_000, "no JSON"),
    "a long number": ("json", b"9" * 10_000, "no JSON"),
    "latin-1": ("json", '{"a": "é"}'.encode("latin-1"), "not UTF-8"),
}


@pytest.mark.parametrize("name", BAD)
def test_hostile_files_are_refused_in_words_and_cost_no_memory(name: str) -> None:
    kind, content, says = BAD[name]
    tracemalloc.start()
    try:
        with pytest.raises(AssignmentError, match=says):
            READERS[kind](content, "x")
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
    finally:
        tracemalloc.stop()
