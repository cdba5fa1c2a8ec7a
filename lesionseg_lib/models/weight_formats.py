"""How an exported network stores its weights: single or half precision, bytes with scales, or bytes throughout.

A stored kernel becomes single precision again by ``Cast`` and ``Mul``. onnxruntime computes those once, when it opens
the file, so a picture costs what it costs in single precision; ``DequantizeLinear``, made for the purpose, it keeps for
its integer kernels and runs anew for each picture.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.models.onnx_network import INPUT

Photos = NDArray[np.uint8]

WEIGHTS = {
    "fp32": "single precision",
    "fp16": "half precision; arithmetic in single",
    "w8": "bytes with a scale an output channel, small kernels in half precision; arithmetic in single",
    "int8": "bytes, arithmetic too; the ranges come from training photos",
}
"""Every format and what it means."""

WIDE = 16
"""Kernels that see at least so many channels are stored as bytes: nearly all weights. Of the others, depthwise kernels
and the first, a channel has few values, so that a scale for each would save little."""
_SMALL = 8
"""Tensors of fewer values stay as they are: limits of activations, scales of resizing, colours."""


def with_weights(model: Any, weights: str, photos: Photos | None = None) -> Any:
    """A graph in single precision -> one whose weights are stored in a format of ``WEIGHTS``.

    ``photos``: for "int8", training photos at the graph's size, uint8 (N, H, W, 3); test images would make its score
    worthless. Raises ``CheckpointError`` where a weight has no place in half precision.
    """
    if weights == "int8":
        assert photos is not None and len(photos), "int8 needs photos; the caller asks for them"
        return _integers(model, photos)
    if weights != "fp32":
        _store(model, _halves if weights == "fp16" else _bytes)
    return model


def _store(model: Any, stored: Callable[[NDArray[np.float32], int], list[NDArray[Any]]]) -> None:
    """Replace each large float tensor by what ``stored`` makes of it, and the nodes that make it whole again."""
    from onnx import TensorProto, helper, numpy_helper

    graph, nodes, axes = model.graph, [], _output_axes(model)
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < _SMALL:
            continue
        name = tensor.name
        small, *scales = stored(values, axes.get(name, 0))
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(small, f"{name}_stored"))
        whole = f"{name}_whole" if scales else name
        nodes.append(helper.make_node("Cast", [f"{name}_stored"], [whole], to=TensorProto.FLOAT))
        for scale in scales:
            graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
            nodes.append(helper.make_node("Mul", [whole, f"{name}_scale"], [name]))
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *rest])


def _output_axes(model: Any) -> dict[str, int]:
    """Name of a kernel -> the axis of its output channels: the first, but the second of a transposed convolution."""
    return {node.input[1]: int(node.op_type == "ConvTranspose") for node in model.graph.node if len(node.input) > 1}


def _halves(values: NDArray[np.float32], axis: int) -> list[NDArray[Any]]:
    del axis
    if np.abs(values).max() > np.finfo(np.float16).max:
        raise CheckpointError(
            f"A weight of {np.abs(values).max():g} has no place in half precision. Export with --weights fp32."
        )
    return [values.astype(np.float16)]


def _bytes(values: NDArray[np.float32], axis: int) -> list[NDArray[Any]]:
    """Bytes from -127 to 127, and a scale an output channel: the largest of its weights becomes 127."""
    if values.ndim < 2 or values.shape[1 - axis] < WIDE:
        return _halves(values, axis)
    others = tuple(place for place in range(values.ndim) if place != axis)
    scale = np.abs(values).max(others, keepdims=True) / 127
    scale[scale == 0] = 1  # a channel without weights
    return [np.round(values / scale).astype(np.int8), scale.astype(np.float32)]


def _integers(model: Any, photos: Photos) -> Any:
    """Static quantisation by onnxruntime: an int8 kernel an output channel, uint8 activations.

    Ranges of activations are percentiles over ``photos``: one bright pixel does not stretch them.
    """
    import onnx
    from onnxruntime import quantization

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left: Iterator[Photos] = iter(photos)

        def get_next(self) -> dict[str, Photos] | None:
            image = next(self.left, None)
            return None if image is None else {INPUT: image[None]}

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "quantised.onnx")
        quantization.quantize_static(
            model,
            path,
            Reader(),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.Percentile,
        )
        return onnx.load(str(path))
