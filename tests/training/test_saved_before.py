"""A model and a checkpoint that an earlier version wrote still load, and training goes on from them."""

# ruff: noqa: F401, F811 (fixtures are imported by name)
from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from accelerate import Accelerator
from torch import nn
from torchvision.models import MobileNetV2
from torchvision.ops.misc import Conv2dNormActivation

from lesionseg_lib.models import encoder
from lesionseg_lib.models.decoders.light import LightDecoder
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.checkpoints import read_history, read_previews
from lesionseg_lib.training.loop import train
from lesionseg_lib.training.recipes import get_recipe
from tests.helpers.tiny import accelerator, discs

SAVED = Path(__file__).with_name("saved_before")
EXPECTED = json.loads((SAVED / "expected.json").read_text(encoding="utf-8"))
BLOCKS = [[1, 8, 1, 1], [1, 8, 2, 2], [1, 8, 3, 2], [1, 8, 4, 2], [1, 8, 3, 1], [1, 8, 3, 2], [1, 8, 1, 1]]
"""MobileNetV2's layers and strides with 8 channels and no expansion."""


def narrow(weights: None = None) -> MobileNetV2:
    network = MobileNetV2(width_mult=0.1, inverted_residual_setting=BLOCKS)
    network.features[-1] = Conv2dNormActivation(
        8, 16, kernel_size=1, norm_layer=nn.BatchNorm2d, activation_layer=nn.ReLU6
    )
    return network


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The unpacked folder of the run, and networks as narrow as its own."""
    monkeypatch.setattr(encoder, "mobilenet_v2", narrow)
    monkeypatch.setattr(encoder.MobileNetV2Encoder, "channels", (8, 8, 8, 8, 16))
    monkeypatch.setattr(LightDecoder, "width", 8)
    with zipfile.ZipFile(SAVED / "run.zip") as archive:
        archive.extractall(tmp_path)
    return tmp_path


def go_on(run: Path, accelerator: Accelerator, **changes: Any) -> Any:
    settings = {"size": (32, 32), "batch_size": 4, "epochs": 9, "trainable_stages": (), "learning_rate": 0.03}
    recipe = replace(get_recipe("light"), **{**settings, **changes})
    return train(recipe, discs(8), discs(4, seed=1), run, weights=None, resume=True, accelerator=accelerator)


def test_a_model_saved_before_gives_its_logits(run: Path) -> None:
    model, card = Segmenter.load(run / "best", recipe="light")
    assert card == EXPECTED["card"]
    logits = model.logits(discs(1, seed=2).images)[0, ::8, ::8]
    np.testing.assert_allclose(logits, EXPECTED["logits"], atol=1e-3)  # from -3.2 to 2.4


def test_history_and_previews_saved_before_are_read(run: Path) -> None:
    assert [epoch.epoch for epoch in read_history(run)] == [1, 2, 3, 4, 5, 6, 7, 8]
    ids, previews = read_previews(run)
    assert len(ids) == 4 and previews.shape == (8, 4, 32, 32)


def test_training_goes_on_from_a_checkpoint_saved_before(run: Path, accelerator: Accelerator) -> None:
    history = go_on(run, accelerator).history
    assert [epoch.epoch for epoch in history] == list(range(1, 10))
    for epoch, before in zip(history, EXPECTED["history"], strict=True):
        assert epoch.train_loss == pytest.approx(before["train_loss"], rel=1e-3)
    # The last epoch is the only one that this version trained; a fresh start would have a loss of 1.29.
    last = EXPECTED["last_epoch"]
    assert history[-1].validation_loss == pytest.approx(last["validation_loss"], rel=1e-3)
    assert history[-1].validation_jaccard == pytest.approx(last["validation_jaccard"], abs=5e-3)
