"""Whoever asks a network leaves it as it was, also when the asking fails."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.models.cost import count_macs
from lesionseg_lib.models.decoders import build_decoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.mode import evaluation_mode
from lesionseg_lib.models.segmenter import Segmenter


def segmenter() -> Segmenter:
    encoder = MobileNetV2Encoder(None)
    return Segmenter(encoder, build_decoder("transposed", encoder.channels, encoder.strides))


def modes(network: nn.Module) -> dict[str, bool]:
    return {name: module.training for name, module in network.named_modules()}


def test_every_part_gets_its_own_mode_back() -> None:
    network = nn.Sequential(nn.BatchNorm2d(1), nn.Sequential(nn.Dropout(), nn.BatchNorm2d(1)))
    network.train()
    network[1][1].eval()  # one batch norm is kept still by hand
    before = modes(network)
    with evaluation_mode(network):
        assert not any(modes(network).values())
    assert modes(network) == before
    assert before == {"": True, "0": True, "1": True, "1.0": True, "1.1": False}


def test_an_error_inside_changes_nothing() -> None:
    network = nn.Sequential(nn.Dropout())
    with pytest.raises(KeyError), evaluation_mode(network):
        raise KeyError
    assert network.training and network[0].training


ASKED: dict[str, Callable[[Segmenter], object]] = {
    "logits of a size that does not fit": lambda network: network.logits(np.zeros((1, 40, 64, 3), np.uint8)),
    "logits of shares of one": lambda network: network.logits(np.zeros((1, 64, 64, 3), np.float32)),  # type: ignore[arg-type]
    "logits of no photo": lambda network: network.logits(np.zeros((0, 64, 64, 3), np.uint8)),
    "operations of a size that does not fit": lambda network: count_macs(network, (40, 64)),
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("training", [True, False])
def test_a_refused_photo_leaves_the_mode(name: str, training: bool) -> None:
    network = segmenter().train(training)
    before = modes(network)
    with pytest.raises(ShapeError):
        ASKED[name](network)
    assert modes(network) == before


@pytest.mark.parametrize("training", [True, False])
def test_an_answer_leaves_the_mode_and_is_that_of_evaluation(training: bool) -> None:
    network = segmenter().train(training)
    network.encoder.freeze()
    before = modes(network)
    photo = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    found = network.logits(photo)
    assert modes(network) == before
    with torch.no_grad():
        expected = network.eval()(network.normalise(photo))[:, 0].numpy()
    np.testing.assert_array_equal(found, expected)
