"""`lesionseg train`: what it says, what it writes, how a queue of recipes goes on."""

# ruff: noqa: F401 (fixtures are imported by name)
from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionseg_lib.cli import train
from lesionseg_lib.data.splits import open_splits
from lesionseg_lib.errors import TrainingError
from lesionseg_lib.evaluation.metrics import METRICS
from lesionseg_lib.experiments.environment import Situation
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.results.records import read_record, write_record
from lesionseg_lib.training.recipes import load_recipes
from tests.helpers.commands import RUN, SMOKE, an_empty_place, cache, lesionseg, refused
from tests.helpers.records import make_record, make_table
from tools import ROOT


def test_train_shows_what_it_runs_on_trains_scores_and_records(tmp_path: Path) -> None:
    result = lesionseg("train", *SMOKE)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["Profile", "Data", "Weights", "Device"]
    assert "smoke" in lines[0] and "24 train, 8 validation, 8 test" in lines[1] and "RANDOM" in lines[2]
    assert [line.split()[1] for line in result.stderr.splitlines() if line.startswith("epoch")] == ["1", "2"]
    assert "Note: Profile smoke: no ImageNet weights" in result.stderr
    record_file = RUN / "results" / "transposed-frozen" / "seed0.json"
    paths = dict(line.split(maxsplit=1) for line in lines[-3:])
    assert paths == {"Record": str(record_file), "Images": str(record_file.with_suffix(".csv")), "Model": f"{RUN}/best"}
    record = read_record(record_file)
    for metric in METRICS:
        score = record["test"][metric]
        row = next(line for line in lines if line.startswith(metric.replace("_", " ")))
        assert f"{score['mean']:.4f}  {score['low']:.4f} to {score['high']:.4f}" in row

    refused(lesionseg("train", *SMOKE), "there is a run already", "--resume")
    before = (RUN / "history.csv").read_bytes()
    again = lesionseg("train", *SMOKE, "--resume")
    assert again.exit_code == 0 and (RUN / "history.csv").read_bytes() == before

    checkpoint = RUN / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    refused(lesionseg("train", *SMOKE, "--resume"), str(checkpoint), "damaged or cut short")


def test_ctrl_c_saves_says_how_to_go_on_and_the_run_then_ends(tmp_path: Path) -> None:
    """A real process and a real signal, sent as soon as the first epoch is reported."""
    command = [sys.executable, "-m", "lesionseg_lib", "train", *SMOKE, "--runs", "my runs"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        # A shell's background jobs ignore the signal, and their children after them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if line.startswith("epoch   1"):
                process.send_signal(signal.SIGINT)
                break
        stderr = "".join(seen) + process.stderr.read()
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    last = stderr.splitlines()[-1]
    assert re.match(r"Stopped transposed-frozen: epoch [12] of 2 is saved in my runs/smoke", last), stderr
    go_on = last.partition("Go on with: lesionseg ")[2]
    assert go_on == "train transposed-frozen --profile smoke --seed 0 --runs 'my runs' --resume"
    resumed = lesionseg("train", *SMOKE, "--runs", "my runs", "--resume")
    assert resumed.exit_code == 0, resumed.output
    assert read_record(Path("my runs") / RUN.relative_to("runs") / "results/transposed-frozen/seed0.json")[
        "epochs_run"
    ] == 2  # fmt: skip


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the recipes "trained"; training writes a record and takes no time. What ``fails`` raises instead."""
    names: list[str] = []
    scores = np.array([0.8, 0.9])

    def run(recipe: Any, profile: Any, splits: Any, *, seed: int, results: Path, **_: Any) -> Any:
        names.append(recipe.name)
        if recipe.name == "dilated-frozen":
            raise TrainingError("the loss became nan")
        if recipe.name == list(load_recipes())[-1]:
            raise KeyboardInterrupt
        record = make_record(recipe.name, seed, scores, profile=profile.name, recipe=profile.apply(recipe).settings())
        write_record(results, record, make_table(scores, "ab"))
        return None, record, None

    monkeypatch.setattr(train, "run", run)
    return names


def test_a_queue_skips_what_is_recorded_and_goes_on_after_a_failure(trained: list[str], tmp_path: Path) -> None:
    queue = ("train", "dilated-all", "dilated-frozen", "conv5-frozen", "--profile", "smoke", "--results", tmp_path)
    first = lesionseg(*queue)
    assert trained == ["dilated-all", "dilated-frozen", "conv5-frozen"]
    refused(first, "the loss became nan")
    assert "Failed, going on" in first.stdout
    del trained[:]
    second = lesionseg(*queue)
    assert trained == ["dilated-frozen"]
    assert second.stdout.count("skipped, it is recorded in") == 2
    assert trained == ["dilated-frozen"] and lesionseg(*queue, "--seed", "1").exit_code == 2
    assert trained == ["dilated-frozen", "dilated-all", "dilated-frozen", "conv5-frozen"]


def test_a_recipe_named_alone_is_trained_although_it_is_recorded(trained: list[str], tmp_path: Path) -> None:
    for _ in range(2):
        assert lesionseg("train", "dilated-all", "--profile", "smoke", "--results", tmp_path).exit_code == 0
    assert trained == ["dilated-all", "dilated-all"]


def test_all_means_every_recipe_once_and_ctrl_c_stops_the_queue(trained: list[str], tmp_path: Path) -> None:
    result = lesionseg("train", "--all", "--profile", "smoke", "--results", tmp_path, "--seed", "7")
    assert trained == list(load_recipes())  # the last is interrupted
    last = trained[-1]
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == (
        f"Stopped {last} before its first epoch was complete; nothing is saved. Start again: "
        f"lesionseg train {last} --profile smoke --seed 7 --runs runs --results {tmp_path}"
    )


# ---- what is said, without training


MACHINE = {"device": "cpu: a processor", "threads": 1}


def situation(**changes: Any) -> Situation:
    splits = open_splits(get_profile("smoke"))
    settings = {"weights": None, "machine": MACHINE, "notes": (), **changes}
    return Situation(get_profile("smoke"), splits, **settings)


def test_the_opening_tells_profile_data_weights_and_device() -> None:
    profile, data, weights, device = train.opening(situation(), processes=1).splitlines()
    assert profile == f"Profile  smoke: {get_profile('smoke').purpose}"
    assert data.startswith("Data     synthetic") and data.endswith(": 24 train, 8 validation, 8 test images")
    assert weights == "Weights  RANDOM: every score is meaningless"
    assert device == "Device   cpu: a processor, 1 thread"


def test_the_opening_tells_of_several_threads_and_processes() -> None:
    text = train.opening(situation(weights="V1", machine={"device": "cuda: a card", "threads": 4}), processes=2)
    assert text.splitlines()[2:] == ["Weights  ImageNet (V1)", "Device   cuda: a card, 4 threads, 2 processes"]


def test_the_report_holds_a_score_against_the_seeds_recorded_before() -> None:
    """Two recorded seeds, .6 and .8: a mean of .7 and s = .1414, so 95 % of further ones lie within
    .7 +- 12.706 * .1414 * sqrt(1.5) = .7 +- 2.2: any score is inside."""
    recorded = {"light": {seed: make_record("light", seed, np.full(3, 0.6 + 0.2 * seed)) for seed in (0, 1)}}
    text = train.score_report(make_record("light", 2, np.full(3, 0.75)), recorded)
    assert text.startswith("Best epoch 1 of 2 (by the validation Jaccard). Test, 3 images:\n")
    assert "Test Jaccard 0.750. From 2 recorded seeds, 95 % of further ones are expected within -1.501 to 2.901" in text
    assert "organisers' scorer is not installed" not in text


def test_the_report_without_the_organisers_scorer_says_how_to_get_it() -> None:
    text = train.score_report(make_record("light", 2, np.full(3, 0.75), official=None), {})
    assert text.splitlines()[-1].startswith("The organisers' scorer is not installed")
    assert "95 % of further ones" not in text  # nothing is recorded
