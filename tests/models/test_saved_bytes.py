"""A saved model: any damage is noticed, a kill leaves a whole one, old ones load and say that they are unverified."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load, save

from lesionseg_lib.errors import CheckpointError, DataWarning
from lesionseg_lib.models.card import CARD_NAME, WEIGHTS_NAME
from lesionseg_lib.models.decoders import DECODERS
from lesionseg_lib.models.segmenter import Segmenter
from tests.helpers.damage import contents, damages, every_kill
from tests.helpers.tiny import TinyDecoder, tiny_segmenter

CARD: dict[str, Any] = {"recipe": "light", "threshold": 0.5, "size": (64, 64)}


@pytest.fixture(scope="module", autouse=True)
def tiny_decoder() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DECODERS, "tiny", TinyDecoder)
        yield


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return tiny_segmenter("tiny").save(tmp_path / "model", **CARD)


def make_old(folder: Path, change: dict[str, torch.Tensor] | None = None) -> Path:
    """The same model as format 1 had it."""
    card = json.loads((folder / CARD_NAME).read_text())
    del card["sha256"]
    card["format"] = 1
    state = {**load((folder / WEIGHTS_NAME).read_bytes()), **(change or {})}
    (folder / WEIGHTS_NAME).write_bytes(save(state, {"card": json.dumps(card)}))
    (folder / CARD_NAME).write_text(json.dumps(card))
    return folder


@pytest.mark.parametrize("name", [WEIGHTS_NAME, CARD_NAME])
def test_every_damage_is_refused(saved: Path, name: str) -> None:
    good, whole = (saved / name).read_bytes(), json.loads((saved / CARD_NAME).read_text())
    for what, content in damages(good, 20):
        (saved / name).write_bytes(content)
        try:
            _, card = Segmenter.load(saved)
        except CheckpointError as error:
            assert str(saved) in str(error), what
            continue
        assert name == CARD_NAME and {**card, "sha256": whole["sha256"]} == whole, what  # a space became another


def test_weights_that_are_not_finite_are_neither_saved_nor_loaded(saved: Path) -> None:
    before = contents(saved)
    for value in (float("nan"), float("inf")):
        network = tiny_segmenter("tiny")
        network.decoder.head.weight.data[0, 0] = value
        with pytest.raises(CheckpointError, match="decoder.head.weight has values that are not finite"):
            network.save(saved, **CARD)
        assert contents(saved) == before
        make_old(saved, {"decoder.head.weight": network.decoder.head.weight.data})
        with pytest.raises(CheckpointError, match="decoder.head.weight has values that are not finite"):
            Segmenter.load(saved)
        tiny_segmenter("tiny").save(saved, **CARD)


def test_a_model_of_format_1_loads_and_is_said_to_be_unverified(saved: Path) -> None:
    expected = Segmenter.load(saved)[0].state_dict()
    with pytest.warns(DataWarning, match="saved before models carried a SHA-256, so it is used unverified"):
        model, card = Segmenter.load(make_old(saved))
    assert card["format"] == 1
    assert all(torch.equal(value, expected[name]) for name, value in model.state_dict().items())
    model.save(saved, **CARD)
    with warnings.catch_warnings(action="error"):
        Segmenter.load(saved)


def test_an_old_model_of_which_a_part_is_wiped_out_is_refused(saved: Path) -> None:
    make_old(saved, {"decoder.head.weight": torch.zeros(1, 1280, 1, 1)})
    with pytest.raises(CheckpointError, match="decoder.head.weight is zero throughout"):
        Segmenter.load(saved)


@pytest.mark.parametrize("changes", [{"threshold": 7}, {"size": (100, 100)}, {"size": (0, 0)}, {"recipe": ""}])
def test_a_model_that_could_not_be_used_is_not_saved(saved: Path, changes: dict[str, Any]) -> None:
    before = contents(saved)
    with pytest.raises(CheckpointError, match="expected"):
        tiny_segmenter("tiny").save(saved, **{**CARD, **changes})
    assert contents(saved) == before


def test_a_kill_at_any_step_leaves_the_old_model_or_the_new_one(saved: Path, tmp_path: Path) -> None:
    kept, other = tmp_path / "kept", tiny_segmenter("tiny", seed=1)
    shutil.copytree(saved, kept)
    states = [model.state_dict()["decoder.head.weight"] for model in (tiny_segmenter("tiny"), other)]
    seen = []

    def prepare() -> None:
        shutil.rmtree(saved)
        shutil.copytree(kept, saved)

    for _ in every_kill(prepare, lambda: other.save(saved, **{**CARD, "recipe": "other"})):
        model, card = Segmenter.load(saved)
        new = card["recipe"] == "other"
        assert torch.equal(model.decoder.head.weight, states[new])
        seen.append(new)
    assert seen == sorted(seen) and set(seen) == {False, True}


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may read everything")
def test_a_model_that_may_not_be_read_is_not_called_damaged(saved: Path) -> None:
    (saved / WEIGHTS_NAME).chmod(0)
    with pytest.raises(CheckpointError, match="cannot be read .Permission denied.*Ask its owner"):
        Segmenter.load(saved)


def test_both_files_are_as_readable_as_each_other(saved: Path) -> None:
    assert len({file.stat().st_mode for file in saved.iterdir()}) == 1
