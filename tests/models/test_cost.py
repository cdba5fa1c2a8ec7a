"""Parameters and operations, against hand counts and published figures."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lesionseg_lib.models.cost import count_macs, count_parameters, list_convolutions
from tests.helpers.tiny import tiny_segmenter


@pytest.mark.parametrize(("name", "decoder"), [("transposed", 2_786_017), ("dilated", 4_771_585), ("conv5", 8_555_457)])
def test_parameters_add_up_and_follow_what_is_frozen(name: str, decoder: int) -> None:
    network = tiny_segmenter(name)
    network.encoder.freeze((1, 2))
    assert count_parameters(network) == {
        "total": 2_223_872 + decoder,
        "trainable": 487_040 + 1_681_344 + decoder,
        "frozen": 15_792 + 39_696,
        "encoder": 2_223_872,
        "decoder": decoder,
    }


def test_operations_of_the_encoder_are_the_published_ones() -> None:
    """MobileNetV2 takes 300.8 million multiply-accumulates at 224 x 224, 1.28 million of them in its classifier."""
    network = tiny_segmenter("transposed")
    whole, size = count_macs(network, (224, 224)), 7  # 224 / 32
    decoder = sum(  # each input pixel meets every weight of its transposed convolution once
        (size * 2**level) ** 2 * c_in * c_out * 16
        for level, (c_in, c_out) in enumerate([(1280, 128), (128, 64), (64, 32), (32, 1)])
    )
    assert (whole - decoder) / 1e6 == pytest.approx(300.774 - 1.280, abs=0.01)


def test_operations_grow_with_the_area() -> None:
    network = tiny_segmenter("dilated")
    assert count_macs(network, (64, 128)) == 2 * count_macs(network, (64, 64))


@pytest.mark.parametrize("training", [True, False])
def test_counting_changes_neither_mode_nor_statistics(training: bool) -> None:
    network = tiny_segmenter("dilated").train(training)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    count_macs(network, (32, 32))
    assert network.training is training
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_convolutions_are_listed_in_the_order_they_run_and_nothing_stays_attached() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.ConvTranspose2d(8, 1, 2, stride=2))
    assert list_convolutions(network, torch.zeros(2, 3, 4, 6)) == [
        "Conv2d             3 x    4 x    6 ->    8 x    4 x    6         224",  # 3 * 8 * 9 + 8
        "ConvTranspose2d    8 x    4 x    6 ->    1 x    8 x   12          33",  # 8 * 4 + 1
    ]
    assert not any(layer._forward_hooks for layer in network.modules())
