"""`make gpu-pack`: all that `make gpu` needs where there is no network, in one folder that git ignores.

The photos and masks of ISIC 2016 as they are stored: as decoded arrays at two sizes they would be forty times as large,
and the library's cache makes the same arrays from them in seconds; their SHA-256 go along, so that `make gpu` can tell.
The ImageNet weights. Wheels for Python 3.12 on Linux, of what a machine with PyTorch may lack.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lesionseg_lib.data.cache import Decoded, decode
from lesionseg_lib.data.datasets.isic_download import default_root
from lesionseg_lib.data.splits import open_splits
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.models.encoder import weights_file, weights_sha256
from tools import ROOT

PACK = ROOT / "_build" / "gpu-pack"
LIMIT = 64 * 2**20
"""Bytes of the pack and of the files that git tracks, together."""
SIZES = ((128, 128), (256, 256))
PYTHON = "3.12"
PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in (28, 27, 24, 17, 12, 5)] + ["manylinux2014_x86_64"]
LIBRARY = """pydantic pydantic-core annotated-types typing-inspection albumentations albucore stringzilla simsimd pooch
    platformdirs segmentation-models-pytorch"""
"""What `lesionseg_lib` imports and an image made for PyTorch may not have."""
LESSONS = """ipykernel ipython ipython-pygments-lexers traitlets jupyter-client jupyter-core pyzmq tornado comm
    matplotlib-inline nest-asyncio2 jedi parso prompt-toolkit wcwidth stack-data executing asttokens pure-eval pexpect
    ptyprocess nbformat fastjsonschema jsonschema jsonschema-specifications referencing rpds-py nbclient jupytext
    mdit-py-plugins markdown-it-py mdurl ipywidgets psutil attrs"""
"""What executes a lesson."""


class PackError(Exception):
    """The pack cannot be made; the message says why and what to do."""


def pinned(names: Iterable[str], constraints: str) -> list[str]:
    """``name==version`` of each, as constraints.txt has it. Raises ``PackError``."""
    versions = dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^ ;\n]+)", constraints, re.MULTILINE))
    if missing := [name for name in names if name not in versions]:
        raise PackError(f"constraints.txt does not pin {', '.join(missing)}. Run `make lock`.")
    return [f"{name}=={versions[name]}" for name in names]


def fetch_wheels(folder: Path) -> None:
    """Wheels for the target, not for this Python. Raises ``PackError``: pip cannot get them."""
    wanted = pinned([*LIBRARY.split(), *LESSONS.split()], (ROOT / "constraints.txt").read_text(encoding="utf-8"))
    platforms = [part for name in PLATFORMS for part in ("--platform", name)]
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary=:all:", "--python-version", PYTHON, "--implementation", "cp", *platforms,
        "--dest", str(folder), *wanted,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackError(f"pip could not fetch the wheels; this step needs a network.\n{done.stderr.strip()[-1500:]}")


def describe_arrays() -> dict[str, Any]:
    """Size -> split -> SHA-256 of the decoded arrays, as the library's cache says here."""
    splits = open_splits(get_profile("full"))
    return {f"{height}x{width}": arrays_of(decode(splits, (height, width))) for height, width in SIZES}


def arrays_of(data: Decoded) -> dict[str, Any]:
    """Split -> SHA-256 of its two arrays."""
    return {
        name: json.loads((part.path / "cache.json").read_text(encoding="utf-8"))["sha256"]
        for name, part in vars(data).items()
    }


def pack(target: Path = PACK) -> int:
    """Write the pack; returns its bytes. Raises ``PackError``, and what the library raises without photos."""
    arrays = describe_arrays()  # first: it says what is missing
    weights = weights_file()
    if not weights.exists():
        raise PackError(f"{weights}: no ImageNet weights. Any training fetches them; TORCH_HOME says where they are.")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(default_root(), target / "data" / "isic2016")
    place = target / "torch_home" / "hub" / "checkpoints"
    place.mkdir(parents=True)
    shutil.copy2(weights, place)
    fetch_wheels(target / "wheels")
    facts = {"commit": _commit(), "weights_sha256": weights_sha256(), "arrays": arrays}
    (target / "pack.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return size_of(target)


def size_of(folder: Path) -> int:
    """Bytes of all files in it."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def tracked_bytes() -> int:
    """Bytes of the files that git tracks, which travel with the pack."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True).stdout
    return sum((ROOT / name).stat().st_size for name in listed.decode().split("\0") if name and (ROOT / name).exists())


def _commit() -> str:
    return subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PACK)
    options = parser.parse_args(arguments)
    size, beside = pack(options.out), tracked_bytes()
    print(f"{options.out}: {size / 2**20:.1f} MiB, with the checkout {(size + beside) / 2**20:.1f} MiB")
    if size + beside > LIMIT:
        raise PackError(f"That is more than {LIMIT / 2**20:.0f} MiB together: take wheels out of the list above.")


if __name__ == "__main__":
    try:
        main()
    except PackError as error:
        sys.exit(str(error))
