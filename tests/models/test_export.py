"""An exported network says what torch says; its file says where it comes from, and nothing of this machine."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from lesionseg_lib.errors import CheckpointError, MissingPackageError, ShapeError, UnknownNameError
from lesionseg_lib.models.decoders import DECODERS
from lesionseg_lib.models.export import LARGEST, check_export_size, export_onnx
from lesionseg_lib.models.onnx_network import OnnxNetwork
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.models.weight_formats import WEIGHTS, with_weights
from tests.helpers.exports import ABOUT, custom_operator, drawn, somebody_elses, sure_network, without_card

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

SIZE = (64, 96)
COMMON = {
    "Add", "Cast", "Clip", "Conv", "DequantizeLinear", "Div", "Mul", "QuantizeLinear", "Relu", "Resize", "Sigmoid",
    "Sub", "Transpose",
}  # fmt: skip
"""Operators that every runtime has."""
SAME_PIXELS = {"fp32": 0.0, "fp16": 0.005, "w8": 0.02, "int8": 0.2}
"""Share of mask pixels that may differ, of a random network; of a trained one: ``results/weight_formats.json``."""


@cache
def network() -> Segmenter:
    return sure_network()


@cache
def exported(weights: str) -> bytes:
    return export_onnx(network(), ABOUT, SIZE, weights, photos() if weights == "int8" else None)


@cache
def photos(seed: int = 1) -> np.ndarray:
    return np.ascontiguousarray(np.pad(drawn(6, 64, seed), ((0, 0), (0, 0), (16, 16), (0, 0)), mode="edge"))


def opened(content: bytes, folder: Path) -> OnnxNetwork:
    path = folder / "network.onnx"
    path.write_bytes(content)
    return OnnxNetwork(path, threads=1)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_every_format_says_what_torch_says(weights: str, tmp_path: Path) -> None:
    images = photos(seed=2)
    expected = sigmoid(network().logits(images))
    found = opened(exported(weights), tmp_path).probabilities(images)
    assert found.dtype == np.float32 and found.shape == expected.shape == (6, *SIZE)
    assert 0.2 < (expected > 0.5).mean() < 0.8, "a mask of both values, so that equal masks say something"
    assert np.mean((found > 0.5) != (expected > 0.5)) <= SAME_PIXELS[weights]
    if weights == "fp32":
        assert np.abs(found - expected).max() < 1e-5
    else:
        assert np.abs(found - expected).max() > 1e-5, "it is another format"


@pytest.mark.slow
@pytest.mark.parametrize("decoder", DECODERS)
def test_every_decoder_can_be_exported(decoder: str, tmp_path: Path) -> None:
    whole = sure_network(decoder, last_stage=4)
    images = drawn(2, 64, seed=2)
    found = opened(export_onnx(whole, ABOUT, (64, 64)), tmp_path).probabilities(images)
    assert np.abs(found - sigmoid(whole.logits(images))).max() < 1e-5


def test_a_byte_a_weight_and_two() -> None:
    sizes = {weights: len(exported(weights)) for weights in WEIGHTS}
    assert sizes["fp16"] == pytest.approx(sizes["fp32"] / 2, rel=0.02)
    assert sizes["w8"] < 0.3 * sizes["fp32"] and sizes["w8"] < 650_000
    assert sizes["int8"] < 0.35 * sizes["fp32"]


@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_graph_is_bare_and_of_common_operators(weights: str) -> None:
    content = exported(weights)
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model)
    assert {node.op_type for node in model.graph.node} <= COMMON
    assert {(entry.domain, entry.version) for entry in model.opset_import} == {("", 18)}
    assert not model.functions and not any(node.doc_string or node.metadata_props for node in model.graph.node)
    texts = b" ".join(re.findall(rb"[\x20-\x7e]{6,}", content))
    for trace in (b".py", b"/home", b"lesionseg_lib", b"torch.", b"features", str(Path(__file__).parents[2]).encode()):
        assert trace not in texts, trace


def test_the_file_carries_the_card(tmp_path: Path) -> None:
    network = opened(exported("w8"), tmp_path)
    assert network.about == {
        "recipe": "feather", "threshold": "0.5", "licence": ABOUT.licence, "notice": ABOUT.notice, "seed": "3",
        "commit": "c0ffee", "weights": "w8",
    }  # fmt: skip
    assert "Not a medical device" in network.about["notice"] and "CC-0" in network.about["licence"]
    assert network.size == SIZE and network.threshold == 0.5


def test_the_same_network_gives_the_same_bytes() -> None:
    assert export_onnx(network(), ABOUT, SIZE, "w8") == exported("w8")


def test_a_byte_is_the_nearest_of_its_channel() -> None:
    """Two output channels of 16 weights: the largest becomes 127, half of it 64 (63.5 to even), none 0."""
    from onnx import TensorProto, helper, numpy_helper

    kernel = np.zeros((2, 16, 1, 1), np.float32)
    kernel[0, :3, 0, 0] = (2.0, 1.0, -2.0)
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y")]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "k"], ["y"])], "g", sides[:1], sides[1:], [numpy_helper.from_array(kernel, "k")]
    )
    stored = with_weights(helper.make_model(graph), "w8").graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in stored.initializer}
    assert values["k_stored"].dtype == np.int8
    assert values["k_stored"][0, :4, 0, 0].tolist() == [127, 64, -127, 0] and not values["k_stored"][1].any()
    assert values["k_scale"].ravel().tolist() == pytest.approx([2 / 127, 1.0])
    assert [node.op_type for node in stored.node] == ["Cast", "Mul", "Conv"]


def test_the_network_stays_as_it_was() -> None:
    before = network().training, [p.requires_grad for p in network().parameters()]
    exported("fp32")
    assert (network().training, [p.requires_grad for p in network().parameters()]) == before


# ---- what is refused


@pytest.mark.parametrize(
    ("side", "nearest"), [(100, 96), (0, 32), (-64, 32), (31, 32), (LARGEST + 32, LARGEST), (10**9, LARGEST)]
)
def test_a_size_that_no_network_takes_is_named_with_the_nearest_that_does(side: int, nearest: int) -> None:
    with pytest.raises(ShapeError, match=rf"{side} x {side} pixels.*multiples of 32.*nearest is {nearest}\."):
        check_export_size((side, side))


def test_a_format_that_there_is_not_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="no format of weights named 'fp8'. Did you mean 'fp"):
        export_onnx(network(), ABOUT, SIZE, "fp8")


@pytest.mark.parametrize("package", ["onnx", "onnxscript", "onnxruntime"])
def test_a_package_that_is_missing_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=rf"{package} is missing\). .*extra edge.*pip install onnx onnxruntime onnxscript"):
        export_onnx(network(), ABOUT, SIZE)


def test_an_opened_file_needs_onnxruntime_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = exported("w8")
    for package in ("onnx", "onnxscript"):
        monkeypatch.setitem(sys.modules, package, None)
    assert opened(content, tmp_path).size == SIZE
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingPackageError, match=r"network\.onnx.*not installed. .*pip install onnx onnxruntime onnxscript"):
        opened(content, tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_a_file_that_is_cut_short_is_refused(share: float, tmp_path: Path) -> None:
    content = exported("w8")
    with pytest.raises(CheckpointError, match=r"network\.onnx: (no ONNX file, or one that is cut short|onnxruntime)"):
        opened(content[: int(share * len(content))], tmp_path)


def test_what_is_no_onnx_file_of_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    for content in (b"<html>Please log in</html>", b"\x00" * 1000, b"PK\x03\x04"):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"a\.onnx: .*Expected a file that `lesionseg export` wrote"):
            OnnxNetwork(path)
    with pytest.raises(CheckpointError, match="operator that onnxruntime does not know.*Sharpen"):
        OnnxNetwork(custom_operator(path))
    with pytest.raises(CheckpointError, match=r"an ONNX network with image tensor\(float\) .1, 3, 64, 64."):
        OnnxNetwork(somebody_elses(path))
    with pytest.raises(CheckpointError, match="without our card"):
        OnnxNetwork(without_card(exported("w8"), path))
    with pytest.raises(CheckpointError, match="threshold 7, expected 0 to 1"):
        OnnxNetwork(without_card(exported("w8"), path, threshold="7"))
    with pytest.raises(CheckpointError, match="none.onnx: cannot be read"):
        OnnxNetwork(tmp_path / "none.onnx")
    with pytest.raises(CheckpointError, match="cannot be read"):
        OnnxNetwork(tmp_path)


def test_photos_of_another_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match="resize the photos to the size of the file first"):
        opened(exported("w8"), tmp_path).probabilities(drawn(1, 64))
