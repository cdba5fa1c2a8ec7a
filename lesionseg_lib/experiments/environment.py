"""Where a run takes place: profile, data, weights, and the machine with its commit, device, threads and versions."""

from __future__ import annotations

import platform
import subprocess
import warnings
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from lesionseg_lib.data.splits import Splits
from lesionseg_lib.experiments.profiles import Profile
from lesionseg_lib.models.device import pick_device
from lesionseg_lib.models.encoder import weights_file
from lesionseg_lib.results.records import PACKAGE, Record

_PACKAGES = ("lesionseg", "torch", "torchvision", "numpy", "albumentations", "opencv-python-headless", "accelerate")
IMAGENET = "IMAGENET1K_V1"


@dataclass(frozen=True)
class Situation:
    """What a lesson, a command or an executed notebook says before it begins."""

    profile: Profile
    splits: Splits
    weights: str | None
    """Name of the encoder's weights; None: random ones."""
    machine: Record
    """See ``environment``."""
    notes: tuple[str, ...]
    """What there is to warn of."""


def describe(profile: Profile, splits: Splits, device: torch.device | None = None) -> Situation:
    """Where a run of ``profile`` on ``splits`` takes place; ``device``: that of ``pick_device`` unless given."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        weights = pick_weights(profile)
    notes = tuple(str(warning.message) for warning in caught)
    return Situation(profile, splits, weights, environment(device or pick_device()), notes)


def pick_weights(profile: Profile) -> str | None:
    """ImageNet, always, but for a profile that may do without where the weights are not cached: then None, loudly."""
    if profile.needs_weights or weights_file(IMAGENET).exists():
        return IMAGENET
    warnings.warn(
        f"Profile {profile.name}: no ImageNet weights at {weights_file(IMAGENET)}, so the encoder starts from RANDOM "
        f"weights. Everything runs, but every score is meaningless. Profile student or full downloads the weights.",
        stacklevel=2,
    )
    return None


def environment(device: torch.device) -> Record:
    """Where a run took place: commit, device, threads, versions. Commit is None outside a checkout."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    return {
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "device": f"{device.type}: {name}",
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "versions": {package: _version(package) for package in _PACKAGES},
    }


def _git(*arguments: str) -> str | None:
    root = PACKAGE.parent
    if not (root / ".git").exists():
        return None
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")  # platform.processor() is empty on most Linux systems
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
