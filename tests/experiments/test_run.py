"""A recipe from data to record, in profile smoke."""

# ruff: noqa: F401, F811 (fixtures are imported by name)
from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesionseg_lib.data.datasets import LesionFolder
from lesionseg_lib.data.splits import Splits, open_splits
from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.evaluation.metrics import METRICS
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.experiments import run as run_module
from lesionseg_lib.experiments.environment import pick_weights
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.experiments.run import plateau, run
from lesionseg_lib.experiments.run_folder import RunFolder, read_logits
from lesionseg_lib.models.encoder import weights_file
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.results.records import read_record, read_table
from lesionseg_lib.training.checkpoints import Epoch, read_history
from lesionseg_lib.training.recipes import get_recipe
from tests.helpers.archives import save_pair
from tests.helpers.bare_machine import bare_machine

RECIPE, SMOKE = get_recipe("transposed-frozen"), get_profile("smoke")
MINIMAL = replace(SMOKE, size=(32, 32), max_epochs=1, synthetic=(4, 2, 2), batch_size=4)


@pytest.fixture(scope="module")
def finished(bare_machine: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Splits, Any]:
    """One run of profile smoke: its folder of runs, its data, what ``run`` returned."""
    runs = tmp_path_factory.mktemp("runs")
    splits = open_splits(SMOKE)
    with pytest.warns(UserWarning, match="RANDOM"):
        return runs, splits, run(RECIPE, SMOKE, splits, seed=7, runs=runs)


def test_the_record_is_where_it_is_looked_for_and_what_was_returned(finished: tuple[Path, Splits, Any]) -> None:
    runs, _, (_, record, table) = finished
    folder = runs / "smoke" / "transposed-frozen" / "seed7"
    path = folder / "results" / "transposed-frozen" / "seed7.json"
    assert RunFolder(runs, SMOKE, "transposed-frozen", 7).path == folder
    assert read_record(path) == json.loads(json.dumps({"format": 2, **record}))
    pd.testing.assert_frame_equal(read_table(path), table, atol=1e-6, check_dtype=False)
    assert len(table) == 8


def test_the_record_has_every_promised_field(finished: tuple[Path, Splits, Any]) -> None:
    _, splits, (done, record, _) = finished
    assert (record["name"], record["seed"], record["profile"]) == ("transposed-frozen", 7, "smoke")
    assert record["recipe"] == SMOKE.apply(RECIPE).settings()
    assert {"commit", "dirty", "device", "threads", "python", "versions"} <= record.keys()
    assert record["weights"] == {"name": None, "sha256": None}
    assert record["data"]["name"] == splits.name and record["data"]["size"] == [64, 64]
    for part, images in (("train", 24), ("validation", 8), ("test", 8)):
        fingerprint = getattr(splits, part).content_fingerprint()
        assert record["data"][part] == {"images": images, "fingerprint": fingerprint}
    assert record["parameters"] == {
        "total": 2_223_872 + 2_786_017,
        "trainable": 2_786_017,
        "frozen": 2_223_872,
        "encoder": 2_223_872,
        "decoder": 2_786_017,
    }
    assert record["macs"] > 10**7
    assert record["epochs_run"] == len(record["history"]) == 2
    assert record["best_epoch"] == done.best_epoch
    seconds = [row["seconds"] for row in record["history"]]
    assert record["precision"] == "fp32"
    assert record["seconds_total"] == pytest.approx(sum(seconds))
    assert min(seconds) <= record["seconds_per_epoch"] <= max(seconds)
    assert [row.train_loss for row in read_history(done.folder)] == [row["train_loss"] for row in record["history"]]
    for part in ("validation", "test"):
        for metric in METRICS:
            row = record[part][metric]
            assert 0 <= row["low"] <= row["mean"] <= row["high"] <= 1
    assert record["test"]["images"] == 8 and math.isfinite(record["test"]["loss"])
    assert set(record["readings"]) == {
        "per_image", "pooled", "pooled_batches", "last_batch", "background_averaged", "network_size", "soft",
        "logits_cut_at_half", "train_mode",
    }  # fmt: skip


def test_all_figures_of_a_record_describe_the_same_masks(finished: tuple[Path, Splits, Any]) -> None:
    _, splits, (done, record, table) = finished
    ids, logits = read_logits(done.folder / "test_logits.npz")
    assert ids == list(splits.test.ids) == table["id"].tolist()
    again = score_images(sigmoid(logits), splits.test, RECIPE.threshold)
    np.testing.assert_allclose(again["jaccard"], table["jaccard"], atol=0.02)  # the logits were kept in half precision
    for metric in METRICS:
        assert record["test"][metric]["mean"] == pytest.approx(table[metric].mean())
        if record["official"] is not None:
            assert record["official"][metric] == pytest.approx(table[metric].mean())
    for name, metric in (("jaccard", "jaccard"), ("dice", "dice")):
        assert record["readings"]["per_image"][name] == pytest.approx(table[metric].mean())


def test_resuming_a_finished_run_scores_it_again_to_the_same_record(finished: tuple[Path, Splits, Any]) -> None:
    runs, splits, (_, record, table) = finished
    with pytest.warns(UserWarning, match="RANDOM"):
        _, again, table_again = run(RECIPE, SMOKE, splits, seed=7, runs=runs, resume=True)
    for found in (again, record := dict(record)):
        del found["commit"], found["dirty"]  # somebody may commit while the tests run
    assert again == record
    pd.testing.assert_frame_equal(table_again, table)


def test_a_finished_run_is_not_overwritten_unasked(finished: tuple[Path, Splits, Any]) -> None:
    runs, splits, _ = finished
    with (
        pytest.warns(UserWarning, match="RANDOM"),
        pytest.raises(CheckpointError, match="there is a run already"),
    ):
        run(RECIPE, SMOKE, splits, seed=7, runs=runs)


def test_training_never_sees_the_test_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    real = run_module.train

    def watch(recipe: Any, train_data: Any, validation_data: Any, *rest: Any, **named: Any) -> Any:
        seen.extend([train_data.content_fingerprint, validation_data.content_fingerprint])
        done = real(recipe, train_data, validation_data, *rest, **named)
        seen.append("trained")
        return done

    def score(probabilities: Any, dataset: Any, *rest: Any) -> Any:
        seen.append(f"scored {dataset.content_fingerprint()}")
        return score_images(probabilities, dataset, *rest)

    monkeypatch.setattr(run_module, "train", watch)
    monkeypatch.setattr(run_module, "score_images", score)
    splits = open_splits(MINIMAL)
    with pytest.warns(UserWarning, match="RANDOM"):
        run(RECIPE, MINIMAL, splits, runs=tmp_path, results=tmp_path / "results")
    train, validation, test = (part.content_fingerprint() for part in (splits.train, splits.validation, splits.test))
    assert seen == [train, validation, "trained", f"scored {test}", f"scored {validation}"]
    assert read_record(tmp_path / "results" / "transposed-frozen" / "seed0.json")["seed"] == 0


def test_no_image_is_decoded_twice_in_a_run_nor_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: Counter[str] = Counter()
    real = LesionFolder.image

    def image(self: LesionFolder, index: int) -> Any:
        decoded[self.ids[index]] += 1
        return real(self, index)

    monkeypatch.setattr(LesionFolder, "image", image)
    monkeypatch.setenv("LESIONSEG_CACHE", str(tmp_path / "cache"))
    for seed, name in enumerate("abcdefgh"):
        save_pair(tmp_path / "images", tmp_path / "masks", name, seed, size=(48, 40))
    whole = LesionFolder(tmp_path / "images", tmp_path / "masks")
    splits = Splits(*(whole.subset(ids) for ids in ("abcd", "ef", "gh")))
    for name in ("transposed-frozen", "dilated-stage4", "refine-bce-adam"):  # cached maps, online, offline augmentation
        with pytest.warns(UserWarning, match="RANDOM"):
            run(get_recipe(name), replace(MINIMAL, max_epochs=2), splits, runs=tmp_path, results=tmp_path / "results")
    assert decoded == Counter("abcdefgh")


def test_a_run_folder_names_what_a_run_leaves(finished: tuple[Path, Splits, Any]) -> None:
    folder = RunFolder(finished[0], SMOKE, RECIPE.name, 7)
    assert all(path.is_file() for path in (folder.checkpoint, folder.history, folder.previews, folder.logits))
    assert folder.best.is_dir() and folder.saved_epoch() == SMOKE.apply(RECIPE).epochs
    assert RunFolder(finished[0], SMOKE, RECIPE.name, 8).saved_epoch() == 0


def test_smoke_alone_does_without_weights_and_says_so_loudly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("student", "full"):
        assert pick_weights(get_profile(name)) == "IMAGENET1K_V1"  # the encoder then gets or demands them
    with pytest.warns(UserWarning, match="RANDOM weights.*every score is meaningless"):
        assert pick_weights(SMOKE) is None
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    weights_file().parent.mkdir(parents=True)
    weights_file().write_bytes(b"weights")
    assert pick_weights(SMOKE) == "IMAGENET1K_V1"


def test_levelling_compares_the_last_fifth_with_the_fifth_before() -> None:
    jaccards = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.70, 0.74, 0.75, 0.79]
    history = [Epoch(i, 1.0, 1.0, j, j, 1e-3, 1.0) for i, j in enumerate(jaccards, start=1)]
    assert plateau(history) == pytest.approx({"epochs": 2, "gain": 0.77 - 0.72, "spread": 0.02})
    assert plateau(history[:1]) == {"epochs": 1, "gain": 0.0, "spread": 0.0}
