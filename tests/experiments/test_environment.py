"""What a record says of the machine and the code."""

from __future__ import annotations

import json
import platform
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

from lesionseg_lib.experiments import environment as environment_module
from lesionseg_lib.experiments.environment import environment


def test_the_environment_names_device_versions_and_threads() -> None:
    found = environment(torch.device("cpu"))
    assert found["device"].startswith("cpu: ") and len(found["device"]) > 5
    assert found["python"] == platform.python_version()
    assert found["threads"] == torch.get_num_threads()
    assert found["versions"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert {"torchvision", "numpy", "albumentations", "accelerate"} <= found["versions"].keys()
    json.dumps(found)


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", "-C", str(folder), *settings, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_environment_names_the_commit_and_whether_files_differ_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment_module, "PACKAGE", tmp_path / "lesionseg_lib")

    def commit_and_dirty() -> tuple[Any, Any]:
        found = environment(torch.device("cpu"))
        return found["commit"], found["dirty"]

    assert commit_and_dirty() == (None, False)  # an installed wheel knows no commit
    git(tmp_path, "init", "-q")
    (tmp_path / "file.txt").write_text("one")
    git(tmp_path, "add", "file.txt")
    git(tmp_path, "commit", "-q", "-m", "one")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert commit_and_dirty() == (commit, False)
    (tmp_path / "untracked.txt").write_text("runs and results are no change of the code")
    assert commit_and_dirty() == (commit, False)
    (tmp_path / "file.txt").write_text("two")
    assert commit_and_dirty() == (commit, True)
