"""What disks, copies and power cuts do to files; and processes that are killed at each step of a write."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


def damages(content: bytes, members: int = 24) -> Iterator[tuple[str, bytes]]:
    """``members`` flipped bits, cuts and wiped parts each, spread evenly over a file's bytes, and a few of its ends."""
    size = len(content)
    for number in range(members):
        place = number * size // members + number % 3
        if place < size:
            flipped = bytearray(content)
            flipped[place] ^= 1 << number % 8
            yield f"bit {number % 8} of byte {place} flipped", bytes(flipped)
        cut = number * size // members
        yield f"cut to {cut} bytes", content[:cut]
        wiped = bytearray(content)
        wiped[cut : cut + max(1, size // members)] = bytes(min(max(1, size // members), size - cut))
        if bytes(wiped) != content:
            yield f"zeros from byte {cut}", bytes(wiped)
    yield "a byte more", content + b"\0"
    yield "zeros throughout", bytes(size)


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do ``work`` in a forked process that dies at its ``step``-th renaming, flushing or removing; False: it ended.

    Each of these counts twice: before it is done, and after.
    """
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    child = os.fork()
    if child == 0:
        calls = 0

        def dying(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls == step:
                    os._exit(9)
                result = real(*arguments, **named)
                calls += 1
                if calls == step:
                    os._exit(9)
                return result

            return call

        for name in ("replace", "fsync", "unlink"):
            setattr(os, name, dying(getattr(os, name)))
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9), f"the work failed by itself, exit code {code}"
    return code == 9


def every_kill(prepare: Callable[[], object], work: Callable[[], object], limit: int = 200) -> Iterator[int]:
    """For each step of ``work`` at which a process can die: prepare, die there, and let the caller look."""
    for step in range(1, limit):
        prepare()
        dead = killed_at(step, work)
        yield step
        if not dead:
            assert step > 4, "nothing was killed"
            return
    raise AssertionError(f"more than {limit} steps")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, without locks."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }
