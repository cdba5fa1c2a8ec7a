"""The command line: each command ends well, or with one clear message and a code."""

# ruff: noqa: F401 (fixtures are imported by name)
from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionseg_lib.cli import compare
from lesionseg_lib.data.datasets import download
from lesionseg_lib.data.transforms import AUGMENTATIONS
from lesionseg_lib.models.decoders import DECODERS
from lesionseg_lib.results.records import read_record, write_record
from lesionseg_lib.training.losses import LOSSES
from lesionseg_lib.training.recipes import load_recipes
from tests.helpers.commands import an_empty_place, cache, lesionseg, refused
from tests.helpers.records import make_record, make_table
from tools import ROOT


def test_version_and_help() -> None:
    assert lesionseg("--version").stdout == f"lesionseg {version('lesionseg')}\n"
    commands = re.findall(r"^  ([\w-]+) ", lesionseg("--help").stdout.split("Commands:")[1], re.MULTILINE)
    records = ["download", "recipes", "train", "baseline", "evaluate", "predict", "export", "compare"]
    assert commands == [*records, "hand-in", "grade"]


@pytest.mark.parametrize("arguments", [["predict", "a.png", "--model", "light"], ["evaluate", "light"]])
def test_a_home_is_written_out_in_the_name_of_a_folder(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within quotes, and in a notebook's ``%env``, the shell leaves ``~`` as it is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    refused(lesionseg(*arguments, "--runs", "~/mine"), f"{tmp_path}/mine: no trained model")
    refused(lesionseg(*arguments, "--runs", "~nobody-here/mine"), "no home folder of that name")
    monkeypatch.setenv("LESIONSEG_RUNS", "~/mine")
    refused(lesionseg(*arguments), f"{tmp_path}/mine: no trained model")


def test_help_recipes_and_compare_import_no_torch(tmp_path: Path) -> None:
    """It would take seconds. A process of its own, because this one has imported it long ago."""
    code = f"""
import sys
from typer.testing import CliRunner
from lesionseg_lib.cli.app import app
for arguments in (["--help"], ["recipes"], ["recipes", "dilated-all"], ["compare", "--results", {str(tmp_path)!r}]):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
heavy = {{"torch", "torchvision", "albumentations", "matplotlib", "accelerate"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lesionseg_lib", "recipes", "dilated-al"], capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: There is no recipe named 'dilated-al'. Did you mean 'dilated-all'?")


def test_recipes_lists_every_recipe_and_says_which_are_recorded(tmp_path: Path) -> None:
    scores = np.array([0.8, 0.9])
    for seed in (0, 2):
        write_record(tmp_path, make_record("dilated-all", seed, scores), make_table(scores, "ab"))
    lines = lesionseg("recipes", "--results", tmp_path).stdout.splitlines()
    listed = {line.split()[0]: line for line in lines[2 : 2 + len(load_recipes())]}
    assert list(listed) == list(load_recipes())
    settings = "dilated-all C dilated all dice+bce adam 0.0001 15 family-c 0.8834 / 0.9121 0, 2"
    assert " ".join(listed["dilated-all"].split()) == settings
    assert re.search(r"about 0.70 / 0.80 +-$", listed["conv5-frozen"])
    one = lesionseg("recipes", "dilated-all", "--results", tmp_path).stdout
    assert load_recipes()["dilated-all"].choices in one and "recorded, seed 2" in one


def test_every_recipe_names_what_exists() -> None:
    for recipe in load_recipes().values():
        assert recipe.decoder in DECODERS and recipe.loss in LOSSES and recipe.augmentation in AUGMENTATIONS


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("train", "dilated-al"), ("no recipe named 'dilated-al'", "Did you mean 'dilated-all'?")),
        (("recipes", "conv6-frozen"), ("Did you mean 'conv5-frozen'?",)),
        (("compare", "dilated-all", "dilated-frozn"), ("Did you mean 'dilated-frozen'?",)),
        (("compare", "a", "b", "c"), ("3 recipes given",)),
        (("compare", "dilated-all", "--effects"), ("Give one alone, and no name",)),
        (("compare", "--ladder", "--effects"), ("Give one alone, and no name",)),
        (("compare", "dilated-all"), ("dilated-all has no record",)),
        (("compare", "--results", "nowhere"), ("nowhere: no such folder",)),
        (("recipes", "--results", "nowhere"), ("nowhere: no such folder",)),
        (("predict", "a.jpg", "--model", "dilated-al"), ("Did you mean 'dilated-all'?",)),
        (("train", "dilated-all", "--profile", "ful"), ("no profile named 'ful'", "Did you mean 'full'?")),
        (("train",), ("Name one recipe or more, or give --all", "dilated-all")),
        (("train", "dilated-all", "--all"), ("Name one recipe or more, or give --all",)),
        (("train", "dilated-all", "--profile", "full"), ("ISIC 2016 (test) was not found", "lesionseg download")),
        (("baseline",), ("Name one baseline or more, or give --all", "mean-mask")),
        (("baseline", "otsu", "--all"), ("Name one baseline or more, or give --all",)),
        (("baseline", "otzu"), ("no baseline named 'otzu'", "Did you mean 'otsu'?")),
        (("baseline", "otsu", "--profile", "full"), ("ISIC 2016 (test) was not found",)),
        (("evaluate", "nowhere/best"), ("nowhere/best: no such folder",)),
        (("evaluate", "."), ("no saved model here", "model.safetensors")),
        (("download", "--source", "miror128"), ("no source 'miror128'",)),
    ],
)
def test_what_cannot_be_done_is_said_in_one_message(
    arguments: tuple[str, ...], parts: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LESIONSEG_RESULTS", str(tmp_path / "no records"))
    refused(lesionseg(*arguments), *parts)


def test_an_option_that_does_not_exist_is_refused() -> None:
    result = lesionseg("train", "dilated-all", "--epochs", "3")
    assert result.exit_code == 2 and "No such option: --epochs" in result.stderr


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "dilated-all" / "seed0.json"
    path.parent.mkdir()
    path.write_text('{"format": 1, "na')
    for command in ("recipes", "compare"):
        refused(lesionseg(command, "--results", tmp_path), str(path), "not a JSON record")


def test_compare_shows_all_recipes_one_or_the_difference_of_two(tmp_path: Path) -> None:
    scores = np.linspace(0.5, 0.9, 30)
    ids = [str(number) for number in range(30)]
    for name, gain in (("dilated-all", 0.05), ("dilated-frozen", 0.0)):
        write_record(tmp_path, make_record(name, 0, scores + gain), make_table(scores + gain, ids))
    everything = lesionseg("compare", "--results", tmp_path)
    assert everything.exit_code == 0 and all(name in everything.stdout for name in load_recipes())
    one = lesionseg("compare", "dilated-all", "--results", tmp_path)
    assert "Claimed IoU / Dice: 0.8834 / 0.9121" in one.stdout and "pooled" in one.stdout
    two = lesionseg("compare", "dilated-all", "dilated-frozen", "--results", tmp_path)
    assert "dilated-all scores 0.0500 higher than dilated-frozen in mean Jaccard" in two.stdout
    assert "With one seed, the interval does not say" in two.stdout
    steps = lesionseg("compare", "--effects", "--results", tmp_path)
    assert steps.exit_code == 0 and "No two recipes of a step are recorded" in steps.stdout


def test_baselines_are_recorded_and_compared(tmp_path: Path) -> None:
    one = lesionseg("baseline", "otsu", "--profile", "smoke")
    assert one.exit_code == 0, one.output
    assert Path("runs", "smoke", "otsu", "seed0", "results", "otsu", "seed0.json").exists()
    every = lesionseg("baseline", "--all", "--profile", "smoke", "--results", tmp_path / "records")
    assert every.exit_code == 0 and every.stdout.count("Record  ") == 3
    shown = lesionseg("compare", "--results", tmp_path / "records").stdout
    for name in ("all-foreground", "mean-mask", "otsu"):
        jaccard = read_record(tmp_path / "records" / name / "seed0.json")["test"]["jaccard"]["mean"]
        assert re.search(rf"^{name} .* {jaccard:.3f} ", shown, re.MULTILINE)
    two = lesionseg("compare", "otsu", "mean-mask", "--results", tmp_path / "records")
    assert two.exit_code == 0 and "than mean-mask in mean Jaccard" in two.stdout


def test_ctrl_c_elsewhere_is_no_traceback_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(compare, "recipe_table", interrupted)
    result = lesionseg("recipes")
    assert (result.exit_code, result.stderr.strip()) == (130, "Stopped.")
