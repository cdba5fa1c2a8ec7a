"""The device that computes is the best one here, or the CPU where that is asked for."""

from __future__ import annotations

import pytest
import torch

from lesionseg_lib.models.device import pick_device, wait_for_device


def machine(monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool) -> list[str]:
    """A machine with these devices; what is waited for is collected."""
    waited: list[str] = []
    monkeypatch.delenv("ACCELERATE_USE_CPU", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waited.append("cuda"))
    monkeypatch.setattr(torch.mps, "synchronize", lambda: waited.append("mps"))
    return waited


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, False, "cuda"), (False, True, "mps"), (True, True, "cuda"), (False, False, "cpu")],
)
def test_a_gpu_is_picked_where_there_is_one_and_waited_for(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, expected: str
) -> None:
    waited = machine(monkeypatch, cuda, mps)
    assert pick_device().type == expected
    wait_for_device()
    assert waited == ([] if expected == "cpu" else [expected])


@pytest.mark.parametrize(
    ("value", "expected"), [("true", "cpu"), ("1", "cpu"), ("Yes", "cpu"), ("false", "cuda"), ("", "cuda")]
)
def test_the_environment_may_ask_for_the_cpu(monkeypatch: pytest.MonkeyPatch, value: str, expected: str) -> None:
    machine(monkeypatch, cuda=True, mps=False)
    monkeypatch.setenv("ACCELERATE_USE_CPU", value)
    assert pick_device().type == expected
