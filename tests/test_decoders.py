"""The decoders have the published layers, sizes and parameter counts, and learn everywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from lesionseg_lib.cost import count_parameters
from lesionseg_lib.decoders import DECODERS, Conv5Decoder, TransposedDecoder, build_decoder
from lesionseg_lib.encoder import MobileNetV2Encoder
from lesionseg_lib.errors import UnknownNameError
from tests.core_fixtures import tiny_segmenter

CHANNELS, STRIDES = MobileNetV2Encoder.channels, MobileNetV2Encoder.strides
NAMES = ("transposed", "dilated", "conv5")


def decoder(name: str) -> nn.Module:
    torch.manual_seed(0)
    return build_decoder(name, CHANNELS, STRIDES)


def pyramid(height: int = 64, width: int = 64, n: int = 2) -> list[Tensor]:
    torch.manual_seed(1)
    return [torch.randn(n, c, height // s, width // s) for c, s in zip(CHANNELS, STRIDES, strict=True)]


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


# ---- family C


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


# ---- family E


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


# ---- family B


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


# ---- all of them


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_parameter(name: str) -> None:
    network = decoder(name).train()
    network(pyramid(), (64, 64)).square().mean().backward()
    without = [key for key, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    # A bias in front of batch norm is subtracted again with the mean: rounding is all that is left of its gradient.
    assert [key for key in without if not key.endswith("conv.bias")] == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (160, 32)])
def test_logits_have_the_images_size(name: str, height: int, width: int) -> None:
    with torch.no_grad():
        logits = decoder(name).eval()(pyramid(height, width), (height, width))
    assert logits.shape == (2, 1, height, width)
    assert logits.dtype == torch.float32


@pytest.mark.parametrize("name", NAMES)
def test_a_decoder_sizes_itself_from_what_the_encoder_declares(name: str) -> None:
    channels, strides = (4, 5, 6, 7, 8), (2, 4, 8, 16, 32)
    maps = [torch.randn(1, c, 64 // s, 64 // s) for c, s in zip(channels, strides, strict=True)]
    with torch.no_grad():
        assert build_decoder(name, channels, strides).eval()(maps, (64, 64)).shape == (1, 1, 64, 64)


@pytest.mark.parametrize("name", NAMES)
def test_logits_are_logits(name: str) -> None:
    """No sigmoid, no ReLU at the end: values of both signs, beyond 1 for large features."""
    with torch.no_grad():
        logits = decoder(name).eval()([1000 * level for level in pyramid()], (64, 64))
    assert logits.min() < 0 < logits.max()
    assert logits.abs().max() > 1


def test_the_names_are_those_of_the_families() -> None:
    assert tuple(DECODERS) == NAMES


@pytest.mark.parametrize(("wrong", "near"), [("dillated", "dilated"), ("transpose", "transposed"), ("conv", "conv5")])
def test_an_unknown_decoder_is_answered_with_the_nearest(wrong: str, near: str) -> None:
    with pytest.raises(UnknownNameError, match=f"no decoder named '{wrong}'. Did you mean '{near}'"):
        build_decoder(wrong, CHANNELS, STRIDES)


def test_a_name_near_to_none_is_answered_with_all() -> None:
    names: Sequence[str] = NAMES
    with pytest.raises(UnknownNameError) as caught:
        build_decoder("qqq", CHANNELS, STRIDES)
    assert str(caught.value).endswith(f"Known: {', '.join(names)}.")
    assert "Did you mean" not in str(caught.value)
