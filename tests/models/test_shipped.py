"""The network that the package carries: usable at once, the recorded one, small, and refused where it is damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from lesionseg_lib import models
from lesionseg_lib.data.cache import decode_once
from lesionseg_lib.data.datasets import ISIC2016, find_isic2016
from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.evaluation.metrics import confusion, reduce
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.experiments.about_run import about_run
from lesionseg_lib.models import shipped
from lesionseg_lib.models.about import About, read_about
from lesionseg_lib.models.cost import count_parameters
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.results.records import read_record, record_path
from tests.helpers.exports import drawn
from tools import ROOT

LIMIT = 5_000_000
RECORD = record_path(ROOT / "results", shipped.RECIPE, 0)


def test_it_is_there_without_weights_and_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "nothing"))
    network, card = models.pretrained()
    assert not network.training and (card["recipe"], card["threshold"]) == ("feather-exact", 0.5)
    shares = (network.logits(drawn(4, card["size"][0])) > 0).mean((1, 2))
    assert (shares > 0.02).all() and (shares < 0.9).all(), "an outline in every photo, and not all of it"


def test_its_card_agrees_with_its_record() -> None:
    record = read_record(RECORD)
    about = models.about_pretrained()
    assert about == about_run(record)
    assert record["recipe"]["masks"] == "exact" and "BY-NC" not in about.licence and "CC-0" in about.licence
    assert "Not a medical device" in about.notice
    network, card = models.pretrained()
    assert count_parameters(network)["total"] == record["parameters"]["total"]
    assert (card["threshold"], card["size"]) == (record["recipe"]["threshold"], record["recipe"]["size"])


def test_it_scores_what_its_record_says() -> None:
    if not find_isic2016("official"):
        pytest.skip("no ISIC 2016; set LESIONSEG_DATA to where it is")
    network, card = models.pretrained()
    test = ISIC2016(split="test")
    probabilities = sigmoid(network.logits(decode_once(test, tuple(card["size"])).images))
    found = score_images(probabilities, test, card["threshold"])["jaccard"].mean()
    assert found == pytest.approx(read_record(RECORD)["test"]["jaccard"]["mean"], abs=1e-4)  # it is half precision


def test_the_package_stays_small() -> None:
    files = {path.name: path.stat().st_size for path in shipped.PRETRAINED.iterdir()}
    assert files.keys() == {"model.safetensors", "model.json", "LICENSE"}
    assert sum(files.values()) < LIMIT / 4


def copy_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(shipped.PRETRAINED, folder)
    monkeypatch.setattr(shipped, "PRETRAINED", folder)
    return folder / "model.safetensors"


@pytest.mark.parametrize("place", [0, 8, 3000, 900_000, -1])
def test_a_flipped_bit_is_noticed(place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = copy_of(tmp_path / "own", monkeypatch)
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"cannot be used: .*model\.safetensors.*nstall the package again"):
        models.pretrained()


@pytest.mark.parametrize("content", [b"", b"{", b"\x08\0\0\0\0\0\0\0{}      ", b"\xff" * 100])
def test_a_file_without_card_is_refused(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_of(tmp_path / "own", monkeypatch).write_bytes(content)
    with pytest.raises(CheckpointError, match="what network this is.*nstall the package again"):
        models.about_pretrained()


def test_what_is_told_travels_inside_the_weights_and_moves_no_tensor(tmp_path: Path) -> None:
    network, card = models.pretrained()
    told = About(recipe="light", threshold=0.25, licence="none")
    kept = {"recipe": "light", "threshold": 0.25, "size": tuple(card["size"])}
    for about in (told, None):
        network.save(tmp_path / str(about), **kept, about=about)
        assert read_about(tmp_path / str(about) / "model.safetensors") == about
    again, _ = models.Segmenter.load(tmp_path / str(told))
    assert (again.logits(drawn(1, 64)) == network.logits(drawn(1, 64))).all()


def test_the_exported_file_draws_the_same_masks(tmp_path: Path) -> None:
    """Of real test images where they are here, else of drawn lesions. Byte weights change 1 pixel of 500 at most."""
    pytest.importorskip("onnxscript")
    from lesionseg_lib.models.export import export_onnx
    from lesionseg_lib.models.onnx_network import OnnxNetwork

    network, card = models.pretrained()
    size = (card["size"][0], card["size"][1])
    images, truth = drawn(12, size[0]), None
    if find_isic2016("official"):
        decoded = decode_once(ISIC2016(split="test"), size)
        images, truth = np.asarray(decoded.images), np.asarray(decoded.masks).astype(bool)
    expected = sigmoid(network.logits(images))
    for weights, apart, pixels in (("fp32", 1e-5, 0.0), ("w8", 0.3, 0.002)):
        path = tmp_path / f"{weights}.onnx"
        path.write_bytes(export_onnx(network, models.about_pretrained(), size, weights))
        found = OnnxNetwork(path).probabilities(images)
        assert np.abs(found - expected).max() < apart
        assert np.mean((found > 0.5) != (expected > 0.5)) <= pixels
        if truth is not None:
            scores = [reduce(confusion(maps > 0.5, truth), "jaccard") for maps in (found, expected)]
            assert abs(scores[0] - scores[1]) <= 0.003
