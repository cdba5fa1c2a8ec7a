"""From a segmenter to an ONNX file: photo bytes in, probabilities out, one fixed size.

Normalisation is part of the graph, resizing is not: inside it costs .004 of the Jaccard index against the averaging of
areas that ``resize_image`` does. torch's own exporter writes the graph, and folds batch norms into the convolutions
before them; here it loses what else it writes: the source's paths, lines and names, a few kilobytes a node.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lesionseg_lib.errors import CheckpointError, MissingPackageError, ShapeError
from lesionseg_lib.models.about import About
from lesionseg_lib.models.mode import evaluation_mode
from lesionseg_lib.models.onnx_network import EDGE, INPUT, OUTPUT, open_session
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.preprocessing import normalise
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.models.weight_formats import WEIGHTS, Photos, with_weights
from lesionseg_lib.utils.lookup import look_up

OPSET = 18
"""The oldest that torch's exporter writes without converting; every runtime of the last years reads it."""
TOLERANCE = 1e-5
"""Largest difference of a probability, single precision, from what torch computes."""
MULTIPLE, LARGEST = 32, 2048
"""A side of the photo."""


class PhotoToProbabilities(nn.Module):
    """What is exported: a photo, uint8 (1, H, W, 3), to probabilities, float32 (1, 1, H, W)."""

    def __init__(self, network: Segmenter) -> None:
        super().__init__()
        self.network = network

    def forward(self, photo: Tensor) -> Tensor:
        """Probabilities of lesion."""
        return torch.sigmoid(self.network(normalise(photo, self.network.preprocessing)))


def export_onnx(
    network: Segmenter, about: About, size: tuple[int, int], weights: str = "fp32", photos: Photos | None = None
) -> bytes:
    """Bytes of an ONNX file. The same network gives the same bytes.

    Args:
        network: on the CPU; its mode stays as it is.
        about: what the file tells of it.
        size: (height, width) of the photo that it takes.
        weights: one of ``weight_formats.WEIGHTS``.
        photos: for "int8": training photos at this size, uint8 (N, H, W, 3).

    Raises:
        ShapeError: a size that the network cannot take.
        UnknownNameError: another format.
        MissingPackageError: the packages of the extra ``edge`` are not installed, or torch cannot export.
        CheckpointError: the file would not say what the network says.
    """
    look_up(WEIGHTS, weights, "format of weights")
    check_export_size(size)
    model = _traced(network, size)
    _bare(model)
    _check_parity(network, model, size)
    with _quietly():
        model = with_weights(model, weights, photos)
    _bare(model)
    model.producer_name, model.producer_version, model.ir_version = "lesionseg", "", 10
    for key, value in {**about.told(), "weights": weights}.items():
        model.metadata_props.add(key=key, value=value)
    content: bytes = model.SerializeToString(deterministic=True)
    open_session(content, "The exported network")
    return content


def check_export_size(size: tuple[int, int]) -> None:
    """Raises ``ShapeError`` for sides that no network of the course takes, and names the nearest that do."""
    for side in size:
        if side % MULTIPLE or not MULTIPLE <= side <= LARGEST:
            nearest = min(max(MULTIPLE, round(side / MULTIPLE) * MULTIPLE), LARGEST)
            raise ShapeError(
                f"Nothing can be exported for photos of {size[0]} x {size[1]} pixels: their sides must be multiples of "
                f"{MULTIPLE}, from {MULTIPLE} to {LARGEST}. The nearest is {nearest}."
            )


def _traced(network: Segmenter, size: tuple[int, int]) -> Any:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(
            f"An export needs the packages onnx, onnxscript and onnxruntime ({error.name} is missing). {EDGE}"
        ) from error
    photo = torch.zeros(1, *size, 3, dtype=torch.uint8)
    whole = PhotoToProbabilities(network)
    with evaluation_mode(whole):
        try:
            with torch.no_grad():
                whole(photo)
        except (RuntimeError, ValueError) as error:
            raise ShapeError(
                f"This network cannot take photos of {size[0]} x {size[1]} pixels "
                f"({' '.join(str(error).split())[:150]}). Export it at the size that it was trained for."
            ) from error
        with _quietly():
            try:
                program = torch.onnx.export(
                    whole, (photo,), dynamo=True, input_names=[INPUT], output_names=[OUTPUT], opset_version=OPSET,
                    verbose=False,
                )  # fmt: skip
            except torch.onnx.OnnxExporterError as error:
                raise MissingPackageError(
                    f"torch {torch.__version__} cannot export this network ({str(error).splitlines()[0][:150]}). "
                    f"Install torch 2.6 or newer."
                ) from error
    return program.model_proto  # type: ignore[union-attr]


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """The exporter tells of its steps and of what will change in torch, the quantiser of its numbers."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _bare(model: Any) -> None:
    """The graph alone: no paths, no lines of source, no shapes of what is in between; values are numbered."""
    graph = model.graph
    del graph.value_info[:], graph.quantization_annotation[:], model.functions[:], model.metadata_props[:]
    model.doc_string = graph.doc_string = ""
    graph.name = "lesionseg"
    names = {INPUT: INPUT, OUTPUT: OUTPUT, "": ""}
    for part in (graph, *graph.node, *graph.initializer, *graph.input, *graph.output):
        part.doc_string = ""
        del part.metadata_props[:]
    for tensor in graph.initializer:
        tensor.name = names.setdefault(tensor.name, f"w{len(names)}")
    for node in graph.node:
        node.name = ""
        for sides in (node.input, node.output):
            sides[:] = [names.setdefault(name, f"x{len(names)}") for name in sides]


def _check_parity(network: Segmenter, model: Any, size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (1, *size, 3), np.uint8)
    session = open_session(model.SerializeToString(), "The exported network")
    found = session.run([OUTPUT], {INPUT: image})[0][0]
    apart = float(np.abs(found - sigmoid(network.logits(image))).max())
    if not apart <= TOLERANCE:
        raise CheckpointError(
            f"The exported network differs from torch's by {apart:.1e} in a probability, expected at most "
            f"{TOLERANCE:g}. Export with other versions of torch, onnxscript and onnxruntime."
        )
