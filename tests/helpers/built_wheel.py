"""The wheel of this checkout, and a Python that has it instead of the checkout."""

import os
import shutil
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

from tools import ROOT
from tools.offline import build_wheel


@cache
def wheel_python(folder: Path, requirements: Path | None = None) -> Path:
    """A Python with the wheel, and with everything else that is installed here but the checkout.

    What a file of ``requirements`` lists is installed into it and hides this environment's version. The packages of
    this environment are put on its path by a .pth file. The checkout stands in a .pth file of theirs, which Python
    does not follow from there. Beside the wheel lies the plugin for nbval's kernels.
    """
    wheel = build_wheel(ROOT, folder / "wheel")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    install += ["--disable-pip-version-check"]
    subprocess.run([*install, "--no-index", str(wheel)], check=True)
    if requirements is not None:
        subprocess.run([*install, "--requirement", str(requirements)], check=True)
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    shutil.copy(ROOT / "tools" / "kernels.py", packages / "kernels_over_ipc.py")
    (packages / "environment.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run_alone(notebook: Path, python: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a notebook with nbval in an empty folder: no checkout on the path, no data, no weights, no network.

    Cells tagged ``nbval-check-output`` must print what the committed notebook shows, but for what
    ``nbval.cfg`` takes out.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LESIONSEG_", "PYTHON"))}
    nowhere = str(ROOT / "_build" / "test" / "no-weights")
    kept |= {"LESIONSEG_PROFILE": "smoke", "TORCH_HOME": nowhere, "NO_ALBUMENTATIONS_UPDATE": "1"}
    (folder / "alone").mkdir()
    copy = folder / "alone" / notebook.name
    copy.write_bytes(notebook.read_bytes())
    checks = ["--nbval-lax", "--nbval-sanitize-with", str(ROOT / "notebooks" / "nbval.cfg"), "--nbval-cell-timeout=600"]
    options = ["-q", "-p", "kernels_over_ipc", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    command = [python, "-m", "pytest", *checks, *options, str(copy)]
    return subprocess.run(command, cwd=copy.parent, env=kept, capture_output=True, text=True)
