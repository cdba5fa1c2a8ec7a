"""Arrays of damaged files: the arrays that were saved, or one kind of error."""

from __future__ import annotations

import io
import random
import zipfile

import numpy as np
import pytest

from lesionseg_lib.utils.npz import NpzError, read_npz
from tests.helpers.damage import damages

IDS, VALUES = np.array(["a", "b"]), np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def stored(compressed: bool = True, **arrays: object) -> bytes:
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.mark.parametrize("compressed", [True, False])
def test_what_was_saved_is_read(compressed: bool) -> None:
    ids, values = read_npz(stored(compressed, ids=IDS, values=VALUES), "ids", "values")
    assert ids.tolist() == ["a", "b"] and np.array_equal(values, VALUES)


def test_what_is_missing_and_what_would_be_run_is_named() -> None:
    with pytest.raises(NpzError, match="lacks more"):
        read_npz(stored(ids=IDS), "ids", "more")
    with pytest.raises(NpzError, match="allow_pickle"):
        read_npz(stored(ids=np.array([{}], dtype=object)), "ids")


@pytest.mark.parametrize("compressed", [True, False])
def test_any_damage_gives_the_arrays_or_one_kind_of_error(compressed: bool) -> None:
    good = stored(compressed, ids=IDS, values=VALUES)
    rng = random.Random(0)
    several = []
    for _ in range(400):
        content = bytearray(good)
        for _ in range(rng.choice((1, 2, 3))):
            content[rng.randrange(len(content))] = rng.randrange(256)
        several.append(("several bytes", bytes(content)))
    refused = 0
    for what, content in [*damages(good), *several]:
        try:
            assert len(read_npz(content, "ids", "values")) == 2, what
        except NpzError as error:
            assert str(error), what
            refused += 1
    assert refused > 100


def test_an_array_that_no_memory_holds_is_refused() -> None:
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999,), }"
    header += b" " * (117 - len(header)) + b"\n"
    bomb = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("ids.npy", bomb)
    with pytest.raises(NpzError):
        read_npz(buffer.getvalue(), "ids")
