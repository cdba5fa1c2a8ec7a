"""The encoder equals torchvision's, declares what it gives, and freezes for real."""

# ruff: noqa: F401, F811 (fixtures are imported by name)
from __future__ import annotations

import hashlib
import io
import urllib.request
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torch import nn
from torchvision.models import MobileNet_V2_Weights, mobilenet_v2

from lesionseg_lib.errors import UnknownNameError, WeightsNotFoundError
from lesionseg_lib.models.encoder import STAGES, MobileNetV2Encoder, weights_file, weights_sha256
from tests.helpers.server import serving
from tests.helpers.tiny import imagenet_weights

LEVELS = (2, 4, 7, 14, 19)  # written out again here, so that a change in the library is noticed
ENUM = MobileNet_V2_Weights.IMAGENET1K_V1


@pytest.fixture(scope="module")
def encoder() -> MobileNetV2Encoder:
    torch.manual_seed(0)
    return MobileNetV2Encoder(weights=None).eval()


def test_every_level_equals_torchvisions_features_bit_for_bit(encoder: MobileNetV2Encoder) -> None:
    torch.manual_seed(0)
    features = mobilenet_v2(weights=None).features.eval()
    x = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        for level, length in zip(encoder(x), LEVELS, strict=True):
            assert torch.equal(level, features[:length](x))


def test_imagenet_weights_are_torchvisions_bit_for_bit(imagenet_weights: Path) -> None:
    theirs = mobilenet_v2(weights=ENUM).features.eval()
    ours = MobileNetV2Encoder().eval()
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(ours(x)[-1], theirs(x))
    assert weights_sha256() == hashlib.sha256(imagenet_weights.read_bytes()).hexdigest()


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (160, 32)])
def test_declared_channels_and_strides_are_those_of_the_tensors(
    encoder: MobileNetV2Encoder, height: int, width: int
) -> None:
    with torch.no_grad():
        pyramid = encoder(torch.zeros(2, 3, height, width))
    assert encoder.channels == (16, 24, 32, 96, 1280)
    assert encoder.strides == (2, 4, 8, 16, 32)
    expected = [(2, c, height // s, width // s) for c, s in zip(encoder.channels, encoder.strides, strict=True)]
    assert [tuple(level.shape) for level in pyramid] == expected


@pytest.mark.parametrize(("stage", "expected"), [(1, 15_792), (2, 39_696), (3, 487_040), (4, 1_681_344)])
def test_stage_has_its_published_number_of_parameters(encoder: MobileNetV2Encoder, stage: int, expected: int) -> None:
    assert sum(p.numel() for p in encoder.stage(stage).parameters()) == expected


def test_stages_cover_every_layer_once(encoder: MobileNetV2Encoder) -> None:
    layers = [layer for stage in STAGES for layer in encoder.stage(stage)]
    assert [id(layer) for layer in layers] == [id(layer) for layer in encoder.features]
    assert sum(p.numel() for p in encoder.parameters()) == 2_223_872


@pytest.mark.parametrize("frozen", [(), (1, 2, 3), (4,), (1, 2, 3, 4)])
def test_a_training_step_changes_the_thawed_stages_and_no_bit_of_the_frozen_ones(frozen: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    encoder = MobileNetV2Encoder(weights=None)
    encoder.freeze(frozen)
    network = nn.Sequential(encoder)
    network.train()  # as a training loop calls it: on the whole model, after freezing
    before = {stage: {k: v.clone() for k, v in encoder.stage(stage).state_dict().items()} for stage in STAGES}
    optimizer = torch.optim.SGD([p for p in encoder.parameters() if p.requires_grad] or [nn.Parameter(torch.ones(1))])
    loss = network(torch.randn(4, 3, 64, 64))[-1].square().mean()
    if loss.requires_grad:
        loss.backward()
        optimizer.step()
    assert loss.requires_grad == (frozen != (1, 2, 3, 4))
    for stage in STAGES:
        after = encoder.stage(stage).state_dict()
        same = {key: torch.equal(before[stage][key], after[key]) for key in after}
        parameters = dict(encoder.stage(stage).named_parameters())
        if stage in frozen:
            assert all(same.values())
            assert all(p.grad is None for p in parameters.values())
        else:
            statistics = [key for key in same if "running" in key or "num_batches" in key]
            assert not any(same[key] for key in statistics)
            assert all(p.grad is not None for p in parameters.values())
            assert not all(same[key] for key in parameters)


def test_freezing_survives_train_and_eval_and_ends_by_thawing(encoder: MobileNetV2Encoder) -> None:
    modes = {}
    encoder.freeze((1, 4))
    for call in (encoder.train, encoder.eval, encoder.train):
        call()
    modes["frozen"] = [encoder.stage(stage)[0].training for stage in STAGES]
    encoder.freeze(())
    modes["thawed"] = [encoder.stage(stage)[0].training for stage in STAGES]
    encoder.eval()
    assert modes == {"frozen": [False, True, True, False], "thawed": [True] * 4}
    assert all(p.requires_grad for p in encoder.parameters())


def test_freezing_a_stage_that_does_not_exist_changes_nothing() -> None:
    encoder = MobileNetV2Encoder(weights=None)
    encoder.freeze((1,))
    with pytest.raises(UnknownNameError, match=r"stage 5 does not exist.*\[1, 2, 3, 4\]"):
        encoder.freeze((4, 5))
    assert encoder.frozen == {1}
    encoder.train()
    assert [p.requires_grad for p in encoder.stage(4).parameters()].count(False) == 0


def test_unknown_weights_are_answered_with_the_known_names() -> None:
    with pytest.raises(UnknownNameError, match="IMAGENET1K_V1, IMAGENET1K_V2"):
        MobileNetV2Encoder(weights="IMAGENET")


# ---- weights that are missing, damaged or downloaded


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty TORCH_HOME; returns where the weights would be."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert weights_file() == tmp_path / "hub" / "checkpoints" / "mobilenet_v2-b0353104.pth"
    return weights_file()


def cut_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr("torch.hub.urlopen", refuse)
    monkeypatch.setattr(urllib.request, "urlopen", refuse)


def state_bytes(network: nn.Module) -> bytes:
    buffer = io.BytesIO()
    torch.save(network.state_dict(), buffer)
    return buffer.getvalue()


def test_weights_that_cannot_be_had_say_how_to_get_them(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_network(monkeypatch)
    with pytest.raises(WeightsNotFoundError) as caught:
        MobileNetV2Encoder()
    message = str(caught.value)
    for part in (str(empty_home), "no route to host", ENUM.url, "TORCH_HOME", "connect to the network"):
        assert part in message
    assert not empty_home.exists()
    assert weights_sha256() is None


@pytest.mark.parametrize("kind", ["garbage", "cut short", "another network"])
def test_a_damaged_cached_file_is_named_and_left_alone(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    cut_network(monkeypatch)
    whole = state_bytes(mobilenet_v2(weights=None)) if kind == "cut short" else b""
    contents = {
        "garbage": b"<!DOCTYPE html><html>Please log in</html>",
        "cut short": whole[: len(whole) // 2],
        "another network": state_bytes(nn.Linear(2, 2)),
    }[kind]
    empty_home.parent.mkdir(parents=True)
    empty_home.write_bytes(contents)
    with pytest.raises(WeightsNotFoundError, match="cached ImageNet weights cannot be read.*Delete the file") as caught:
        MobileNetV2Encoder()
    assert str(empty_home) in str(caught.value)
    assert empty_home.read_bytes() == contents


def test_weights_are_downloaded_verified_and_kept(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    source = mobilenet_v2(weights=None)
    body = state_bytes(source)
    name = f"mobilenet_v2-{hashlib.sha256(body).hexdigest()[:8]}.pth"
    with serving() as server:
        server.files[name] = body
        monkeypatch.setattr(ENUM.value, "url", server.url + name)
        encoder = MobileNetV2Encoder()
        again = MobileNetV2Encoder()
        assert [file for file, _ in server.seen] == [name]  # the second time from the cache
    assert weights_file().read_bytes() == body
    for network in (encoder, again):
        assert torch.equal(network.features[0][0].weight, source.features[0][0].weight)
        assert torch.equal(network.features[18][1].running_var, source.features[18][1].running_var)


def test_a_download_with_the_wrong_hash_is_refused(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        server.files["mobilenet_v2-00000000.pth"] = state_bytes(mobilenet_v2(weights=None))
        monkeypatch.setattr(ENUM.value, "url", server.url + "mobilenet_v2-00000000.pth")
        with pytest.raises(WeightsNotFoundError, match="invalid hash value"):
            MobileNetV2Encoder()
    assert not weights_file().exists()
