"""The child's process seen from outside: started within walls, watched, ended, and what it wrote.

Walls are Linux's own: namespaces for processes, network, mounts and users, as containers have them (``inside.launch``).
Nothing is written to a disk: the question comes by a file without a name, the answers by a pipe that is read up to a
limit. Where the system has no such walls the grader refuses; ``--trust`` goes on without them.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from lesionseg_lib.assignments.model import Limits
from lesionseg_lib.errors import AssignmentError

PACKAGE = Path(__file__).absolute().parents[1]
INSIDE = "lesionseg_lib/assignments/inside"
LIBRARY = "/grading/library"
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/alternatives")
FIRST_USER = 61184
"""Where the grader is root the child is this user, or one of the next: nobody's, on usual systems."""
LOOK = 0.1
"""Seconds between two looks at clock and memory."""
ERRORS = 4000
ROUNDS = 20
"""Times that processes are looked for which started while others were ended."""


@dataclass(frozen=True)
class Ended:
    """What a child left: the bytes it wrote, how it ended, seconds, and the most memory it was seen to use.

    ``reason``: "" when it ended by itself, else "time", "memory" or "answers", the limit it was stopped for.
    """

    output: bytes
    reason: str
    seconds: float
    memory: int
    errors: str


class Sandbox:
    """Runs children, each alone. ``isolated`` false: with limits, but without walls."""

    def __init__(self, isolated: bool = True, library: bool = False) -> None:
        self.isolated, self.library = isolated, library

    def demand_walls(self) -> None:
        """Raises ``AssignmentError`` where children cannot be walled in here; says why."""
        if not self.isolated:
            return
        if not sys.platform.startswith("linux"):
            raise AssignmentError(
                f"This system ({sys.platform}) has no walls between a student's code and your files: it "
                "would run as you. Grade on Linux, in a container or a virtual machine; or, if you have read the "
                "notebooks, with --trust."
            )
        ended = self.run(b"", Limits(wall=60.0), ("-c", "print(6 * 7)"))
        if ended.output.strip() != b"42":
            why = ended.errors.strip()[:200] or "no word why"
            raise AssignmentError(
                f"The walls around a student's code cannot be built here ({why}). Linux must allow user namespaces "
                "(sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces, "
                "kernel.apparmor_restrict_unprivileged_userns), or grade as root. If you have read the notebooks: "
                "--trust."
            )

    def ask(self, message: bytes, limits: Limits, slot: int = 0) -> Ended:
        """Run the child of a submission. ``slot``: the number of this among those that run at once."""
        return self.run(message, limits, ("-m", "lesionseg_lib.assignments.inside.child"), slot)

    def run(self, message: bytes, limits: Limits, program: tuple[str, ...], slot: int = 0) -> Ended:
        """Run Python with these arguments inside, ``message`` on its standard input, and read what it writes."""
        with tempfile.TemporaryDirectory(prefix="grading-") as folder, tempfile.TemporaryFile() as question:
            question.write(message)
            question.seek(0)
            settings = self._settings(Path(folder), limits, program, slot)
            launch = str(PACKAGE / "assignments" / "inside" / "launch.py")
            start = time.monotonic()
            with subprocess.Popen(
                [sys.executable, "-I", "-S", launch, json.dumps(settings)],
                stdin=question, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=True, env={}, cwd=folder,
            ) as process:  # fmt: skip
                try:
                    output, errors, reason, memory = _watch(process, limits, start)
                finally:
                    _end(process)
            return Ended(output, reason, time.monotonic() - start, memory, errors.decode("utf-8", "replace"))

    def _settings(self, folder: Path, limits: Limits, program: tuple[str, ...], slot: int) -> dict[str, Any]:
        library = LIBRARY if self.isolated else str(PACKAGE.parent if self.library else self._bare(folder))
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": "/grading/work" if self.isolated else str(folder),
            "PYTHONPATH": library,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "LANG": "C.UTF-8",
            "MPLBACKEND": "Agg",
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
        }
        return {
            "isolated": self.isolated,
            "root": str(folder),
            "binds": self._binds,
            "hidden": self._hidden,
            "limits": asdict(limits) | ({} if self.isolated else {"processes": None}),
            "user": FIRST_USER + slot if hasattr(os, "geteuid") and os.geteuid() == 0 else None,
            "command": [sys.executable, "-P", "-s", *program],
            "environment": environment,
        }

    @cached_property
    def _binds(self) -> list[tuple[str, str]]:
        """What the child sees: Python, the system's libraries, and of this library what it may import."""
        python = [str(Path(prefix)) for prefix in dict.fromkeys((sys.base_prefix, sys.prefix))]
        seen: list[str] = []
        for place in (*SYSTEM, *python):
            if Path(place).exists() and not any(place == other or place.startswith(f"{other}/") for other in seen):
                seen.append(place)
        binds = [(place, place) for place in seen]
        if self.library:
            return [*binds, (str(PACKAGE), f"{LIBRARY}/lesionseg_lib")]
        empty = str(PACKAGE / "assignments" / "inside" / "__init__.py")  # a docstring, no import
        parents = [(empty, f"{LIBRARY}/lesionseg_lib/{part}__init__.py") for part in ("", "assignments/")]
        return [*binds, *parents, (str(PACKAGE.parent / INSIDE), f"{LIBRARY}/{INSIDE}")]

    @cached_property
    def _hidden(self) -> list[str]:
        """Folders inside what is bound that the child shall not see: the library as it is installed."""
        return [str(PACKAGE)] if any(str(PACKAGE).startswith(f"{place}/") for place, _ in self._binds[:-1]) else []

    def _bare(self, folder: Path) -> Path:
        """A folder with what answers questions and nothing else of the library; for ``--trust``."""
        target = folder / "library" / INSIDE
        target.mkdir(parents=True)
        for file in (PACKAGE.parent / INSIDE).glob("*.py"):
            (target / file.name).write_bytes(file.read_bytes())
        for parent in (target.parent, target.parent.parent):
            (parent / "__init__.py").write_bytes(b"")
        return folder / "library"


def _watch(process: subprocess.Popen[bytes], limits: Limits, start: float) -> tuple[bytes, bytes, str, int]:
    """Read until the pipes close or a limit is passed: output, errors, the limit's name, the most memory seen."""
    assert process.stdout is not None and process.stderr is not None
    parts: dict[IO[bytes], bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
    memory, looked, reason = 0, 0.0, ""
    with selectors.DefaultSelector() as selector:
        for one in parts:
            selector.register(one, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select(LOOK):
                pipe: Any = key.fileobj
                part = os.read(pipe.fileno(), 1 << 16)
                if not part:
                    selector.unregister(pipe)
                parts[pipe] += part if pipe is process.stdout else part[: ERRORS - len(parts[pipe])]
            now = time.monotonic()
            if now - looked > LOOK:
                memory, looked = max(memory, sum(map(_resident, _family(process.pid)))), now
            reason = (
                "time" if now - start > limits.wall
                else "memory" if memory > 1.5 * limits.memory
                else "answers" if len(parts[process.stdout]) > limits.answers
                else ""
            )  # fmt: skip
            if reason:
                break
    return bytes(parts[process.stdout]), bytes(parts[process.stderr]), reason, memory


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the launcher and its group; whatever is inside dies with it.

    Without walls the launcher is the one to whom those left behind belong, so they are ended before it is.
    """
    for _ in range(ROUNDS):
        below = [pid for pid in _family(process.pid) if pid != process.pid]
        if not below:
            break
        for pid in below:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(OSError):
        process.kill()
    process.wait()


def _family(pid: int) -> Iterator[int]:
    """A process and all below it, where the system tells (Linux); else none."""
    todo = [pid]
    while todo:
        one = todo.pop()
        yield one
        with contextlib.suppress(OSError, ValueError):
            for thread in Path(f"/proc/{one}/task").iterdir():
                todo += map(int, (thread / "children").read_text().split())


def _resident(pid: int) -> int:
    """Bytes of memory that a process holds; 0 where nobody says."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0
