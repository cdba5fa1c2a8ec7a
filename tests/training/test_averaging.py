"""The average of weights: its numbers by hand, and what of it is validated, kept and resumed."""

# ruff: noqa: F401, F811 (fixtures are imported by name)
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.evaluation.metrics import confusion, reduce
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.averaging import WeightAverage
from lesionseg_lib.training.loop import train
from tests.helpers.tiny import accelerator, checkpoint_of, discs, same_bits, tiny_decoder, tiny_recipe, tiny_segmenter

TRAIN, VALIDATION = discs(8), discs(4, seed=1)

pytestmark = pytest.mark.usefixtures("tiny_decoder")


def bias_after(average: WeightAverage, trained: Segmenter, value: float) -> float:
    with torch.no_grad():
        trained.decoder.head.bias.fill_(value)  # type: ignore[union-attr, operator]
    average.update()
    return float(average.network.decoder.head.bias)  # type: ignore[union-attr, arg-type]


def test_the_first_steps_have_a_short_memory_and_the_rest_the_decay() -> None:
    trained = tiny_segmenter("tiny")
    torch.nn.init.zeros_(trained.decoder.head.bias)  # type: ignore[union-attr, arg-type]
    average = WeightAverage(trained, decay=0.2)
    # d = min(.2, (1 + n) / (10 + n)): 2/11 = .1818, then .2
    assert bias_after(average, trained, 1.0) == pytest.approx(1 - 2 / 11)
    assert bias_after(average, trained, 0.0) == pytest.approx(0.2 * (1 - 2 / 11))
    assert average.steps == 2


def test_statistics_are_averaged_too_and_counters_copied() -> None:
    trained = tiny_segmenter("tiny").train()
    average = WeightAverage(trained, decay=0.9)
    mean = "encoder.features.0.1.running_mean"
    before = average.network.state_dict()[mean].clone()
    trained(torch.randn(2, 3, 32, 32))
    average.update()
    found, theirs = average.network.state_dict(), trained.state_dict()
    torch.testing.assert_close(found[mean], before * 2 / 11 + theirs[mean] * 9 / 11)
    assert found["encoder.features.0.1.num_batches_tracked"] == 1
    assert not any(p.requires_grad for p in average.network.parameters())


def test_what_is_validated_previewed_and_kept_is_the_average(tmp_path: Path, accelerator: Accelerator) -> None:
    recipe = tiny_recipe(epochs=2, average_decay=0.9)
    run = train(recipe, TRAIN, VALIDATION, tmp_path, weights=None, accelerator=accelerator)
    state, kept = checkpoint_of(tmp_path), run.load_best()
    if run.best_epoch == 2:
        assert same_bits(dict(kept.state_dict()), dict(state["average"]["network"]))
    assert not same_bits(state["model"], state["average"]["network"])
    assert state["average"]["steps"] == 4  # two batches an epoch
    counts = confusion(sigmoid(kept.logits(VALIDATION.images)) > 0.5, VALIDATION.masks.astype(bool))
    assert reduce(counts, "jaccard") == run.history[run.best_epoch - 1].validation_jaccard


def test_the_trained_weights_do_not_know_of_the_average(tmp_path: Path, accelerator: Accelerator) -> None:
    for name, decay in (("with", 0.9), ("without", None)):
        recipe = tiny_recipe(epochs=2, average_decay=decay)
        train(recipe, TRAIN, VALIDATION, tmp_path / name, weights=None, accelerator=accelerator)
    one, other = (checkpoint_of(tmp_path / name) for name in ("with", "without"))
    assert same_bits(one["model"], other["model"]) and "average" not in other


def test_the_last_epoch_is_kept_where_nobody_chooses(tmp_path: Path, accelerator: Accelerator) -> None:
    recipe = tiny_recipe(epochs=3, kept_epoch="last", learning_rate=0.5)  # so large that epochs differ wildly
    run = train(recipe, TRAIN, VALIDATION, tmp_path, weights=None, accelerator=accelerator)
    assert run.best_epoch == 3 == checkpoint_of(tmp_path)["best_epoch"]
    assert same_bits(dict(run.load_best().state_dict()), checkpoint_of(tmp_path)["model"])


def test_a_checkpoint_whose_average_is_of_another_network_is_refused(
    tmp_path: Path, accelerator: Accelerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tiny_recipe(epochs=1, average_decay=0.9)
    with monkeypatch.context() as patch:
        patch.setattr(WeightAverage, "state_dict", lambda self: {"steps": 2, "network": {"a": torch.zeros(1)}})
        train(recipe, TRAIN, VALIDATION, tmp_path, weights=None, accelerator=accelerator)
    with pytest.raises(CheckpointError, match="its state does not fit the network"):
        train(recipe, TRAIN, VALIDATION, tmp_path, weights=None, accelerator=accelerator, resume=True)


def test_an_average_that_is_not_finite_is_no_checkpoint(
    tmp_path: Path, accelerator: Accelerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tiny_recipe(epochs=1, average_decay=0.9)
    with monkeypatch.context() as patch:
        patch.setattr(WeightAverage, "state_dict", lambda self: {"steps": 2, "network": {"a": torch.tensor(np.nan)}})
        train(recipe, TRAIN, VALIDATION, tmp_path, weights=None, accelerator=accelerator)
    with pytest.raises(CheckpointError, match="average.network.a has values that are not finite"):
        train(recipe, TRAIN, VALIDATION, tmp_path, weights=None, accelerator=accelerator, resume=True)
