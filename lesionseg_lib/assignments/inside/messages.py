"""Questions and answers as bytes: plain values and arrays in one ``.npz``, which holds no objects.

A message is a tree of None, bool, int, float, str, lists, tuples, string-keyed dictionaries and arrays. The tree itself
is JSON, arrays are named in it. ``decode`` is for messages of our own; the grader's process reads answers with
``messages.tree_of`` over ``arrays.read_arrays``, which believes no size.
"""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

TREE = "tree"
LENGTH = 8
"""Bytes of a frame's length, which stands before each message."""


class Unsendable(TypeError):
    """A value that is none of those a message may hold; the message names its type."""


def encode(value: Any) -> bytes:
    """The message that holds this value. Raises ``Unsendable``."""
    arrays: dict[str, Any] = {}
    tree = _described(value, arrays, 0)
    file = io.BytesIO()
    text = np.frombuffer(json.dumps(tree).encode(), np.uint8)
    np.savez(file, allow_pickle=False, **{TREE: text, **arrays})
    return file.getvalue()


def decode(content: bytes) -> Any:
    """The value of a message that this program wrote."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return tree_of(dict(file))


def tree_of(arrays: dict[str, Any]) -> Any:
    """The value from a message's arrays. Raises ``ValueError``, ``KeyError``, ``TypeError`` for what is no message."""
    return _value(json.loads(arrays[TREE].astype(np.uint8).tobytes()), arrays)


def framed(content: bytes) -> bytes:
    """A message with its length before it."""
    return len(content).to_bytes(LENGTH, "big") + content


def _described(value: Any, arrays: dict[str, Any], depth: int) -> Any:
    if depth > 20:
        raise Unsendable("lists inside lists without end")
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # a tensor
        value = value.detach().cpu().numpy()
    if isinstance(value, np.generic):
        value = value.item() if value.dtype.kind in "biufU" else value
    if value is None or type(value) in (bool, int, float, str):
        return {"is": value}
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biufU":
            raise Unsendable(f"an array of type {value.dtype}")
        name = f"a{len(arrays)}"
        arrays[name] = np.asarray(value)
        return {"array": name}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_described(part, arrays, depth + 1) for part in value]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {str(key): _described(part, arrays, depth + 1) for key, part in value.items()}}
    raise Unsendable(type(value).__name__)


def _value(tree: Any, arrays: dict[str, Any]) -> Any:
    ((kind, content),) = tree.items()
    if kind == "is" and (content is None or isinstance(content, bool | int | float | str)):
        return content
    if kind == "array":
        return arrays[content]
    if kind in ("list", "tuple"):
        parts = [_value(part, arrays) for part in content]
        return parts if kind == "list" else tuple(parts)
    if kind == "dict":
        return {key: _value(part, arrays) for key, part in content.items()}
    raise ValueError("no message")
