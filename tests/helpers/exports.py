"""Networks to export that cost no training, and ONNX files that are not ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from lesionseg_lib.data.datasets import SyntheticLesions, resize_image
from lesionseg_lib.models.about import LICENCES, About
from lesionseg_lib.models.decoders import build_decoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.segmenter import Segmenter

ABOUT = About(recipe="feather", threshold=0.5, licence=LICENCES["exact"], seed=3, commit="c0ffee")


def drawn(count: int, side: int, seed: int = 0) -> np.ndarray:
    """Drawn lesions, uint8 (count, side, side, 3)."""
    lesions = SyntheticLesions(count, size=side * 3 // 2, seed=seed)
    return np.stack([resize_image(lesions.image(index), (side, side)) for index in range(count)])


def sure_network(decoder: str = "light", last_stage: int = 3) -> Segmenter:
    """Random weights, batch norms that know drawn lesions, and a head so shifted that masks have both values."""
    torch.manual_seed(0)
    encoder = MobileNetV2Encoder(None, last_stage)
    network = Segmenter(encoder, build_decoder(decoder, encoder.channels, encoder.strides))
    photos = network.normalise(drawn(4, 64, seed=1))
    with torch.no_grad():
        for _ in range(30):
            network.train()(photos)
        logits = network.eval()(photos)
        kinds = (torch.nn.Conv2d, torch.nn.ConvTranspose2d)
        head = [module for module in network.decoder.modules() if isinstance(module, kinds)][-1]
        if head.bias is not None:
            head.bias -= logits.median()
            head.bias *= 2 / logits.std()
        head.weight *= 2 / logits.std()
    return network


def custom_operator(path: Path) -> Path:
    """A sound file whose one operator belongs to nobody."""
    return _save(path, "Sharpen", "org.example")


def somebody_elses(path: Path) -> Path:
    """A sound file of a network that is none."""
    return _save(path, "Identity", "")


def _save(path: Path, operator: str, domain: str) -> Path:
    import onnx
    from onnx import TensorProto, helper

    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 64, 64]) for name in ("image", "logits")]
    node = helper.make_node(operator, ["image"], ["logits"], domain=domain)
    graph = helper.make_graph([node], "theirs", sides[:1], sides[1:])
    opsets = [helper.make_opsetid("", 18), *([helper.make_opsetid(domain, 1)] if domain else [])]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), str(path))
    return path


def without_card(content: bytes, path: Path, **changes: str) -> Path:
    """One of our files with other texts in its card, or, without ``changes``, none."""
    import onnx

    model: Any = onnx.load_from_string(content)
    kept = {entry.key: entry.value for entry in model.metadata_props} | changes if changes else {}
    del model.metadata_props[:]
    for key, value in kept.items():
        model.metadata_props.add(key=key, value=value)
    path.write_bytes(model.SerializeToString())
    return path
