"""What the lessons call."""

from __future__ import annotations

import time

import pytest
import torch

from lesionseg_lib.teaching import lessons


def test_time_is_that_of_the_fastest_run() -> None:
    naps = iter([0.2, 0.01, 0.2])
    assert 0.01 <= lessons.seconds(lambda: time.sleep(next(naps))) < 0.2
    assert next(naps, None) is None  # all three ran


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_time_includes_what_a_gpu_has_been_asked_to_do() -> None:
    x = torch.rand(4096, 4096, device="cuda")

    def work() -> torch.Tensor:
        y = x
        for _ in range(50):
            y = y @ x
        return y

    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    work()  # the first product also loads the library
    start.record()
    work()
    end.record()
    torch.cuda.synchronize()
    assert lessons.seconds(work) > 0.5 * start.elapsed_time(end) / 1000
