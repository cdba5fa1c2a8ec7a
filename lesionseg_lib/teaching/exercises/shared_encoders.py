"""Several networks asked about the same photos: where their encoders are equal, the encoder runs once."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.models.mode import evaluation_mode
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.preprocessing import Preprocessing
from lesionseg_lib.models.segmenter import Segmenter


def probabilities_of(
    models: Mapping[str, Segmenter], preprocessing: Preprocessing, small: CachedDataset, batch: int = 32
) -> dict[str, Any]:
    """Probabilities (N, h, w) of several models under one preprocessing; equal encoders run once."""
    kept = {name: model.preprocessing for name, model in models.items()}
    found: dict[str, Any] = {}
    shared: list[tuple[Segmenter, list[Any]]] = []
    try:
        for name, model in models.items():
            model.preprocessing = preprocessing
            with evaluation_mode(model), torch.no_grad():
                pyramids = next((levels for other, levels in shared if _same_encoder(model, other)), None)
                if pyramids is None:
                    starts = range(0, len(small.images), batch)
                    pyramids = [model.encoder(model.normalise(small.images[i : i + batch])) for i in starts]
                    shared.append((model, pyramids))
                logits = [model(list(levels))[:, 0].float().cpu().numpy() for levels in pyramids]
            found[name] = sigmoid(np.concatenate(logits))
    finally:
        for name, model in models.items():
            model.preprocessing = kept[name]
    return found


def _same_encoder(one: Segmenter, other: Segmenter) -> bool:
    mine, theirs = one.encoder.state_dict(), other.encoder.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[key], theirs[key]) for key in mine)
