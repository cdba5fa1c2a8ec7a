"""A run's folder has one owner, and every epoch in it is whole or not there."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.training.checkpoints import (
    CHECKPOINT,
    Epoch,
    open_folder,
    read_history,
    read_previews,
    save_state,
    saved_epochs,
)
from lesionseg_lib.training.run_manifest import MANIFEST, owning_run, parse_manifest, read_manifest, write_files
from lesionseg_lib.utils.files import sha256_of
from tests.helpers.damage import contents, damages, every_kill
from tests.helpers.values import wrong_types


def save(folder: Path, epochs: int) -> None:
    history = [Epoch(number, 0.5, 0.5, 0.5, 0.6, 1e-3, 1.0) for number in range(1, epochs + 1)]
    previews = [np.full((1, 2, 2), number, np.uint8) for number in range(epochs)]
    state = {"model": {"w": torch.full((3,), float(epochs))}, "optimizer": {}, "schedule": {}}
    best = (b'{"card": %d}' % epochs, b"weights %d" % epochs)
    save_state(folder, {"name": "a"}, history, epochs, previews, ["x"], state, best)


def test_a_kill_at_any_step_leaves_one_whole_epoch(tmp_path: Path) -> None:
    folder, kept, seen = tmp_path / "run", tmp_path / "kept", []
    save(kept, 1)

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(kept, folder)

    for _ in every_kill(prepare, lambda: save(folder, 2)):
        with owning_run(folder):  # the next owner finishes or removes what is left
            state = open_folder(folder, {"name": "a"}, resume=True)
        assert state is not None
        epochs = len(state["history"])
        assert state["model"]["w"].tolist() == [epochs] * 3
        assert len(read_history(folder)) == len(read_previews(folder)[1]) == saved_epochs(folder) == epochs
        found = contents(folder)
        assert found["best/model.safetensors"] == b"weights %d" % epochs
        assert sorted(found) == sorted(contents(kept))
        seen.append(epochs)
    assert seen == sorted(seen) and set(seen) == {1, 2}


def test_a_kill_in_the_first_epoch_leaves_none_or_one(tmp_path: Path) -> None:
    folder, seen = tmp_path / "run", set()
    for _ in every_kill(lambda: shutil.rmtree(folder, ignore_errors=True), lambda: save(folder, 1)):
        with owning_run(folder):
            state = open_folder(folder, {"name": "a"}, resume=True)
        seen.add(state and len(state["history"]))
    assert seen == {None, 1}


@pytest.mark.parametrize("name", [CHECKPOINT, "history.csv", "previews.npz", MANIFEST])
def test_every_damage_to_a_file_of_a_run_is_refused(tmp_path: Path, name: str) -> None:
    save(tmp_path, 2)
    readers: dict[str, Any] = {"history.csv": read_history, "previews.npz": read_previews}
    read = readers.get(name, lambda folder: open_folder(folder, {"name": "a"}, resume=True))
    good = (tmp_path / name).read_bytes()
    read(tmp_path)
    for what, content in damages(good, 12):
        (tmp_path / name).write_bytes(content)
        try:
            read(tmp_path)
        except CheckpointError as error:
            assert name in str(error) or name == MANIFEST, what
        else:  # one space for another
            assert name == MANIFEST and json.loads(content) == json.loads(good), what


def test_a_manifest_is_checked_value_by_value(tmp_path: Path) -> None:
    path = tmp_path / MANIFEST
    write_files(tmp_path, {"a": b"content"})
    good = json.loads(path.read_bytes())
    assert good["files"] == {"a": sha256_of(b"content")}
    assert parse_manifest(json.dumps(good).encode(), path) == good["files"]
    tried = 0
    for place, other, changed in wrong_types(good):
        with pytest.raises(CheckpointError, match="run.json: not the manifest of a run"):
            parse_manifest(json.dumps(changed).encode(), path)
            raise AssertionError(f"{place} may be {other!r}")
        tried += 1
    assert tried > 15


def test_files_are_added_to_what_the_manifest_tells(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) == {}
    write_files(tmp_path, {"a": b"1"})
    write_files(tmp_path, {"b": b"2"})
    assert set(read_manifest(tmp_path)) == {"a", "b"}


def test_a_run_without_manifest_goes_on_unverified_and_says_so(tmp_path: Path) -> None:
    save(tmp_path, 1)
    (tmp_path / MANIFEST).unlink()
    with pytest.warns(UserWarning, match="no SHA-256 is known of this checkpoint"):
        state = open_folder(tmp_path, {"name": "a"}, resume=True)
    assert state is not None and len(read_history(tmp_path)) == 1


def own(folder: Path, queue: Any) -> None:
    try:
        with owning_run(folder):
            queue.put("owned")
    except CheckpointError as error:
        queue.put(str(error))


def test_two_processes_do_not_write_into_one_folder(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    with owning_run(tmp_path / "run"):
        process = context.Process(target=own, args=(tmp_path / "run", queue))
        process.start()
        assert "is writing into it. Wait until" in queue.get(timeout=60)
        process.join(timeout=60)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CheckpointError, match="Name a folder that can be written"),
        owning_run(tmp_path / "file" / "run"),
    ):
        pass


@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.parametrize("left", ["model.json", "model.safetensors"])
def test_a_model_without_its_checkpoint_is_not_overwritten(tmp_path: Path, resume: bool, left: str) -> None:
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / left).write_text("precious")
    with pytest.raises(CheckpointError, match="there is a model, and no checkpoint.pt to go on from.*remove or rename"):
        open_folder(tmp_path, {"name": "a"}, resume=resume)
