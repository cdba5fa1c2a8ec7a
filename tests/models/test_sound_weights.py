"""Weights that no training leaves are named."""

from __future__ import annotations

import pytest
import torch

from lesionseg_lib.models.sound_weights import weights_fault
from tests.helpers.tiny import tiny_segmenter

GOOD = {"conv.weight": torch.ones(2, 3, 1, 1), "norm.running_var": torch.tensor([0.0, 1.0]), "steps": torch.tensor(0)}


def test_sound_weights_have_no_fault() -> None:
    assert weights_fault(GOOD) is None and weights_fault(GOOD, strict=True) is None
    for decoder in ("light", "unet", "transposed"):
        assert weights_fault(tiny_segmenter(decoder).state_dict(), strict=True) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["conv.weight", "norm.running_var"])
def test_values_that_are_not_finite_are_found_wherever_they_are(name: str, value: float) -> None:
    spoilt = GOOD[name].clone()
    spoilt.view(-1)[-1] = value
    assert weights_fault({**GOOD, name: spoilt}) == f"{name} has values that are not finite"


def test_what_is_wiped_out_is_found_where_no_digest_vouches() -> None:
    for name in ("conv.weight", "norm.running_var"):
        spoilt = {**GOOD, name: torch.zeros_like(GOOD[name])}
        assert weights_fault(spoilt) is None
        assert weights_fault(spoilt, strict=True) == f"{name} is zero throughout"
