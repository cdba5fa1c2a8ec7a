"""All parts of a training step are timed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from lesionseg_lib.training.build import build_segmenter
from lesionseg_lib.training.recipes import get_recipe
from lesionseg_lib.training.timing import STEP_PARTS, time_stages


def test_every_stage_is_timed_and_the_weights_move() -> None:
    recipe = replace(get_recipe("light"), batch_size=2, size=(32, 32))
    network = build_segmenter(recipe, None)
    before = [p.detach().clone() for p in network.decoder.parameters()]
    asked: list[int] = []

    def read(index: int) -> tuple[np.ndarray, np.ndarray]:
        asked.append(index)
        return np.full((32, 32, 3), 100 + index, np.uint8), np.eye(32, dtype=np.uint8)

    times = time_stages(network, recipe, read, batches=2)
    assert tuple(times) == STEP_PARTS and all(seconds > 0 for seconds in times.values())
    assert asked == list(range(6))  # one batch to warm up, two that count
    assert any(not torch.equal(a, b) for a, b in zip(before, network.decoder.parameters(), strict=True))
