"""SegNet with attention gates and ASPP."""

from __future__ import annotations

import math

import pytest
import torch

from lesionseg_lib.models.decoders import AttentionGate, SegNetDecoder
from lesionseg_lib.models.decoders.aspp import ASPP
from tests.helpers.decoders import decoder, pyramid


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
