"""``lesionseg predict --onnx``, and the example of the book that needs neither torch nor the library."""

# ruff: noqa: F401 (fixtures are imported by name)
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from lesionseg_lib.data.datasets import SyntheticLesions
from tests.helpers.commands import an_empty_place, cache, lesionseg, refused
from tests.helpers.exports import custom_operator, somebody_elses
from tools import ROOT

pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("exported") / "own.onnx"
    result = lesionseg("export", "--pretrained", "--output", file)
    assert result.exit_code == 0, result.output
    return file


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "photo.jpg"
    PIL.Image.fromarray(SyntheticLesions(1, size=200, seed=3).image(0)[:150]).save(file, quality=95)
    return file


def mask_of(path: Path) -> np.ndarray:
    return np.asarray(PIL.Image.open(path))


def test_the_exported_file_draws_the_mask_of_the_network(exported: Path, photo: Path, tmp_path: Path) -> None:
    assert lesionseg("predict", photo, "--out", "torch").exit_code == 0
    result = lesionseg("predict", photo, "--onnx", exported, "--out", "onnx")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"Model    {exported}: feather-exact, onnxruntime, threshold 0.5\n")
    expected, found = (mask_of(tmp_path / name / "photo_mask.png") for name in ("torch", "onnx"))
    assert expected.shape == (150, 200) and 0.02 < (expected > 0).mean() < 0.9
    assert (found == expected).all()


def test_the_example_without_torch_draws_the_same_mask(exported: Path, photo: Path, tmp_path: Path) -> None:
    text = (ROOT / "book" / "using.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(example.splitlines()) <= 20 and "torch" not in example and "lesionseg_lib" not in example
    (tmp_path / "network.onnx").write_bytes(exported.read_bytes())
    program = f"import sys\nsys.modules.update(torch=None, lesionseg_lib=None)\n{example}"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
    assert lesionseg("predict", photo, "--onnx", exported).exit_code == 0
    assert (mask_of(tmp_path / "mask.png") == mask_of(tmp_path / "predictions" / "photo_mask.png")).all()


def test_a_file_that_is_not_ours_is_named(exported: Path, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "short.onnx").write_bytes(exported.read_bytes()[:100_000])
    refused(
        lesionseg("predict", photo, "--onnx", "short.onnx"), "short.onnx: ", "cut short", "export the network again"
    )
    custom_operator(tmp_path / "custom.onnx")
    refused(lesionseg("predict", photo, "--onnx", "custom.onnx"), "operator that onnxruntime does not know", "Sharpen")
    somebody_elses(tmp_path / "theirs.onnx")
    refused(lesionseg("predict", photo, "--onnx", "theirs.onnx"), "expected photo, uint8 [1, H, W, 3]")
    refused(lesionseg("predict", photo, "--onnx", photo), "photo.jpg: ", "no ONNX file")
    refused(lesionseg("predict", photo, "--onnx", "none.onnx"), "none.onnx: cannot be read", "No such file")
    refused(lesionseg("predict", photo, "--onnx", exported, "--model", "light"), "Give --model or --onnx")
    assert not (tmp_path / "predictions").exists()


def test_without_the_extra_it_is_named(exported: Path, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    refused(lesionseg("predict", photo, "--onnx", exported), "onnxruntime, which is not installed", "extra edge")


def test_a_photo_of_one_pixel_gets_a_mask_of_one(exported: Path, tmp_path: Path) -> None:
    PIL.Image.new("RGB", (1, 1), (200, 160, 140)).save(tmp_path / "one.png")
    for more in ([], ["--onnx", exported, "--overwrite"]):
        assert lesionseg("predict", "one.png", *more).exit_code == 0
        assert mask_of(tmp_path / "predictions" / "one_mask.png").shape == (1, 1)


MEMORY = """
from typer.testing import CliRunner
from lesionseg_lib.cli.app import app
run = lambda *words: CliRunner().invoke(app, ["predict", *words]).exit_code
peak = lambda: int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
assert run("small.jpg") == 0
before = peak()
assert run("huge.jpg") == 0
print(before, peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux, which tells kilobytes")
def test_a_photo_of_108_megapixels_takes_less_than_a_gigabyte(tmp_path: Path) -> None:
    """Its probabilities at its own size are 432 MB, its mask as bits and as bytes 108 MB each."""
    for name, size in (("small", (64, 64)), ("huge", (12_000, 9_000))):
        PIL.Image.new("RGB", size, (200, 160, 140)).save(tmp_path / f"{name}.jpg")
    done = subprocess.run([sys.executable, "-c", MEMORY], check=True, cwd=tmp_path, capture_output=True, text=True)
    before, more = map(int, done.stdout.split())
    assert before > 100_000 and 100_000 < more < 1_000_000
