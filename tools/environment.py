"""Set up `.venv` with what the Makefile needs, pinned by constraints.txt. Standard library only.

`.venv/stamp.json` says which pyproject.toml and constraints.txt the environment was made from, where it stands and
which distributions it holds. With a stamp that fits, nothing is done. Its key is empty while an installation runs,
so an interrupted one is seen and made anew. A `.venv` without a stamp is somebody's own: packages are added to it.
"""

from __future__ import annotations  # lets an old Python read this file far enough to be told that it is too old

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 14)  # NEWEST: constraints.txt has pins for it
# First, so that what is built is built by pinned ones.
BUILD_TOOLS = ["hatchling", "editables", "setuptools", "setuptools-scm", "wheel"]
LIBRARY = ".[book,dev]"
SCORER = ".[official]"


def key(root: Path) -> str:
    """Hash of what decides the content of the environment."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((root / name).read_bytes() + b"\0")
    return digest.hexdigest()


def distributions(venv: Path) -> list[str]:
    return sorted(path.name for path in venv.glob("lib/python*/site-packages/*.dist-info"))


def write_stamp(root: Path, the_key: str) -> None:
    venv = root / ".venv"
    stamp = {"key": the_key, "place": str(venv), "distributions": distributions(venv)}
    (venv / "stamp.json").write_text(json.dumps(stamp, indent=1))


def state(root: Path) -> str:
    """Return "ready", "incomplete" (install over it) or "broken" (absent, moved, interrupted: make it anew)."""
    venv = root / ".venv"
    try:
        subprocess.run([venv / "bin/python", "-c", ""], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return "broken"
    if not (venv / "stamp.json").exists():
        return "incomplete"
    try:
        stamp: dict[str, Any] = json.loads((venv / "stamp.json").read_text())
    except ValueError:
        return "broken"
    if not stamp["key"] or stamp["place"] != str(venv):
        return "broken"
    whole = set(stamp["distributions"]) <= set(distributions(venv))
    return "ready" if whole and stamp["key"] == key(root) else "incomplete"


def pip(venv: Path, *arguments: str) -> str:
    """Run pip; show large downloads and the final step, keep everything in `.venv/install.log`.

    Returns "" or, when pip failed, the end of what it said.
    """
    command = [str(venv / "bin/python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar", "off", "--constraint", "constraints.txt", *arguments]
    last: list[str] = []
    with (venv / "install.log").open("a") as log:
        process = subprocess.Popen(
            command, cwd=venv.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            last = [*last[-29:], line]
            if re.search(r"Downloading .*\d\d MB\)|^Installing collected", line):
                print("  " + line.strip()[:100], flush=True)
    status = process.wait()
    return "".join(last) + f"\npip ended with status {status}" if status != 0 else ""


def install(venv: Path) -> None:
    for what in (BUILD_TOOLS, ["--no-build-isolation", "--editable", LIBRARY]):
        if failure := pip(venv, *what):
            sys.exit(
                f"{failure}\nThe packages could not be installed (whole log: {venv / 'install.log'}).\n"
                "This step needs a network, once. After an interruption run the same command again."
            )
    if pip(venv, "--no-build-isolation", "--editable", SCORER):
        print(
            "  Left out: the organisers' scorer, whose dependency zipfile-deflate64 needs a C compiler and Python's\n"
            "  headers (Debian, Ubuntu: apt install gcc python3-dev). The library's own scores do not need it.",
            flush=True,
        )


def set_up(root: Path) -> None:
    venv = root / ".venv"
    found = state(root)
    if found == "ready":
        return
    if found == "broken":
        if not OLDEST <= sys.version_info[:2] <= NEWEST:
            message = "This needs Python {}.{} to {}.{}, found {}.{} at {}.\n"
            message += "Install one of them, or name it: make PYTHON=/path/to/python3.12 ..."
            sys.exit(message.format(*OLDEST, *NEWEST, *sys.version_info[:2], sys.executable))
        print(f"Setting up {venv} with Python {sys.version.split()[0]}: once, some minutes", flush=True)
        shutil.rmtree(venv, ignore_errors=True)
        if subprocess.run([sys.executable, "-m", "venv", str(venv)]).returncode != 0:
            sys.exit("Python could not make a virtual environment. On Debian, Ubuntu: apt install python3-venv")
        write_stamp(root, "")
    else:
        print(f"Completing {venv}", flush=True)
        if (venv / "stamp.json").exists():
            write_stamp(root, "")
    install(venv)
    write_stamp(root, key(root))


if __name__ == "__main__":
    os.chdir(ROOT)
    Path("_build").mkdir(exist_ok=True)
    with open("_build/environment.lock", "w") as lock:  # two `make` at once: the second waits
        fcntl.flock(lock, fcntl.LOCK_EX)
        set_up(ROOT)
