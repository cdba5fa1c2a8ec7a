"""Damage to files, drawn by Hypothesis, so that what fails is shrunk to the least damage that still does."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from tests.helpers.values import OTHERS, places

VALUES: tuple[Any, ...] = (
    *OTHERS, None, False, 0, 1, 1e308, -1e308, 5e-324, 2**31, 2**63, "", "\0", "\ud800", "../x", "/", "x" * 300, [[]],
    [None], {"": None}, -0.0, 0.9999999999999999, float("-inf"), [0.5] * 3,
)  # fmt: skip
NUMBERS = (0, 1, 2, 3, 7, 8, 15, 16, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1)


@st.composite
def damaged(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """One of the seeds after some changes: bytes replaced, inserted, removed, doubled, or spliced from another."""
    content = bytearray(draw(st.sampled_from(seeds)))
    if content.startswith(b"{") and draw(st.booleans()):
        return draw(other_values(bytes(content)))
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 2, 3, 5, 8)))):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        kind = draw(st.sampled_from(("byte", "bit", "number", "cut", "remove", "insert", "double", "splice")))
        if kind == "byte":
            content[place : place + 1] = bytes([draw(st.integers(0, 255))])
        elif kind == "bit" and content:
            content[place] ^= 1 << draw(st.integers(0, 7))
        elif kind == "number":
            code = draw(st.sampled_from(("<H", ">H", "<I", ">I")))
            number = draw(st.sampled_from(NUMBERS)) % 2 ** (8 * struct.calcsize(code))
            content[place : place + struct.calcsize(code)] = struct.pack(code, number)
        elif kind == "cut":
            del content[place:]
        elif kind == "remove":
            del content[place : place + draw(st.integers(1, 64))]
        elif kind == "insert":
            content[place:place] = draw(st.binary(min_size=1, max_size=16))
        elif kind == "double":
            content[place:place] = content[place : place + draw(st.integers(1, 64))]
        else:
            other = draw(st.sampled_from(seeds))
            start = draw(st.integers(0, max(0, len(other) - 1)))
            content[place : place + 32] = other[start : start + 32]
    return with_sums(bytes(content)) if draw(st.booleans()) else bytes(content)


@st.composite
def other_values(draw: st.DrawFn, content: bytes) -> bytes:
    """JSON text with a few values replaced, moved to another place, or left out: it stays JSON."""
    try:
        whole = json.loads(content)
    except ValueError:
        return content
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3)))):
        *way, last = draw(st.sampled_from(list(places(whole)) or [("",)]))
        parent = whole
        for key in way:
            parent = parent[key]
        kind = draw(st.sampled_from(("other", "other", "moved", "out", "more")))
        if kind == "out":
            parent.pop(last, None) if isinstance(parent, dict) else parent.pop(last)
        elif kind == "more" and isinstance(parent, dict):
            parent[draw(st.text(max_size=8))] = deepcopy(draw(st.sampled_from(VALUES)))
        elif kind == "moved":
            parent[last] = deepcopy(draw(st.sampled_from([parent, *parent] if isinstance(parent, list) else [parent])))
        else:
            parent[last] = deepcopy(draw(st.sampled_from(VALUES)))
    return json.dumps(whole).encode()


def with_sums(content: bytes) -> bytes:
    """A PNG with right checksums: else nearly all damage ends at the first of them."""
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        return content
    parts, place = [content[:8]], 8
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        body = content[place + 4 : place + 8 + min(length, len(content))]
        parts.append(struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)))
        place += 12 + length
    return b"".join(parts)
