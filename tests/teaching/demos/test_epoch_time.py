"""An epoch's time by hand: who waits for whom."""

from __future__ import annotations

import pytest

from lesionseg_lib.teaching.demos.epoch_time import epoch_fault, simulate_epoch


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
