"""The encoder without its last stage: what is left, what it costs, and that a saved model is rebuilt as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from lesionseg_lib.errors import CheckpointError, ShapeError, UnknownNameError
from lesionseg_lib.models.cost import count_macs, parameters_of
from lesionseg_lib.models.decoders.light import LightDecoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.build import build_segmenter
from lesionseg_lib.training.recipes import get_recipe


def cut(seed: int = 0, last_stage: int = 3) -> Segmenter:
    torch.manual_seed(seed)
    encoder = MobileNetV2Encoder(None, last_stage)
    return Segmenter(encoder, LightDecoder(encoder.channels, encoder.strides)).eval()


def test_its_maps_are_the_first_four_of_the_whole_encoder_bit_for_bit() -> None:
    torch.manual_seed(0)
    whole, short = MobileNetV2Encoder(None).eval(), MobileNetV2Encoder(None, last_stage=3).eval()
    short.load_state_dict({name: tensor for name, tensor in whole.state_dict().items() if name in short.state_dict()})
    images = torch.randn(1, 3, 64, 32)
    with torch.no_grad():
        pairs = list(zip(short(images), whole(images), strict=False))
    assert len(pairs) == 4 and all(torch.equal(a, b) for a, b in pairs)
    assert short.channels == (16, 24, 32, 96) and short.strides == (2, 4, 8, 16)
    assert whole.channels[-1] == 1280 and MobileNetV2Encoder.strides[-1] == 32  # the whole one is as before
    assert parameters_of(short) == 542_528  # 15,792 + 39,696 + 487,040


def test_feather_has_half_a_million_parameters_and_79_million_multiplications() -> None:
    network = build_segmenter(get_recipe("feather"), weights=None)
    assert parameters_of(network) == 553_569 <= 600_000
    assert count_macs(network, (128, 128)) <= 80_000_000
    whole = build_segmenter(get_recipe("light-strong"), weights=None)
    assert parameters_of(whole) / parameters_of(network) > 4


def test_it_freezes_what_it_has_and_no_more() -> None:
    encoder = MobileNetV2Encoder(None, last_stage=3)
    encoder.freeze()
    assert encoder.frozen == {1, 2, 3} and not any(p.requires_grad for p in encoder.parameters())
    for call in (lambda: encoder.freeze([4]), lambda: encoder.stage(4)):
        with pytest.raises(UnknownNameError, match=r"stage 4 does not exist. Stages are \[1, 2, 3\]"):
            call()
    with pytest.raises(UnknownNameError, match=r"stage 5 does not exist. Stages are \[1, 2, 3, 4\]"):
        MobileNetV2Encoder(None, last_stage=5)


def test_it_takes_multiples_of_16() -> None:
    assert cut()(torch.zeros(1, 3, 48, 80)).shape == (1, 1, 48, 80)
    with pytest.raises(ShapeError, match="must be multiples of 16"):
        cut()(torch.zeros(1, 3, 40, 64))


@pytest.mark.parametrize("last_stage", [2, 3])
def test_a_saved_model_is_rebuilt_as_it_was_cut(tmp_path: Path, last_stage: int) -> None:
    network, images = cut(last_stage=last_stage), torch.randn(1, 3, 32, 32)
    network.save(tmp_path, recipe="feather", threshold=0.5, size=(128, 128))
    loaded, card = Segmenter.load(tmp_path)
    assert card["last_stage"] == last_stage
    with torch.no_grad():
        assert torch.equal(loaded(images), network(images))


def test_the_card_of_a_whole_encoder_is_what_it_was(tmp_path: Path) -> None:
    cut(last_stage=4).save(tmp_path, recipe="light", threshold=0.5, size=(128, 128))
    card = json.loads((tmp_path / "model.json").read_text())
    assert list(card) == ["format", "recipe", "threshold", "size", "decoder", "mean", "std", "sha256"]


def test_a_card_that_tells_of_another_cut_is_refused(tmp_path: Path) -> None:
    cut().save(tmp_path, recipe="feather", threshold=0.5, size=(128, 128))
    path = tmp_path / "model.json"
    for stage, reason in (
        (2, "cannot be read as the weights|do not belong together"),
        (7, "last_stage is 7, expected"),
    ):
        path.write_text(json.dumps({**json.loads(path.read_text()), "last_stage": stage}))
        with pytest.raises(CheckpointError, match=reason):
            Segmenter.load(tmp_path)
