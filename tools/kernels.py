"""Kernels are reached over sockets in a folder, not over TCP: a port found free may be taken before a kernel has it.

As a pytest plugin (`-p tools.kernels`) this holds for the kernels of nbval, which takes no settings for them; what it
compares is set here, too. The plugin imports nothing of the course: tests also copy it to where there is none.
"""

import atexit
import itertools
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

_NUMBERS = itertools.count(1)


@cache
def _folder() -> str:
    """A folder for this process, removed at its end. In /tmp: a socket's path may have a hundred bytes at most."""
    folder = tempfile.mkdtemp(prefix="kernels-", dir="/tmp")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def over_ipc() -> dict[str, str]:
    """Settings for the manager of one kernel. On Windows, which has no such sockets, none: its kernels use TCP."""
    if os.name == "nt":
        return {}
    # The sockets are named after this file: 1-ipc-1, 1-ipc-2, ...
    return {"transport": "ipc", "connection_file": str(Path(_folder(), f"{next(_NUMBERS)}.json"))}


def pytest_collectstart(collector: Any) -> None:
    """As a plugin of pytest: of figures nbval compares neither PNG, which it leaves out by itself, nor SVG."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("image/svg+xml",)


def pytest_configure() -> None:
    """As a plugin of pytest: nbval's kernels, too, talk over sockets in a folder."""
    import nbval.kernel  # where this is no plugin, nbval need not be there

    manager = nbval.kernel.KernelManager

    def over_ipc_manager(**settings: Any) -> Any:
        return manager(**settings, **over_ipc())

    nbval.kernel.KernelManager = over_ipc_manager
