"""The segmenter checks its input, keeps its mode, and comes back from disk as it was."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from lesionseg_lib.errors import CheckpointError, ShapeError
from lesionseg_lib.models.card import CARD_NAME, WEIGHTS_NAME
from lesionseg_lib.models.decoders import DECODERS
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.preprocessing import Preprocessing, normalise
from lesionseg_lib.models.segmenter import Segmenter
from tests.helpers.tiny import TinyDecoder, tiny_segmenter

CARD = {"recipe": "conv5-frozen", "threshold": 0.4, "size": (64, 96)}
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (3, 32, 64, 3), dtype=np.uint8)


@pytest.fixture(scope="module", autouse=True)
def tiny_decoder() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DECODERS, "tiny", TinyDecoder)
        yield


@pytest.fixture(scope="module")
def network(tiny_decoder: None) -> Segmenter:
    return tiny_segmenter("tiny").eval()


@pytest.fixture(scope="module")
def saved_once(network: Segmenter, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return network.save(tmp_path_factory.mktemp("model"), **CARD)


@pytest.fixture
def saved(saved_once: Path, tmp_path: Path) -> Path:
    """A folder with a saved model that the test may damage."""
    return Path(shutil.copytree(saved_once, tmp_path / "model"))


# ---- input


@pytest.mark.parametrize(
    ("height", "width", "nearest"),
    [
        (100, 128, "96 x 128"),  # 100 / 32 = 3.1
        (120, 130, "128 x 128"),
        (5, 32, "32 x 32"),  # never 0
        (0, 64, "32 x 64"),
    ],
)
def test_a_size_that_does_not_fit_is_answered_with_the_nearest(
    network: Segmenter, height: int, width: int, nearest: str
) -> None:
    with pytest.raises(ShapeError, match=f"Images are {height} x {width}.*multiples of 32.*nearest.*{nearest}"):
        network(torch.zeros(1, 3, height, width))


@pytest.mark.parametrize("name", ["transposed", "dilated", "conv5"])
def test_any_multiple_of_32_gives_logits_of_the_same_size(name: str) -> None:
    with torch.no_grad():
        assert tiny_segmenter(name).eval()(torch.zeros(1, 3, 32, 96)).shape == (1, 1, 32, 96)


def test_a_pyramid_gives_the_same_logits_as_its_images(network: Segmenter) -> None:
    x = network.normalise(IMAGES)
    with torch.no_grad():
        assert torch.equal(network(network.encoder(x)), network(x))


# ---- prediction


def test_logits_are_those_of_forward_in_evaluation_mode_whatever_the_batch(network: Segmenter) -> None:
    network.train()
    logits = network.logits(IMAGES, batch_size=2)
    assert network.training  # the mode is restored
    network.eval()
    with torch.no_grad():
        expected = network(normalise(torch.from_numpy(IMAGES), network.preprocessing))[:, 0].numpy()
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-6)
    assert not network.training


def test_predicting_changes_no_statistic() -> None:
    network = tiny_segmenter("dilated").train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network.logits(IMAGES)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize("shape", [(50, 70), (64, 32), (200, 90)])
def test_probabilities_come_at_the_photos_own_size(network: Segmenter, shape: tuple[int, int]) -> None:
    photo = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    probabilities = network.probabilities(photo, (64, 64))
    assert probabilities.shape == shape
    assert probabilities.dtype == np.float32
    assert 0 <= probabilities.min() <= probabilities.max() <= 1


def test_a_photo_of_the_networks_size_is_not_resampled(network: Segmenter) -> None:
    expected = 1 / (1 + np.exp(-network.logits(IMAGES[:1])[0]))
    np.testing.assert_allclose(network.probabilities(IMAGES[0], (32, 64)), expected, atol=1e-6)


# ---- saving and loading


@pytest.mark.parametrize("name", ["transposed", "dilated", "conv5", "tiny"])
def test_a_saved_model_comes_back_bit_for_bit(name: str, tmp_path: Path) -> None:
    network = tiny_segmenter(name)
    network.preprocessing = Preprocessing((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    network.train()(torch.randn(2, 3, 64, 64))  # running statistics that are not the initial ones
    network.eval()
    network.save(tmp_path / "deep" / "folder", recipe="x", threshold=0.3, size=(64, 64))
    loaded, card = Segmenter.load(tmp_path / "deep" / "folder")
    assert card == {
        "format": 2,
        "recipe": "x",
        "threshold": 0.3,
        "size": [64, 64],
        "decoder": name,
        "mean": [0.1, 0.2, 0.3],
        "std": [0.4, 0.5, 0.6],
    }
    assert not loaded.training
    state, again = network.state_dict(), loaded.state_dict()
    assert state.keys() == again.keys()
    assert all(torch.equal(state[key], again[key]) for key in state)
    assert np.array_equal(network.logits(IMAGES), loaded.logits(IMAGES))
    assert loaded.preprocessing == network.preprocessing


def test_channels_last_weights_come_back_too(network: Segmenter, tmp_path: Path) -> None:
    other = tiny_segmenter("tiny", seed=1)
    other.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    other.save(tmp_path, **CARD)
    loaded, _ = Segmenter.load(tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(other.parameters(), loaded.parameters(), strict=True))


def test_loading_needs_no_imagenet_weights(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = MobileNetV2Encoder.__init__

    def watch(self: MobileNetV2Encoder, weights: Any = "IMAGENET1K_V1", *cut: int) -> None:
        asked.append(weights)
        real(self, weights, *cut)

    monkeypatch.setattr(MobileNetV2Encoder, "__init__", watch)
    Segmenter.load(saved, recipe="conv5-frozen")
    assert asked == [None]


def test_saving_again_replaces_the_model_and_leaves_nothing_else(saved: Path) -> None:
    other = tiny_segmenter("tiny", seed=2)
    other.save(saved, **{**CARD, "recipe": "conv5-finetuned"})
    loaded, card = Segmenter.load(saved)
    assert card["recipe"] == "conv5-finetuned"
    assert torch.equal(loaded.decoder.head.weight, other.decoder.head.weight)
    assert sorted(path.name for path in saved.iterdir()) == [CARD_NAME, WEIGHTS_NAME]


def test_a_full_disk_leaves_the_older_model(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in saved.iterdir()}

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match="could not be written.*No space left on device.*Free some space"):
        tiny_segmenter("tiny", seed=3).save(saved, **CARD)
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before


def test_a_decoder_that_could_not_be_rebuilt_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    network = tiny_segmenter("tiny")
    network.decoder = torch.nn.Identity()
    with pytest.raises(CheckpointError, match="Identity is not one of the library's decoders.*Register"):
        network.save(tmp_path / "model", **CARD)
    assert not (tmp_path / "model").exists()


# ---- damaged models


def edit_card(folder: Path, **changes: Any) -> None:
    card = json.loads((folder / CARD_NAME).read_text())
    (folder / CARD_NAME).write_text(json.dumps({**card, **changes}))


def cut_weights(folder: Path, keep: float) -> None:
    data = (folder / WEIGHTS_NAME).read_bytes()
    (folder / WEIGHTS_NAME).write_bytes(data[: int(len(data) * keep)])


def drop_from_card(folder: Path, name: str) -> None:
    card = json.loads((folder / CARD_NAME).read_text())
    del card[name]
    (folder / CARD_NAME).write_text(json.dumps(card))


def damage_metadata(folder: Path) -> None:
    save_file(load_file(folder / WEIGHTS_NAME), folder / WEIGHTS_NAME, metadata={"card": "{half"})


def drop_a_tensor(folder: Path) -> None:
    state = load_file(folder / WEIGHTS_NAME)
    del state["decoder.head.weight"]
    save_file(state, folder / WEIGHTS_NAME, metadata={"card": (folder / CARD_NAME).read_text()})


DAMAGES: dict[str, tuple[Any, str]] = {
    "no weights": (lambda f: (f / WEIGHTS_NAME).unlink(), "no saved model here. Expected model.safetensors and"),
    "no card": (lambda f: (f / CARD_NAME).unlink(), "no saved model here"),
    "weights cut in half": (lambda f: cut_weights(f, 0.5), "damaged or incomplete"),
    "weights cut in the header": (lambda f: cut_weights(f, 0.0001), "damaged or incomplete"),
    "weights empty": (lambda f: cut_weights(f, 0), "damaged or incomplete"),
    "weights garbage": (lambda f: (f / WEIGHTS_NAME).write_bytes(b"\xff" * 99), "damaged or incomplete"),
    "a tensor missing": (drop_a_tensor, "damaged or incomplete"),
    "metadata garbled": (damage_metadata, "damaged or incomplete"),
    "card garbled": (lambda f: (f / CARD_NAME).write_text('{"format": 1, "rec'), "not the card of a model"),
    "card binary": (lambda f: (f / CARD_NAME).write_bytes(b"\xff\xfe\x00"), "not the card of a model"),
    "card a list": (lambda f: (f / CARD_NAME).write_text("[1, 2]"), "not the card of a model"),
    "card without format": (lambda f: drop_from_card(f, "format"), "not the card of a model"),
    "card without threshold": (lambda f: drop_from_card(f, "threshold"), "lacks threshold"),
    "card of another format": (lambda f: edit_card(f, format=99), "format 99, expected 1 or 2"),
    "card with an unknown decoder": (lambda f: edit_card(f, decoder="conv6"), "no decoder named 'conv6'.*'conv5'"),
    "card of another decoder": (lambda f: edit_card(f, decoder="dilated"), "weights of a 'dilated' segmenter"),
    "card edited": (lambda f: edit_card(f, threshold=0.9), "do not belong together"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_model_is_refused_by_a_sentence_that_names_it(saved: Path, damage: str) -> None:
    spoil, message = DAMAGES[damage]
    spoil(saved)
    with pytest.raises(CheckpointError, match=message) as caught:
        Segmenter.load(saved)
    assert str(saved) in str(caught.value)


def test_a_model_of_another_recipe_is_refused(saved: Path) -> None:
    with pytest.raises(CheckpointError, match="trained by recipe 'conv5-frozen', expected 'dilated-all'"):
        Segmenter.load(saved, recipe="dilated-all")


def test_files_of_two_models_are_not_taken_for_one(saved: Path, tmp_path: Path) -> None:
    other = tiny_segmenter("tiny", seed=4).save(tmp_path / "other", **{**CARD, "recipe": "conv5-finetuned"})
    shutil.copy(other / WEIGHTS_NAME, saved / WEIGHTS_NAME)
    with pytest.raises(CheckpointError, match="do not belong together.*conv5-finetuned"):
        Segmenter.load(saved)


@pytest.mark.parametrize("number", [np.float32, np.float64, torch.tensor])
def test_numbers_of_numpy_and_torch_are_saved_as_numbers(network: Segmenter, tmp_path: Path, number: Any) -> None:
    network.save(tmp_path, **{**CARD, "threshold": number(0.5), "size": (np.int64(64), np.int32(96))})
    card = Segmenter.load(tmp_path)[1]
    assert (card["threshold"], card["size"]) == (0.5, [64, 96])


@pytest.mark.parametrize("size", [64, None, "ab", (64, 64, 64)])
def test_a_size_that_is_none_is_not_saved(network: Segmenter, tmp_path: Path, size: Any) -> None:
    with pytest.raises(CheckpointError, match="size is "):
        network.save(tmp_path, **{**CARD, "size": size})


def test_a_photo_in_shares_of_one_is_refused(network: Segmenter) -> None:
    with pytest.raises(ShapeError, match="image is float64, expected uint8"):
        network.probabilities(IMAGES[0] / 255, (32, 64))
