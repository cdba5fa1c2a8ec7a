"""One owner a folder: who else wants it is told who has it."""

from __future__ import annotations

import json
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from lesionseg_lib.errors import LesionSegError

_HELD: dict[str, tuple[int, int]] = {}
"""Folders that are owned -> process and thread that do; a forked process finds its parent's here."""


@contextmanager
def owning(folder: Path, error: type[LesionSegError]) -> Iterator[None]:
    """Hold the lock of ``folder``, which lies beside it: ``.<name>.lock``. It goes with the process, however that ends.

    The folder need not be there. Within, the same thread may ask again. Raises ``error`` when somebody else has it,
    with process, machine and time; ``OSError`` when a lock cannot be made there.
    """
    key, asking = str(folder.absolute()), (os.getpid(), threading.get_ident())
    if _HELD.get(key) == asking:
        yield
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    owner = folder.with_name(f".{folder.name}.owner")
    lock = FileLock(folder.with_name(f".{folder.name}.lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise error(
            f"{folder}: {_told(owner)} is writing into it. Wait until that has ended, stop it, or choose another "
            f"folder."
        ) from None
    try:
        _HELD[key] = asking
        owner.write_text(
            json.dumps(
                {"pid": os.getpid(), "host": platform.node(), "since": datetime.now().isoformat(" ", "seconds")}
            ),
            encoding="utf-8",
        )
        yield
    finally:
        owner.unlink(missing_ok=True)
        _HELD.pop(key, None)
        lock.release()


def _told(owner: Path) -> str:
    try:
        found = json.loads(owner.read_text(encoding="utf-8"))
        return f"process {found['pid']} on {found['host']}, since {found['since']},"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
