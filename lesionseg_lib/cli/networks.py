"""Which network a command asks: the one that the package carries, one that was trained, or an exported file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.errors import UnknownNameError
from lesionseg_lib.experiments import run_folder
from lesionseg_lib.experiments.about_run import about_model
from lesionseg_lib.models import shipped
from lesionseg_lib.models.about import About
from lesionseg_lib.models.device import pick_device
from lesionseg_lib.models.onnx_network import OnnxNetwork
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter

OWN = "the package's own network"


@dataclass(frozen=True)
class Asked:
    """A network, whatever runs it.

    Attributes:
        told: what it is and where it comes from, for a reader.
        size: (height, width) of the photos that it takes.
        threshold: probability above which a pixel is lesion.
        probabilities: uint8 RGB (N, H, W, 3) of that size -> float32 (N, H, W).
    """

    told: str
    size: tuple[int, int]
    threshold: float
    probabilities: Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def ask(model: str | None, onnx: Path | None, runs: Path) -> Asked:
    """The network of ``model`` (see ``find_model``), or of the file ``onnx``, or else the package's own.

    Raises ``UnknownNameError`` where both are named, and what opening them raises.
    """
    if onnx is not None:
        if model is not None:
            raise UnknownNameError(f"Two networks are named, {model} and {onnx}. Give --model or --onnx.")
        exported = OnnxNetwork(onnx)
        recipe = exported.about.get("recipe", "unknown recipe")
        return Asked(f"{onnx}: {recipe}, onnxruntime", exported.size, exported.threshold, exported.probabilities)
    if model is None:
        network, card = shipped.pretrained()
        network.to(pick_device())
        place = OWN
    else:
        folder = run_folder.find_model(model, runs)
        network, card = run_folder.open_model(folder)
        place = str(folder)
    told = f"{place}: {card['recipe']}, on {network.device.type}"
    size = (card["size"][0], card["size"][1])
    return Asked(told, size, card["threshold"], lambda images: sigmoid(network.logits(images)))


def open_for_export(model: str | None, runs: Path) -> tuple[Segmenter, dict[str, Any], About, str]:
    """The same network on the CPU, its card, what is told of it, and where it comes from."""
    if model is None:
        return *shipped.pretrained(), shipped.about_pretrained(), OWN
    folder = run_folder.find_model(model, runs)
    network, card = Segmenter.load(folder)
    return network, card, about_model(folder, card), str(folder)
