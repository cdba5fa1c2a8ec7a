"""Every experiment of recipes.toml goes from data to record, in profile smoke and without weights."""

# ruff: noqa: F401, F811 (fixtures are imported by name)
from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from lesionseg_lib.data.splits import Splits, open_splits
from lesionseg_lib.evaluation.metrics import METRICS
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.experiments.run import run
from lesionseg_lib.training.build import build_segmenter
from lesionseg_lib.training.recipes import load_recipes
from tests.helpers.bare_machine import bare_machine

SMOKE, SEED = get_profile("smoke"), 3
NEEDS = {"smp-unet": "segmentation_models_pytorch"}


@pytest.fixture(scope="module")
def splits() -> Splits:
    return open_splits(SMOKE)


@pytest.mark.filterwarnings("ignore:.*RANDOM weights:UserWarning")
@pytest.mark.parametrize("name", load_recipes())
def test_a_recipe_trains_scores_and_records(name: str, splits: Splits, bare_machine: Any, tmp_path: Path) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    recipe = load_recipes()[name]
    finished, record, table = run(recipe, SMOKE, splits, seed=SEED, runs=tmp_path)

    parameters = record["parameters"]
    assert parameters["encoder"] == 2_223_872
    assert parameters["total"] == parameters["encoder"] + parameters["decoder"]
    assert parameters["total"] == parameters["trainable"] + parameters["frozen"]
    assert (parameters["frozen"] == 0) == (recipe.frozen_stages == ())
    assert record["macs"] > 10**7 and record["epochs_run"] == 2 and len(table) == len(splits.test)
    for epoch in record["history"]:
        assert math.isfinite(epoch["train_loss"]) and math.isfinite(epoch["validation_loss"])
    for metric in METRICS:
        assert 0 <= record["test"][metric]["mean"] <= 1

    torch.manual_seed(SEED)  # as ``train`` begins
    before, after = build_segmenter(recipe, weights=None), finished.load_best()
    for stage in (1, 2, 3, 4):
        old, new = before.encoder.stage(stage).state_dict(), after.encoder.stage(stage).state_dict()
        same = all(torch.equal(old[key], new[key]) for key in old)  # running statistics too
        assert same == (stage in recipe.frozen_stages), f"stage {stage}"
    old = before.decoder.state_dict()
    assert not all(torch.equal(old[key], tensor) for key, tensor in after.decoder.state_dict().items())
