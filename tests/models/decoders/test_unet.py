"""U-Net, and its control without skips."""

from __future__ import annotations

import torch

from lesionseg_lib.models.decoders import UNetDecoder
from tests.helpers.decoders import count, decoder, pyramid


def test_unet_joins_a_skip_at_every_stride_and_halves_its_channels() -> None:
    network, seen = decoder("unet").eval(), []
    assert isinstance(network, UNetDecoder)
    for convs in network.convs:
        convs.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    maps = pyramid(128, 128, n=1)
    with torch.no_grad():
        network(maps, (128, 128))
    assert [tuple(x.shape[1:]) for x in seen] == [
        (128 + 96, 8, 8), (64 + 32, 16, 16), (32 + 24, 32, 32), (16 + 16, 64, 64), (8, 128, 128),
    ]  # fmt: skip
    for x, level, up in zip(seen, reversed(maps[:-1]), (128, 64, 32, 16), strict=False):
        assert torch.equal(x[:, up:], level)  # concatenated as it is


def test_the_control_of_unet_has_its_layers_without_the_weights_for_the_skips() -> None:
    missing = sum(9 * skip * width for skip, width in zip((96, 32, 24, 16), (128, 64, 32, 16), strict=True))
    assert count(decoder("unet")) - count(decoder("unet-without-skips")) == missing
