"""The five convolutions of family E."""

from __future__ import annotations

import math

import pytest
from torch import nn

from lesionseg_lib.models.decoders import Conv5Decoder
from tests.helpers.decoders import decoder


def test_conv5_is_exactly_the_given_list_of_layers() -> None:
    def describe(layer: nn.Module) -> tuple[object, ...]:
        if isinstance(layer, nn.ConvTranspose2d):
            return ("up", layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding,
                    layer.output_padding)  # fmt: skip
        if isinstance(layer, nn.Conv2d):
            return ("conv", layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding)
        return (type(layer).__name__,)

    def conv(c_in: int, c_out: int) -> tuple[object, ...]:
        return ("conv", c_in, c_out, (3, 3), (1, 1), (1, 1))

    def up(c_in: int, c_out: int) -> tuple[object, ...]:
        return ("up", c_in, c_out, (3, 3), (2, 2), (1, 1), (1, 1))

    relu = ("ReLU",)
    network = decoder("conv5")
    assert isinstance(network, Conv5Decoder)
    assert [describe(layer) for layer in network.layers] == [
        conv(1280, 64), relu, conv(64, 128), relu, conv(128, 256), relu, conv(256, 512), relu, conv(512, 512), relu,
        up(512, 512), relu, up(512, 256), relu, up(256, 128), relu, up(128, 64), relu, up(64, 1),
    ]  # fmt: skip


def test_conv5_is_initialised_by_xaviers_rule() -> None:
    for name, p in decoder("conv5").named_parameters():
        if p.ndim == 1:
            assert not p.any(), name
            continue
        fans = (p.shape[0] + p.shape[1]) * p.shape[2] * p.shape[3]
        bound = math.sqrt(6 / fans)  # uniform on (-bound, bound); its variance is 2 / fans
        assert 0.97 * bound < p.abs().max().item() <= bound, name
        assert p.var().item() == pytest.approx(2 / fans, rel=0.15), name
