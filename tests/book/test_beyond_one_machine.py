"""The commands of the page *Beyond one machine*, and Kaggle's cell, are ones that there are."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from lesionseg_lib.cli.app import app
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.experiments.run_folder import RunFolder
from lesionseg_lib.training.checkpoints import read_history
from tools import ROOT

PAGE = (ROOT / "book" / "beyond_one_machine.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_slurm_kubernetes_and_one_machine_train_by_the_same_command() -> None:
    shell, slurm, job = blocks(PAGE, "shell")[0], blocks(PAGE, "bash")[0], yaml.safe_load(blocks(PAGE, "yaml")[0])
    container = job["spec"]["template"]["spec"]["containers"][0]
    asked = [
        shlex.split(text.replace("\\\n", " ").rpartition("-m lesionseg_lib ")[2])
        for text in (shell, slurm, shlex.join([*container["command"], *container["args"]]))
    ]
    assert asked[0] == ["train", "light-strong", "--profile", "full", "--resume"]
    assert asked[1] == asked[2] == [*asked[0][:-1], "--runs", "/shared/runs", "--resume"]
    helped = CliRunner().invoke(app, ["train", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).output
    assert all(option in helped for words in asked for option in words if option.startswith("--"))
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in job["spec"]["template"]["spec"]["volumes"]}


TWO_PROCESSES = """
from accelerate import debug_launcher
{before}
debug_launcher(work, ("smoke",), num_processes=2)
"""
"""Two processes of one processor in place of two cards."""


@pytest.mark.slow
def test_kaggles_cell_trains_with_two_processes(tmp_path: Path) -> None:
    (cell,) = [b for b in blocks((ROOT / "book" / "using.md").read_text("utf-8"), "python") if "notebook_launcher" in b]
    before, _, call = cell.rpartition("\n\n")
    assert call.strip() == 'notebook_launcher(work, ("student",), num_processes=2)'
    # In a process of its own: one that has computed a gradient cannot be forked.
    program = [sys.executable, "-c", TWO_PROCESSES.format(before=before)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LESIONSEG_CACHE": str(tmp_path / "cache")}
    ended = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert len(read_history(RunFolder(tmp_path / "runs", get_profile("smoke"), "light", 0).path)) == 2
