"""The transposed convolutions of family B."""

from __future__ import annotations

import torch
from torch import nn

from lesionseg_lib.models.decoders import TransposedDecoder
from tests.helpers.decoders import count, decoder, pyramid


def test_transposed_is_four_doublings_with_relu_between_and_a_dropout_of_half() -> None:
    network = decoder("transposed")
    assert isinstance(network, TransposedDecoder)
    kinds = [type(layer).__name__ for layer in network.up if not isinstance(layer, nn.Dropout)]
    assert kinds == ["ConvTranspose2d", "ReLU"] * 3 + ["ConvTranspose2d"]
    assert [layer.p for layer in network.up if isinstance(layer, nn.Dropout)] == [0.5]
    assert [layer.stride for layer in network.up if isinstance(layer, nn.ConvTranspose2d)] == [(2, 2)] * 4
    widths = [(layer.in_channels, layer.out_channels) for layer in network.up if isinstance(layer, nn.ConvTranspose2d)]
    assert widths == [(1280, 128), (128, 64), (64, 32), (32, 1)]
    # 4 x 4 weights for each pair of channels, and a bias for each output:
    # 1280 * 128 * 16 + 128, 128 * 64 * 16 + 64, 64 * 32 * 16 + 32, 32 * 16 + 1
    assert count(network) == 2_621_568 + 131_136 + 32_800 + 513


def test_dropout_is_on_in_training_and_off_in_evaluation() -> None:
    network, maps = decoder("transposed"), pyramid()
    with torch.no_grad():
        network.train()
        assert not torch.equal(network(maps, (64, 64)), network(maps, (64, 64)))
        network.eval()
        assert torch.equal(network(maps, (64, 64)), network(maps, (64, 64)))
