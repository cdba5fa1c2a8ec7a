"""A file system that answers with errors, also to the superuser of a test container, whom permissions do not stop."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

import pytest

CALLS = ("open", "stat", "lstat", "listdir", "scandir", "mkdir", "rename", "replace", "readlink")


def answer_with(monkeypatch: pytest.MonkeyPatch, number: int, part: str, calls: tuple[str, ...] = CALLS) -> None:
    """From now on the named calls of ``os``, and ``open``, fail with that error for every path that holds ``part``."""

    def failing(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(path, str | bytes | os.PathLike) and part in os.fsdecode(path):
                raise OSError(number, os.strerror(number), os.fsdecode(path))
            return real(path, *args, **kwargs)

        return call

    for name in calls:
        monkeypatch.setattr(os, name, failing(getattr(os, name)))
    if "open" in calls:
        opened = failing(io.open)
        monkeypatch.setattr(io, "open", opened)
        monkeypatch.setattr("builtins.open", opened)
