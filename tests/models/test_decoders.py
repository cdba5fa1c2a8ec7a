"""The decoders have the published layers, sizes and parameter counts, and learn everywhere."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from lesionseg_lib.errors import MissingPackageError, UnknownNameError
from lesionseg_lib.models.cost import count_parameters
from lesionseg_lib.models.decoders import (
    DECODERS,
    AttentionGate,
    Conv5Decoder,
    SegNetDecoder,
    TransposedDecoder,
    UNetDecoder,
    build_decoder,
)
from lesionseg_lib.models.decoders.aspp import ASPP
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from tests.helpers.tiny import tiny_segmenter

CHANNELS, STRIDES = MobileNetV2Encoder.channels, MobileNetV2Encoder.strides
NAMES = (
    "unet", "segnet-attention", "segnet-attention-atrous", "transposed", "dilated", "refine", "conv5",
    "light", "unet-without-skips", "segnet", "smp-unet",
)  # fmt: skip


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


# ---- family A


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


def depends_on(name: str) -> list[bool]:
    """Whether the logits have a gradient with respect to each level of the pyramid, finest first."""
    maps = [level.requires_grad_() for level in pyramid()]
    decoder(name).eval()(maps, (64, 64)).square().sum().backward()
    return [level.grad is not None and bool(level.grad.any()) for level in maps]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("unet", [True] * 5),
        ("segnet", [True] * 5),
        ("segnet-attention", [True] * 5),
        ("segnet-attention-atrous", [True] * 5),
        ("light", [True] * 5),
        ("smp-unet", [True] * 5),
        ("dilated", [False, True, True, True, True]),
        ("unet-without-skips", [False, False, False, False, True]),
        ("refine", [False, False, False, False, True]),
        ("transposed", [False, False, False, False, True]),
        ("conv5", [False, False, False, False, True]),
    ],
)
def test_a_decoder_reads_the_levels_that_its_diagram_shows(name: str, expected: list[bool]) -> None:
    assert depends_on(name) == expected


def test_the_control_of_unet_has_its_layers_without_the_weights_for_the_skips() -> None:
    missing = sum(9 * skip * width for skip, width in zip((96, 32, 24, 16), (128, 64, 32, 16), strict=True))
    assert count(decoder("unet")) - count(decoder("unet-without-skips")) == missing


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("unet", 1_231_201),
        ("segnet", 929_393),
        ("segnet-attention", 980_589),
        ("segnet-attention-atrous", 1_294_989),
        ("refine", 3_189_849),
        ("light", 53_409),
    ],
)
def test_a_docstring_tells_the_number_of_parameters(name: str, parameters: int) -> None:
    network = decoder(name)
    assert count(network) == parameters
    assert f"{parameters:,} parameters" in (type(network).__doc__ or "")


@pytest.mark.parametrize("name", ["segnet-attention", "segnet-attention-atrous"])
def test_attention_coefficients_come_finest_first_between_0_and_1(name: str) -> None:
    network = decoder(name).eval()
    assert isinstance(network, SegNetDecoder)
    maps = pyramid(128, 96)
    with torch.no_grad():
        logits, coefficients = network.attend(maps, (128, 96))
        assert torch.equal(logits, network(maps, (128, 96)))
    assert [tuple(alpha.shape) for alpha in coefficients] == [(2, 1, 128 // s, 96 // s) for s in (2, 4, 8, 16)]
    assert all(alpha.min() > 0 and alpha.max() < 1 for alpha in coefficients)
    with torch.no_grad():
        assert decoder("segnet").eval().attend(maps, (128, 96))[1] == []  # type: ignore[operator]


def test_the_gate_is_the_papers_additive_attention() -> None:
    """Equations 1 and 2 for one place: alpha = sigmoid(psi ReLU(W_x x + W_g g + b) + b_psi)."""
    gate = AttentionGate(skip_channels=1, gate_channels=1).eval()
    with torch.no_grad():
        for p in gate.parameters():
            p.zero_()
        gate.of_skip.weight[0, 0] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        gate.of_gate.weight[0] = 5.0
        gate.of_gate.bias[0] = -1.0  # type: ignore[index]
        gate.to_coefficient.weight[0, 0] = 0.5
        gate.to_coefficient.bias[0] = -2.0  # type: ignore[index]
        skip, g = torch.tensor([[[[0.1, 0.2], [0.3, 0.4]]]]), torch.tensor([[[[0.2]]]])
        _, alpha = gate(skip, g)
    # W_x x = .1 + .4 + .9 + 1.6 = 3; W_g g + b = 1 - 1 = 0; ReLU(3) / 2 - 2 = -.5
    assert alpha.shape == (1, 1, 2, 2)
    assert alpha.flatten().tolist() == pytest.approx([1 / (1 + math.exp(0.5))] * 4)


def test_a_closed_gate_lets_nothing_of_the_skip_through() -> None:
    gate = AttentionGate(4, 4).eval()
    g = torch.randn(1, 4, 2, 2)
    with torch.no_grad():
        gate.to_coefficient.weight.zero_()
        gate.to_coefficient.bias.fill_(-1e4)  # type: ignore[union-attr]
        shut = [gate(torch.randn(1, 4, 4, 4), g)[0] for _ in range(2)]
        gate.to_coefficient.bias.fill_(1e4)  # type: ignore[union-attr]
        skip = torch.randn(1, 4, 4, 4)
        assert torch.allclose(gate(skip, g)[0], gate.out(skip))
    assert torch.equal(*shut)


def test_aspp_looks_through_its_rates_and_at_the_whole_map() -> None:
    aspp = ASPP(3, 4, rates=(1, 2, 3)).eval()
    x = torch.randn(1, 3, 9, 9, requires_grad=True)
    for branch, rate in zip(aspp.atrous, (1, 2, 3), strict=True):
        (gradient,) = torch.autograd.grad(branch[0](x)[0, :, 4, 4].sum(), x)
        rows = gradient[0].abs().sum((0, 2)).nonzero().flatten().tolist()
        assert rows == [4 - rate, 4, 4 + rate]
    whole = aspp.whole(x)
    assert whole.shape == (1, 4, 1, 1)
    assert aspp(x).shape == (1, 4, 9, 9)
    aspp.train()(torch.randn(1, 3, 4, 4))  # one image is enough for its batch norm


# ---- the peer


def test_the_peer_computes_what_the_other_librarys_whole_network_computes() -> None:
    smp = pytest.importorskip("segmentation_models_pytorch")
    theirs, ours = smp.Unet("mobilenet_v2", encoder_weights=None).eval(), tiny_segmenter("smp-unet").eval()
    theirs.encoder.load_state_dict(ours.encoder.state_dict())
    theirs.decoder.load_state_dict(ours.decoder.decoder.state_dict())  # type: ignore[union-attr]
    theirs.segmentation_head.load_state_dict(ours.decoder.head.state_dict())  # type: ignore[union-attr]
    images = torch.randn(2, 3, 96, 64)
    with torch.no_grad():
        assert torch.equal(theirs(images), ours(images))


def test_the_peer_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segmentation_models_pytorch", None)
    with pytest.raises(MissingPackageError, match="pip install segmentation-models-pytorch"):
        decoder("smp-unet")


def test_the_peer_says_when_its_encoder_is_another() -> None:
    with pytest.raises(MissingPackageError, match=r"levels of .* channels, ours of \[4, 5, 6, 7, 8\]"):
        build_decoder("smp-unet", (4, 5, 6, 7, 8), STRIDES)


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


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name != "smp-unet"]
)  # theirs brings its own encoder's sizes
def test_a_decoder_sizes_itself_from_what_the_encoder_declares(name: str) -> None:
    channels, strides = (4, 5, 6, 7, 8), (2, 4, 8, 16, 32)
    maps = [torch.randn(1, c, 64 // s, 64 // s) for c, s in zip(channels, strides, strict=True)]
    with torch.no_grad():
        assert build_decoder(name, channels, strides).eval()(maps, (64, 64)).shape == (1, 1, 64, 64)


@pytest.mark.parametrize("name", NAMES)
def test_logits_are_logits(name: str) -> None:
    """No sigmoid, no ReLU at the end: values of both signs, and as large as the last layer's weights make them."""
    network = decoder(name).train()
    last = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)][-1]
    with torch.no_grad():
        last.weight.mul_(1000)
        logits = network([1000 * level for level in pyramid()], (64, 64))
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
