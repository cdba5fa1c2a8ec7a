"""``lesionseg export``: a file and a line that says what it is, or one sentence."""

# ruff: noqa: F401 (fixtures are imported by name)
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lesionseg_lib.cli import export
from lesionseg_lib.data.datasets import SyntheticLesions
from lesionseg_lib.data.splits import split_validation
from lesionseg_lib.models import about_pretrained
from lesionseg_lib.models.onnx_network import OnnxNetwork
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from tests.helpers.commands import an_empty_place, cache, lesionseg, refused
from tests.helpers.exports import drawn
from tests.helpers.models import save_random_model

pytest.importorskip("onnxscript")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_model(tmp_path_factory.mktemp("model"), threshold=0.25)


def test_a_model_becomes_a_file_that_says_the_same(model: Path, tmp_path: Path) -> None:
    result = lesionseg("export", model, "--size", "96")
    assert result.exit_code == 0, result.output
    assert f"Network  {model}: transposed-frozen, threshold 0.25" in result.stdout
    (file,) = tmp_path.glob("*.onnx")
    assert file.name == "transposed-frozen-96-fp32.onnx" and f"Wrote    {file.name}: " in result.stdout
    network, images = OnnxNetwork(file), drawn(2, 96)
    assert (network.size, network.threshold, network.about["weights"]) == ((96, 96), 0.25, "fp32")
    assert np.abs(network.probabilities(images) - sigmoid(Segmenter.load(model)[0].logits(images))).max() < 1e-5


def test_the_packages_own_network_is_exported_with_its_card(tmp_path: Path) -> None:
    result = lesionseg("export", "--pretrained", "--weights", "w8", "--output", "own.onnx")
    assert result.exit_code == 0, result.output
    assert "Network  the package's own network: feather-exact, threshold 0.5" in result.stdout
    file = tmp_path / "own.onnx"
    assert file.stat().st_size < 650_000
    assert OnnxNetwork(file).about == {**about_pretrained().told(), "weights": "w8"}


def test_one_network_is_named(model: Path) -> None:
    for arguments in ([], [model, "--pretrained"]):
        refused(lesionseg("export", *arguments), "Name a model, or give --pretrained")


def test_a_file_that_is_there_stays_unless_it_is_asked_for(model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"mine")
    refused(lesionseg("export", model, "--output", "a.onnx"), "a.onnx exists", "--overwrite")
    assert (tmp_path / "a.onnx").read_bytes() == b"mine"
    assert lesionseg("export", model, "--output", "a.onnx", "--overwrite").exit_code == 0
    assert OnnxNetwork(tmp_path / "a.onnx").size == (64, 64)


def test_what_cannot_be_exported_is_said_before_anything_is_written(model: Path, tmp_path: Path) -> None:
    refused(lesionseg("export", model, "--size", "100"), "100 x 100 pixels", "multiples of 32", "The nearest is 96")
    refused(lesionseg("export", model, "--size", "0"), "The nearest is 32")
    refused(lesionseg("export", model, "--weights", "int4"), "no format of weights named 'int4'", "int8")
    refused(lesionseg("export", model, "--format", "tflite"), "no format of files named 'tflite'", "onnx")
    refused(lesionseg("export", "light"), "no trained model of recipe light")
    refused(lesionseg("export", model, "--weights", "int8"), "ISIC 2016 (train) was not found", "lesionseg download")
    assert not list(tmp_path.glob("*.onnx"))


def test_calibration_photos_are_of_the_training_part(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def lesions(split: str) -> SyntheticLesions:
        opened.append(split)
        return SyntheticLesions(150, size=48)

    monkeypatch.setattr(export, "ISIC2016", lesions)
    photos = export.calibration_photos((48, 48))
    train, _ = split_validation(SyntheticLesions(150, size=48))
    assert opened == ["train"] and len(train) > 64
    assert photos.shape == (64, 48, 48, 3) and photos.dtype == np.uint8
    assert (photos[0] == train.image(0)).all() and (photos[-1] == train.image(len(train) - 1)).all()
