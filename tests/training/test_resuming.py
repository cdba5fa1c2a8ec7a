"""Whatever stops a run, the last complete epoch stays, and the run goes on to the bits it would have reached."""

# ruff: noqa: F401, F811 (fixtures are imported by name)
from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from torch import Tensor

from lesionseg_lib.errors import CheckpointError, TrainingError
from lesionseg_lib.training import loop
from lesionseg_lib.training.checkpoints import CHECKPOINT, read_history
from lesionseg_lib.training.loop import Run, train
from lesionseg_lib.training.losses import get_loss
from lesionseg_lib.training.recipes import Recipe
from tests.helpers import core_run
from tests.helpers.tiny import (
    accelerator,
    assert_same_run,
    checkpoint_of,
    discs,
    tiny_decoder,
    tiny_recipe,
)
from tools import ROOT

TRAIN, VALIDATION = discs(8), discs(4, seed=1)

pytestmark = pytest.mark.usefixtures("tiny_decoder")


def fit(recipe: Recipe, folder: Path, accelerator: Accelerator, **changes: Any) -> Run:
    return train(recipe, TRAIN, VALIDATION, folder, weights=None, accelerator=accelerator, **changes)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def spoil_loss(
    monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Tensor], Tensor], *, epoch: int, validation: bool = False
) -> None:
    """From this epoch on, its second training batch (of two), or its validation, meets ``spoil`` with its loss."""
    calls = {"training": 0, "validation": 0}

    def get(name: str) -> Callable[[Tensor, Tensor], Tensor]:
        loss_of = get_loss(name)

        def loss(logits: Tensor, target: Tensor) -> Tensor:
            calls["training" if logits.requires_grad else "validation"] += 1
            value = loss_of(logits, target)
            hit = calls["validation"] == epoch if validation else calls["training"] == 2 * epoch
            return spoil(value) if hit and logits.requires_grad != validation else value

        return loss

    monkeypatch.setattr(loop, "get_loss", get)


def to_nan(loss: Tensor) -> Tensor:
    return loss * float("nan")


def interrupt(_: Tensor) -> Tensor:
    raise KeyboardInterrupt


# ---- the same bits

RECIPES = {
    "all trained, with augmentation and a cosine": tiny_recipe(
        "transposed-finetuned", augmentation="family-c", schedule="cosine", encoder_learning_rate=1e-4
    ),
    "frozen, on precomputed pyramids": tiny_recipe("transposed-frozen"),
    "last stage trained, with RMSprop": tiny_recipe("dilated-stage4", optimizer="rmsprop", epochs=2),
}


@pytest.mark.parametrize("kind", RECIPES)
def test_a_resumed_run_ends_with_the_bits_of_an_uninterrupted_one(
    tmp_path: Path,
    accelerator: Accelerator,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    recipe = RECIPES[kind]
    whole = fit(recipe, tmp_path / "whole", accelerator)
    with monkeypatch.context() as patch:
        spoil_loss(patch, interrupt, epoch=2)  # in the middle of epoch 2
        with pytest.raises(KeyboardInterrupt):
            fit(recipe, tmp_path / "resumed", accelerator)
    assert len(checkpoint_of(tmp_path / "resumed")["history"]) == 1
    torch.manual_seed(77)  # the state of the generator must not matter
    resumed = fit(recipe, tmp_path / "resumed", accelerator, resume=True)
    assert_same_run(tmp_path / "whole", tmp_path / "resumed")
    assert resumed.best_epoch == whole.best_epoch
    best = [contents(tmp_path / name / "best")["model.safetensors"] for name in ("whole", "resumed")]
    assert best[0] == best[1]


def test_a_run_killed_by_force_ends_with_the_same_bits(tmp_path: Path, accelerator: Accelerator) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.core_run", str(tmp_path / "killed")],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
    )
    checkpoint, patience = tmp_path / "killed" / CHECKPOINT, time.monotonic() + 240
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < patience:
        time.sleep(0.005)
    time.sleep(0.1)  # into the next epoch
    os.kill(process.pid, signal.SIGKILL)
    _, complaint = process.communicate()
    assert process.returncode == -signal.SIGKILL, complaint.decode()
    done = len(checkpoint_of(tmp_path / "killed")["history"])
    assert 1 <= done < core_run.RECIPE.epochs
    resumed = core_run.run(str(tmp_path / "killed"), resume=True)
    assert len(resumed.history) == core_run.RECIPE.epochs
    core_run.run(str(tmp_path / "whole"))
    assert_same_run(tmp_path / "whole", tmp_path / "killed")


def run_on_two_processes(folder: Path, *options: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.core_run", str(folder), "2", *options],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_two_processes_train_to_finite_scores_and_leave_one_run(tmp_path: Path) -> None:
    run_on_two_processes(tmp_path)
    history = read_history(tmp_path)
    assert [row.epoch for row in history] == [1, 2]
    assert all(0 < row.train_loss < 10 and 0 < row.validation_loss < 10 for row in history)
    assert all(0 <= row.validation_jaccard <= row.validation_dice <= 1 for row in history)
    assert sorted(contents(tmp_path)) == [
        "best/model.json",
        "best/model.safetensors",
        "checkpoint.pt",
        "history.csv",
        "previews.npz",
        "run.json",
    ]


def test_a_loss_that_is_not_finite_on_one_process_stops_both_and_keeps_the_last_epoch(tmp_path: Path) -> None:
    run_on_two_processes(tmp_path, "nan")
    for rank in (0, 1):
        message = (tmp_path / f"stopped-{rank}.txt").read_text(encoding="utf-8")
        assert "the loss became nan in epoch 2, batch 1" in message and "The last complete epoch is kept" in message
    assert len(checkpoint_of(tmp_path)["history"]) == len(read_history(tmp_path)) == 1


# ---- nothing is overwritten


def test_an_existing_run_is_not_overwritten_unasked(tmp_path: Path, accelerator: Accelerator) -> None:
    recipe = tiny_recipe("transposed-frozen", epochs=1)
    fit(recipe, tmp_path, accelerator)
    before = contents(tmp_path)
    with pytest.raises(CheckpointError, match="there is a run already. Add --resume"):
        fit(recipe, tmp_path, accelerator)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("changes", "seed", "message"),
    [
        ({}, 3, "seed: 0 there, 3 now"),
        ({"learning_rate": 0.5}, 0, "learning_rate: 0.001 there, 0.5 now"),
        ({"epochs": 9}, 0, "epochs: 1 there, 9 now"),
        ({"name": "conv5-frozen"}, 0, "name: 'transposed-frozen' there, 'conv5-frozen' now"),
    ],
)
def test_a_run_with_other_settings_is_not_gone_on_with(
    tmp_path: Path,
    accelerator: Accelerator,
    changes: dict[str, Any],
    seed: int,
    message: str,
) -> None:
    recipe = tiny_recipe("transposed-frozen", epochs=1)
    fit(recipe, tmp_path, accelerator)
    before = contents(tmp_path)
    with pytest.raises(CheckpointError, match=f"belongs to another run .{message}"):
        fit(replace(recipe, **changes), tmp_path, accelerator, seed=seed, resume=True)
    assert contents(tmp_path) == before


def test_a_run_on_other_data_is_not_gone_on_with(tmp_path: Path, accelerator: Accelerator) -> None:
    recipe = tiny_recipe("transposed-frozen", epochs=1)
    fit(recipe, tmp_path, accelerator)
    with pytest.raises(CheckpointError, match="train_data: 'discs-0-8-32' there, 'discs-5-8-32' now"):
        train(recipe, discs(8, seed=5), VALIDATION, tmp_path, weights=None, resume=True, accelerator=accelerator)


def test_a_checkpoint_cut_short_is_refused_and_the_best_model_named(
    tmp_path: Path,
    accelerator: Accelerator,
) -> None:
    recipe = tiny_recipe("transposed-frozen", epochs=2)
    run = fit(recipe, tmp_path, accelerator)
    data = (tmp_path / CHECKPOINT).read_bytes()
    (tmp_path / CHECKPOINT).write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError, match="damaged or cut short.*best model so far.*best"):
        fit(recipe, tmp_path, accelerator, resume=True)
    assert run.load_best().decoder.head.weight.isfinite().all()


# ---- losses that are not finite


def test_a_nan_loss_stops_the_run_says_where_and_keeps_the_last_epoch(
    tmp_path: Path,
    accelerator: Accelerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = tiny_recipe("transposed-finetuned")
    saved: list[dict[str, bytes]] = []
    spoil_loss(monkeypatch, to_nan, epoch=2)
    with pytest.raises(TrainingError) as caught:
        fit(recipe, tmp_path, accelerator, on_epoch=lambda _: saved.append(contents(tmp_path)))
    message = str(caught.value)
    for part in ("transposed-finetuned", "became nan in epoch 2, batch 2", "last complete epoch is kept", "0.001 here"):
        assert part in message
    assert len(saved) == 1 and contents(tmp_path) == saved[0]
    state = checkpoint_of(tmp_path)["model"]
    assert all(tensor.isfinite().all() for tensor in state.values())


def test_a_loss_that_is_nan_only_in_validation_stops_the_run_too(
    tmp_path: Path,
    accelerator: Accelerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved: list[dict[str, bytes]] = []
    spoil_loss(monkeypatch, to_nan, epoch=2, validation=True)
    with pytest.raises(TrainingError, match="became nan in epoch 2, validation"):
        fit(tiny_recipe(), tmp_path, accelerator, on_epoch=lambda _: saved.append(contents(tmp_path)))
    assert len(saved) == 1 and contents(tmp_path) == saved[0]


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_learning_rate_that_is_far_too_large_is_noticed(tmp_path: Path, accelerator: Accelerator) -> None:
    with pytest.raises(TrainingError, match="No epoch was complete yet.*learning rate that is too large .1e.30 here"):
        fit(tiny_recipe(learning_rate=1e30, optimizer="adam"), tmp_path / "run", accelerator)
    assert not (tmp_path / "run").exists()


# ---- interruptions


def test_ctrl_c_in_the_middle_of_an_epoch_keeps_the_epoch_before(
    tmp_path: Path,
    accelerator: Accelerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved: list[dict[str, bytes]] = []
    spoil_loss(monkeypatch, interrupt, epoch=3)
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_recipe(), tmp_path, accelerator, on_epoch=lambda _: saved.append(contents(tmp_path)))
    assert len(saved) == 2 and contents(tmp_path) == saved[1]
    assert [row.epoch for row in read_history(tmp_path)] == [1, 2]


def no_space(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("target", ["torch.save", "os.fsync", "lesionseg_lib.models.segmenter.safetensors.save"])
def test_a_full_disk_ends_in_a_sentence_and_keeps_the_epoch_before(
    tmp_path: Path,
    accelerator: Accelerator,
    monkeypatch: pytest.MonkeyPatch,
    target: str,
) -> None:
    recipe = tiny_recipe("transposed-frozen", epochs=2)
    scores = iter([0.5, 0.6])  # the second epoch is the better one, so that its model is to be saved
    real = loop._validate

    def validate(*arguments: Any) -> Any:
        loss, _, dice, preview = real(*arguments)
        return loss, next(scores), dice, preview

    with monkeypatch.context() as patch:
        patch.setattr(loop, "_validate", validate)
        with pytest.raises(CheckpointError, match="could not be written.*No space left.*Free some space"):
            fit(recipe, tmp_path / "run", accelerator, on_epoch=lambda _: patch.setattr(target, no_space))
    assert len(checkpoint_of(tmp_path / "run")["history"]) == 1
    assert not [name for name in contents(tmp_path / "run") if name.endswith(".part")]
