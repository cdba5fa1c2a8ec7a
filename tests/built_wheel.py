"""The wheel of this checkout, and a Python that has it instead of the checkout."""

import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

from tools import ROOT


def build_wheel(root: Path, target: Path) -> Path:
    """Build with what is installed: no network, no build environment."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    command += ["--disable-pip-version-check", "--wheel-dir", str(target), str(root)]
    subprocess.run(command, check=True)
    (wheel,) = target.glob("lesionseg-*.whl")
    return wheel


@cache
def wheel_python(folder: Path) -> Path:
    """A Python with the wheel, and with everything else that is installed here but the checkout.

    The packages of this environment are put on its path by a .pth file. The checkout stands in a .pth file of theirs,
    which Python does not follow from there.
    """
    wheel = build_wheel(ROOT, folder / "wheel")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, "--disable-pip-version-check", str(wheel)], check=True)
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "environment.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python
