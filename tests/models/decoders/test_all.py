"""What every decoder does: levels it reads, gradients, sizes, logits; and how it is asked for by name."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import nn

from lesionseg_lib.errors import UnknownNameError
from lesionseg_lib.models.decoders import DECODERS, build_decoder
from tests.helpers.decoders import CHANNELS, NAMES, STRIDES, count, decoder, pyramid


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
