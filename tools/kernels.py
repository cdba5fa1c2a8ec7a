"""Kernels are reached over sockets in a folder, not over TCP: a port found free may be taken before a kernel has it.

As a pytest plugin (`-p tools.kernels`) this holds for the kernels of nbval, which takes no settings for them. It
imports nothing of the course: tests also copy it to where there is none.
"""

import atexit
import itertools
import os
import shutil
import tempfile
from functools import cache
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
    return {"transport": "ipc", "connection_file": os.path.join(_folder(), f"{next(_NUMBERS)}.json")}


def pytest_configure() -> None:
    import nbval.kernel  # where this is no plugin, nbval need not be there

    manager = nbval.kernel.KernelManager

    def over_ipc_manager(**settings: Any) -> Any:
        return manager(**settings, **over_ipc())

    nbval.kernel.KernelManager = over_ipc_manager
