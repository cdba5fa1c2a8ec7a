"""A disk that is full."""

from __future__ import annotations

import errno
import pathlib
from typing import Any

import pytest


class _FullFile:
    def __init__(self, file: Any, room: int) -> None:
        self._file, self._room = file, room

    def write(self, data: bytes) -> int:
        self._room -= len(data)
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self._file.write(data))

    def __enter__(self) -> _FullFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def fill_disk(monkeypatch: pytest.MonkeyPatch, suffix: str, room: int) -> None:
    """From now on, files opened for writing whose names end in ``suffix`` have room for so many bytes each."""
    real_open = pathlib.Path.open

    def open_(self: pathlib.Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        file = real_open(self, mode, *args, **kwargs)
        return _FullFile(file, room) if self.name.endswith(suffix) and mode != "r" and mode != "rb" else file

    monkeypatch.setattr(pathlib.Path, "open", open_)
