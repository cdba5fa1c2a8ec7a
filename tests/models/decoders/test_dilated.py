"""The dilated decoder of family C: published layers, sizes and counts."""

from __future__ import annotations

import pytest
import torch

from lesionseg_lib.models.cost import count_parameters
from tests.helpers.decoders import count, decoder, pyramid
from tests.helpers.tiny import tiny_segmenter


def test_dilated_has_the_recovered_number_of_parameters() -> None:
    assert count(decoder("dilated")) == 4_771_585


@pytest.mark.parametrize(
    ("frozen", "trainable", "not_trainable"),
    [
        ((1, 2, 3, 4), 4_771_585, 2_223_872),
        ((1, 2, 3), 6_452_929, 542_528),
        ((1, 2), 6_939_969, 55_488),  # 6,995,457 - 15,792 - 39,696
        ((), 6_995_457, 0),
    ],
)
def test_dilated_segmenter_has_the_published_totals(
    frozen: tuple[int, ...], trainable: int, not_trainable: int
) -> None:
    network = tiny_segmenter("dilated")
    network.encoder.freeze(frozen)
    assert count_parameters(network) == {
        "total": 6_995_457,
        "trainable": trainable,
        "frozen": not_trainable,
        "encoder": 2_223_872,
        "decoder": 4_771_585,
    }


def test_dilated_layers_bear_the_published_names_and_sizes() -> None:
    shapes = {name: tuple(p.shape) for name, p in decoder("dilated").named_parameters()}
    blocks = {"conv1": (608, 256), "conv2": (288, 128), "conv3": (152, 64)}
    expected = {
        "up1.weight": (1280, 512, 2, 2),
        "up1.bias": (512,),
        "up2.weight": (256, 256, 2, 2),
        "up2.bias": (256,),
        "up3.weight": (128, 128, 2, 2),
        "up3.bias": (128,),
        "final_conv.weight": (1, 64, 1, 1),
        "final_conv.bias": (1,),
    }
    for name, (c_in, c_out) in blocks.items():
        expected[f"{name}.conv.weight"] = (c_out, c_in, 3, 3)
        for vector in ("conv.bias", "bn.weight", "bn.bias"):
            expected[f"{name}.{vector}"] = (c_out,)
    assert shapes == expected
    modules = dict(decoder("dilated").named_modules())
    assert {"conv1.relu", "conv2.relu", "conv3.relu", "upsample_to_target"} <= modules.keys()
    assert all(modules[name].stride == (2, 2) for name in ("up1", "up2", "up3"))
    assert all(modules[f"{name}.conv"].dilation == (2, 2) for name in blocks)


def test_dilated_joins_each_skip_at_its_own_stride() -> None:
    network, seen = decoder("dilated"), {}
    for name in ("conv1", "conv2", "conv3", "final_conv"):
        network.get_submodule(name).register_forward_pre_hook(
            lambda module, inputs, name=name: seen.setdefault(name, inputs[0])
        )
    maps = pyramid(128, 128, n=1)
    with torch.no_grad():
        network(maps, (128, 128))
    assert {name: tuple(x.shape[1:]) for name, x in seen.items()} == {
        "conv1": (512 + 96, 8, 8),
        "conv2": (256 + 32, 16, 16),
        "conv3": (128 + 24, 32, 32),
        "final_conv": (64, 32, 32),
    }
    for name, level, up in (("conv1", 3, 512), ("conv2", 2, 256), ("conv3", 1, 128)):
        assert torch.equal(seen[name][:, up:], maps[level])
