"""Looking things up by name, with an error that suggests the nearest one."""

import difflib
from collections.abc import Mapping
from typing import TypeVar

from lesionseg_lib.errors import UnknownNameError

T = TypeVar("T")


def look_up(table: Mapping[str, T], name: str, kind: str) -> T:
    """``table[name]``, or an ``UnknownNameError`` that names the nearest entry and all of them."""
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise UnknownNameError(f"There is no {kind} named {name!r}.{hint} Known: {', '.join(table)}.")
