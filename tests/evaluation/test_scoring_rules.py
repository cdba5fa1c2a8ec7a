"""Every reading of "IoU" and "Dice", worked out by hand on three tiny images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lesionseg_lib.evaluation import scoring_rules as module
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.evaluation.scoring_rules import Reading, readings, train_mode_reading
from lesionseg_lib.models.postprocessing import sigmoid
from tests.helpers.tiny import ArrayDataset, cached, discs, tiny_segmenter

BIG = 30.0


@pytest.fixture
def batches_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOP_BATCH", 2)


def read(logits: np.ndarray, data: ArrayDataset, small: Any) -> dict[str, Reading]:
    probabilities = sigmoid(logits)
    return readings(score_images(probabilities, data), probabilities, small)


def hand_made() -> tuple[np.ndarray, ArrayDataset, Any]:
    """Three images of 2 x 2 pixels; counts (tp, fp, fn, tn): (2, 0, 1, 1), (1, 1, 0, 2), (0, 0, 0, 4)."""
    predictions = np.array([[[1, 1], [0, 0]], [[1, 1], [0, 0]], [[0, 0], [0, 0]]])
    truths = np.array([[[1, 1], [1, 0]], [[1, 0], [0, 0]], [[0, 0], [0, 0]]], np.uint8)
    logits = np.where(predictions == 1, BIG, -BIG).astype(np.float32)
    images = np.zeros((3, 2, 2, 3), np.uint8)
    return logits, ArrayDataset(list(images), list(truths.astype(bool))), cached(images, truths)


@pytest.mark.usefixtures("batches_of_two")
def test_every_reading_is_as_worked_out_by_hand() -> None:
    found = read(*hand_made())
    expected = {
        # Jaccards 2/3, 1/2, 1; Dices 4/5, 2/3, 1.
        "per_image": ((2 / 3 + 1 / 2 + 1) / 3, (4 / 5 + 2 / 3 + 1) / 3),
        # tp 3, fp 1, fn 1.
        "pooled": (3 / 5, 6 / 8),
        # Images 1 and 2: tp 3, fp 1, fn 1. Image 3 alone: empty, 1.
        "pooled_batches": ((3 / 5 + 1) / 2, (6 / 8 + 1) / 2),
        "last_batch": (1, 1),
        # The background's Jaccards tn / (tn + fn + fp): 1/2, 2/3, 1; its Dices 2/3, 4/5, 1.
        "background_averaged": ((2 / 3 + 1 / 2 + 1) / 3, (4 / 5 + 2 / 3 + 1) / 3),
        "network_size": ((2 / 3 + 1 / 2 + 1) / 3, (4 / 5 + 2 / 3 + 1) / 3),
        "logits_cut_at_half": ((2 / 3 + 1 / 2 + 1) / 3, (4 / 5 + 2 / 3 + 1) / 3),
    }
    for name, (jaccard, dice) in expected.items():
        assert found[name] == pytest.approx({"jaccard": jaccard, "dice": dice}), name
    assert found.keys() == {*expected, "soft"}


def test_soft_scores_are_as_worked_out_by_hand() -> None:
    logits = np.full((1, 2, 2), np.log(3), np.float32)  # p = 3/4 everywhere: sum(p t) = 3/2, sum(p) = 3
    truth = np.array([[[1, 1], [0, 0]]], np.uint8)
    images = np.zeros((1, 2, 2, 3), np.uint8)
    found = read(logits, ArrayDataset(list(images), list(truth.astype(bool))), cached(images, truth))["soft"]
    assert found == pytest.approx({"jaccard": 1.5 / (3 + 2 - 1.5), "dice": 3 / (3 + 2)}, rel=1e-5)


def test_a_threshold_on_logits_is_one_of_probabilities_at_62_percent() -> None:
    p = np.array([[[0.55, 0.60], [0.63, 0.70]]])
    logits = np.log(p / (1 - p)).astype(np.float32)
    truth = np.ones((1, 2, 2), np.uint8)
    images = np.zeros((1, 2, 2, 3), np.uint8)
    found = read(logits, ArrayDataset(list(images), list(truth.astype(bool))), cached(images, truth))
    assert found["per_image"]["jaccard"] == 1
    assert found["logits_cut_at_half"]["jaccard"] == 1 / 2


def test_the_networks_size_hides_what_the_truths_size_shows() -> None:
    truth = np.zeros((8, 8), bool)
    truth[:4, :5] = True  # a border that four columns cannot show
    small = np.zeros((1, 4, 4), np.uint8)
    small[0, :2, :2] = 1
    logits = np.where(small == 1, BIG, -BIG).astype(np.float32)
    data = ArrayDataset([np.zeros((8, 8, 3), np.uint8)], [truth])
    found = read(logits, data, cached(np.zeros((1, 4, 4, 3), np.uint8), small))
    assert found["network_size"]["jaccard"] == 1
    assert found["per_image"]["jaccard"] == pytest.approx(16 / 20)


@pytest.mark.usefixtures("batches_of_two")
def test_averaging_the_background_flatters_small_lesions() -> None:
    truth = np.zeros((1, 16, 16), np.uint8)
    truth[0, 0, :4] = 1
    logits = np.full((1, 16, 16), -BIG, np.float32)
    logits[0, 0, :2] = BIG
    data = ArrayDataset([np.zeros((16, 16, 3), np.uint8)], list(truth.astype(bool)))
    found = read(logits, data, cached(np.zeros((1, 16, 16, 3), np.uint8), truth))
    assert found["per_image"]["jaccard"] == 1 / 2
    assert found["background_averaged"]["jaccard"] == pytest.approx((1 / 2 + 252 / 254) / 2)


def test_the_reading_in_training_mode_differs_and_leaves_the_network_alone() -> None:
    network, data = tiny_segmenter("dilated").eval(), discs(6)
    network.encoder.freeze()
    with torch.no_grad():  # a decoder that predicts about half of the pixels
        network.decoder.final_conv.bias.zero_()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    found = train_mode_reading(network, data)
    assert found == train_mode_reading(network, data)  # dropout and all come from one seed
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert not network.training
    assert 0 <= found["jaccard"] <= found["dice"] <= 1


def test_the_reading_in_training_mode_thaws_frozen_statistics_too() -> None:
    """What ``train()`` spares on purpose, the mistake that is measured here does not."""
    network = tiny_segmenter("dilated")
    network.encoder.freeze()
    seen: set[bool] = set()

    def watch(norm: nn.Module, *_: object) -> None:
        seen.add(norm.training)

    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.register_forward_pre_hook(watch)
    train_mode_reading(network, discs(4))
    assert seen == {True}
