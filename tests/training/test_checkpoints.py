"""A run's folder: never overwritten, never half written, never mistaken for another's."""

from __future__ import annotations

import errno
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.training.checkpoints import CHECKPOINT, Epoch, open_folder, read_history, read_previews, save_state
from lesionseg_lib.training.run_manifest import MANIFEST

IDENTITY = {"name": "dilated-all", "size": [32, 32], "learning_rate": 1e-3, "seed": 0}
HISTORY = [
    Epoch(1, 0.7, 0.6, 0.5, 2 / 3, 1e-3, 1.25),
    Epoch(2, 0.1 + 0.2, 0.5, 0.6, 0.75, 1e-3, 1.5),  # 0.30000000000000004: a float that needs all its digits
]
PREVIEWS = [np.full((2, 4, 4), value, np.uint8) for value in (10, 200)]
FILES = {"checkpoint.pt", "history.csv", "previews.npz", "run.json"}


def save(folder: Path, epochs: int = 2, **changes: Any) -> None:
    state = {"model": {"weight": torch.arange(3.0) + epochs}, "optimizer": {}, "schedule": {}}
    save_state(folder, {**IDENTITY, **changes}, HISTORY[:epochs], 1, PREVIEWS[:epochs], ["a", "b"], state)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_was_saved_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "run"
    save(folder)
    assert set(contents(folder)) == FILES
    state = open_folder(folder, IDENTITY, resume=True)
    assert state is not None
    assert torch.equal(state["model"]["weight"], torch.tensor([2.0, 3, 4]))
    assert [Epoch(**row) for row in state["history"]] == HISTORY
    assert state["best_epoch"] == 1
    assert np.array_equal(state["previews"].numpy(), np.stack(PREVIEWS))
    assert read_history(folder) == HISTORY
    ids, previews = read_previews(folder)
    assert ids == ["a", "b"]
    assert previews.shape == (2, 2, 4, 4) and np.array_equal(previews, np.stack(PREVIEWS))


@pytest.mark.parametrize("resume", [True, False])
def test_an_empty_folder_is_a_fresh_start(tmp_path: Path, resume: bool) -> None:
    assert open_folder(tmp_path / "nothing", IDENTITY, resume) is None


def test_a_run_is_not_overwritten_unasked(tmp_path: Path) -> None:
    save(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(CheckpointError, match="there is a run already. Add --resume.*or remove or rename"):
        open_folder(tmp_path, IDENTITY, resume=False)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "dilated-frozen"}, r"\(name: 'dilated-all' there, 'dilated-frozen' now\)"),
        ({"seed": 7}, r"\(seed: 0 there, 7 now\)"),
        ({"size": [64, 64], "seed": 1}, r"\(seed: 0 there, 1 now; size: \[32, 32\] there, \[64, 64\] now\)"),
        ({"new": True}, r"\(new: None there, True now\)"),
    ],
)
def test_another_run_is_refused_by_what_differs(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    save(tmp_path)
    with pytest.raises(CheckpointError, match=f"belongs to another run {message}"):
        open_folder(tmp_path, {**IDENTITY, **changes}, resume=True)


def cut(share: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])

    return damage


def rewrite(**changes: Any) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        state = torch.load(path, weights_only=True)
        state.update(changes)
        torch.save({key: value for key, value in state.items() if value is not None}, path)
        path.with_name(MANIFEST).unlink()  # whoever changes it on purpose removes what vouches for it

    return damage


def other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")


class Opened:
    """What a pickle may not run when a checkpoint is opened."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("opened",)


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty": (cut(0), "not a readable checkpoint"),
    "cut near the start": (cut(0.1), "not a readable checkpoint"),
    "cut in half": (cut(0.5), "not a readable checkpoint"),
    "cut near the end": (cut(0.98), "not a readable checkpoint"),
    "text": (lambda path: path.write_text("<!DOCTYPE html>"), "not a readable checkpoint"),
    "bytes": (lambda path: path.write_bytes(b"\x80\x02garbage" * 9), "not a readable checkpoint"),
    "another zip": (other_zip, "not a readable checkpoint"),
    "a list": (lambda path: torch.save([torch.ones(3)], path), "not a readable checkpoint"),
    "a program": (lambda path: torch.save({"identity": Opened()}, path), "not a readable checkpoint"),
    "no identity": (rewrite(identity=None), "not a readable checkpoint"),
    "half an identity": (rewrite(identity='{"na'), "not a readable checkpoint"),
    "another format": (rewrite(format=99), "format 99, expected 1"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_refused_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "run"
    save(folder)
    spoil, message = DAMAGES[damage]
    spoil(folder / CHECKPOINT)
    before = contents(folder)
    with pytest.raises(CheckpointError, match=f"{CHECKPOINT}: {message}.*remove or rename") as caught:
        open_folder(folder, IDENTITY, resume=True)
    assert str(folder) in str(caught.value)
    assert contents(folder) == before
    assert not (tmp_path / "opened").exists()


# ---- full disk


def no_space(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def torch_says_no_space(*_: Any, **__: Any) -> None:
    raise RuntimeError("[enforce fail at inline_container.cc:672] . PytorchStreamWriter failed writing file data/0")


@pytest.mark.parametrize(
    ("target", "failure"),
    [
        ("torch.save", no_space),
        ("torch.save", torch_says_no_space),
        ("numpy.savez_compressed", no_space),
        ("os.fsync", no_space),
        ("os.replace", no_space),
    ],
)
def test_a_full_disk_leaves_the_checkpoint_of_the_epoch_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, failure: Callable[..., None]
) -> None:
    save(tmp_path, epochs=1)
    before = (tmp_path / CHECKPOINT).read_bytes()
    monkeypatch.setattr(target, failure)
    with pytest.raises(CheckpointError, match="epoch 2 could not be written.*Free some space.*--resume"):
        save(tmp_path, epochs=2)
    monkeypatch.undo()
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert set(contents(tmp_path)) == FILES  # no half file is left
    state = open_folder(tmp_path, IDENTITY, resume=True)
    assert state is not None and len(state["history"]) == 1
    save(tmp_path, epochs=2)  # and with space again it goes on
    assert read_history(tmp_path) == HISTORY


# ---- reading


@pytest.mark.parametrize("read", [read_history, read_previews])
def test_a_folder_without_a_run_says_what_was_expected(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    with pytest.raises(CheckpointError, match="no such file. Expected the folder of a run"):
        read(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "epoch,loss\n1,0.5\n",
        "epoch,train_loss,validation_loss,validation_jaccard,validation_dice,learning_rate,seconds\n1,0.5,a,1,1,1,1\n",
        "epoch,train_loss,validation_loss,validation_jaccard,validation_dice,learning_rate,seconds\n1,0.5\n",
        "hello\nworld\n",
    ],
)
def test_a_history_that_is_another_table_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "history.csv").write_text(text)
    with pytest.raises(CheckpointError, match="history.csv: not the history of a run.*Expected the columns epoch"):
        read_history(tmp_path)
