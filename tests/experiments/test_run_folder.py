"""Where a run lies, what it keeps, and which model is found."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionseg_lib.errors import CheckpointError, RecordError, UnknownNameError
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.experiments.run_folder import RunFolder, find_model, read_logits, save_logits
from lesionseg_lib.models.postprocessing import sigmoid
from tests.helpers.damage import contents
from tests.helpers.models import save_random_model
from tests.helpers.predictions import drawn


def test_kept_logits_give_the_same_masks(tmp_path: Path) -> None:
    logits, data = drawn()
    save_logits(tmp_path / "deep" / "logits.npz", data.ids, logits)
    ids, again = read_logits(tmp_path / "deep" / "logits.npz")
    assert ids == list(data.ids)
    assert again.dtype == np.float32 and again.shape == logits.shape
    np.testing.assert_allclose(again, logits, rtol=1e-3, atol=1e-3)
    before, after = score_images(sigmoid(logits), data), score_images(sigmoid(again), data)
    np.testing.assert_allclose(after["jaccard"], before["jaccard"], atol=0.01)


def test_a_full_disk_is_reported_and_leaves_the_older_logits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logits, data = drawn()
    path = tmp_path / "logits.npz"
    save_logits(path, data.ids, logits)
    before = path.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(RecordError, match="logits.npz: the test logits could not be written .No space left on device"):
        save_logits(path, data.ids, logits + 1)
    assert path.read_bytes() == before and sorted(contents(tmp_path)) == ["logits.npz", "run.json"]


def test_only_the_full_profile_publishes() -> None:
    assert RunFolder(Path("runs"), get_profile("full"), "light", 0).results == Path("results")
    for name in ("smoke", "student"):
        folder = RunFolder(Path("runs"), get_profile(name), "light", 3)
        assert folder.results == Path("runs", name, "light", "seed3", "results")


def test_a_run_is_known_by_where_its_best_model_lies() -> None:
    folder = RunFolder(Path("runs") / "a1b2", get_profile("smoke"), "light", 12)
    assert RunFolder.around(folder.best) == folder
    for other in ("best", "seed1/best", "elsewhere/light/seed1/best", "smoke/light/one/best", "smoke/light/seed1/last"):
        assert RunFolder.around(Path("runs") / other) is None, other


def _run(runs: Path, profile: str, recipe: str, seed: int = 0) -> Path:
    return save_random_model(runs / profile / recipe / f"seed{seed}" / "best", recipe)


def test_a_recipes_model_is_that_of_the_largest_profile(tmp_path: Path) -> None:
    full, smoke = (_run(tmp_path / "runs", profile, "transposed-frozen") for profile in ("full", "smoke"))
    _run(tmp_path / "runs", "full", "dilated-all")
    assert find_model("transposed-frozen", tmp_path / "runs") == full
    for folder in (smoke, smoke.parent):  # the model's own folder, and that of its run
        assert find_model(str(folder), tmp_path / "runs") == smoke


def test_of_equals_the_newest_model_is_taken(tmp_path: Path) -> None:
    runs = tmp_path / "full"  # which says nothing about the profile of what is in it
    folders = [_run(runs, profile, "dilated-all", seed) for profile in ("student", "smoke") for seed in (0, 1, 2)]
    for age, folder in zip((2, 0, 1, 0, 0, 0), folders, strict=True):
        os.utime(folder / "model.json", (1e9 - age, 1e9 - age))
    assert find_model("dilated-all", runs) == folders[1]


def test_a_recipe_without_model_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="Train it with `lesionseg train dilated-all`"):
        find_model("dilated-all", tmp_path / "runs")
    there = _run(tmp_path / "runs", "smoke", "transposed-frozen")
    with pytest.raises(CheckpointError, match=f"for example one of {there}"):
        find_model("dilated-all", tmp_path / "runs")
    with pytest.raises(UnknownNameError, match="Did you mean 'dilated-all'"):
        find_model("dilated-al", tmp_path / "runs")
    with pytest.raises(CheckpointError, match="no such folder"):
        find_model("some/where", tmp_path / "runs")
