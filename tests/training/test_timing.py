"""Stages of a step are all timed; an epoch played through agrees with what can be counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from lesionseg_lib.teaching.demos.epoch_time import epoch_fault, simulate_epoch
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


@pytest.mark.parametrize(
    ("batches", "load", "workers", "step", "expected"),
    [
        (1, 2.0, 1, 0.5, 2.5),
        (4, 1.0, 1, 0.0, 4.0),  # the worker sets the pace
        (4, 1.0, 2, 0.0, 2.0),
        (5, 1.0, 2, 0.0, 3.0),  # the last batch has no partner
        (4, 0.5, 1, 2.0, 8.5),  # the network sets the pace, after the first batch
    ],
)
def test_an_epoch_by_hand(batches: int, load: float, workers: int, step: float, expected: float) -> None:
    assert simulate_epoch(batches, load, workers, step) == pytest.approx(expected)


def test_the_slower_of_the_two_is_right() -> None:
    assert epoch_fault(lambda n, batch, decode, workers, step: max(n * decode / workers, n / batch * step)) is None


@pytest.mark.parametrize(
    "answer",
    [
        lambda n, batch, decode, workers, step: n * decode / workers + n / batch * step,  # adds up
        lambda n, batch, decode, workers, step: max(n * decode, n / batch * step),  # forgets the workers
        lambda n, batch, decode, workers, step: max(n * decode, n / batch * step) / workers,  # divides both
        lambda n, batch, decode, workers, step: max(n * decode / workers, n * step),  # a step a photo
        lambda n, batch, decode, workers, step: min(n * decode / workers, n / batch * step),
        lambda n, batch, decode, workers, step: n * decode / workers,
        lambda n, batch, decode, workers, step: float("nan"),
    ],
)
def test_other_answers_are_refused(answer) -> None:
    assert "played through" in (epoch_fault(answer) or "")
