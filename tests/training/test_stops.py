"""What stops a training by itself is told in a sentence, and the last complete epoch stays."""

# ruff: noqa: F401, F811 (fixtures are imported by name)
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from torch import Tensor

from lesionseg_lib.errors import TrainingError
from lesionseg_lib.training import loop
from lesionseg_lib.training.checkpoints import read_history
from lesionseg_lib.training.loop import Run, train
from lesionseg_lib.training.losses import get_loss
from lesionseg_lib.training.recipes import Recipe
from lesionseg_lib.training.stops import told
from tests.helpers import two_run
from tests.helpers.tiny import accelerator, checkpoint_of, discs, tiny_recipe
from tools import ROOT


def strong() -> Recipe:
    """Batches of 4, 4 and 2."""
    return tiny_recipe("light-strong", decoder="light", size=(32, 32), epochs=2)


def fit(recipe: Recipe, folder: Path, accelerator: Accelerator, **changes: Any) -> Run:
    return train(recipe, discs(10), discs(4, seed=1), folder, weights=None, accelerator=accelerator, **changes)


# ---- a card without memory left


def test_a_card_without_memory_is_named_with_batch_and_size_and_the_last_epoch_stays(
    tmp_path: Path, accelerator: Accelerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def exhausted(name: str) -> Any:
        loss_of = get_loss(name)

        def loss(logits: Tensor, target: Tensor) -> Tensor:
            nonlocal calls
            calls += logits.requires_grad
            if calls > 4:  # three batches an epoch
                raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return loss_of(logits, target)

        return loss

    monkeypatch.setattr(loop, "get_loss", exhausted)
    with pytest.raises(TrainingError) as caught:
        fit(strong(), tmp_path, accelerator)
    message = str(caught.value)
    for part in (
        "Recipe light-strong: the card's memory ran out in epoch 2, with batches of 4 photos of 32 x 32",
        f"The last complete epoch is kept in {tmp_path}",
        "nvidia-smi",
        "--resume",
        "replace(recipe, batch_size=2)",
        "ACCELERATE_USE_CPU=true",
    ):
        assert part in message
    assert len(checkpoint_of(tmp_path)["history"]) == 1
    monkeypatch.undo()
    assert len(fit(strong(), tmp_path, accelerator, resume=True).history) == 2


def test_another_error_of_torch_is_not_dressed_up(
    tmp_path: Path, accelerator: Accelerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(logits: Tensor, target: Tensor) -> Tensor:
        raise RuntimeError("Connection closed by peer")  # with one process there is no peer

    monkeypatch.setattr(loop, "get_loss", lambda name: fails)
    with pytest.raises(RuntimeError, match="^Connection closed by peer$"):
        fit(strong(), tmp_path, accelerator)


# ---- several processes


def torchrun(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m",
         "tests.helpers.two_run", *arguments],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


def test_two_processes_take_the_steps_of_one_with_batches_twice_as_large(
    tmp_path: Path, accelerator: Accelerator
) -> None:
    done = torchrun(str(tmp_path / "two"))
    assert done.returncode == 0, done.stderr[-2000:]
    two_run.run(str(tmp_path / "one"), batch_size=8)
    for one, two in zip(*(read_history(tmp_path / name) for name in ("one", "two")), strict=True):
        assert one.train_loss == pytest.approx(two.train_loss, rel=1e-5)
        assert one.validation_loss == pytest.approx(two.validation_loss, rel=1e-5)
    ends = [checkpoint_of(tmp_path / name)["model"]["decoder.head.weight"] for name in ("one", "two")]
    torch.testing.assert_close(*ends)


def test_a_killed_process_ends_all_with_a_message_and_the_last_epoch_stays(tmp_path: Path) -> None:
    done = torchrun(str(tmp_path), "killed")
    assert done.returncode != 0
    assert "SIGKILL" in done.stderr or "exitcode: -9" in done.stderr.replace(" ", "")
    assert len(checkpoint_of(tmp_path)["history"]) == len(read_history(tmp_path)) == 1


@pytest.mark.parametrize(
    "said",
    [
        "[../third_party/gloo/gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]:4711",
        "NCCL error: remote process exited or there was a network error",
    ],
)
def test_whoever_waits_for_a_process_that_is_gone_says_so(tmp_path: Path, said: str) -> None:
    with pytest.raises(TrainingError) as caught, told(strong(), tmp_path, 3, processes=2):
        raise RuntimeError(said)
    for part in ("another of the 2 processes is gone in epoch 3", "No epoch was complete yet", "again with --resume"):
        assert part in str(caught.value)


def test_an_error_of_its_own_is_not_blamed_on_another_process(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="^shapes cannot be multiplied$"), told(strong(), tmp_path, 3, processes=2):
        raise RuntimeError("shapes cannot be multiplied")
    with pytest.raises(TrainingError, match="^already said$"), told(strong(), tmp_path, 3, processes=2):
        raise TrainingError("already said")
