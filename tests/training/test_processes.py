"""What one process does alone is told to all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from lesionseg_lib.errors import CheckpointError, TrainingError
from lesionseg_lib.training import processes
from lesionseg_lib.training.processes import on_main, start_accelerator
from tests.helpers.tiny import forget_accelerators


def fail(error: BaseException) -> Any:
    def work() -> None:
        raise error

    return work


def accelerator(main: bool, count: int) -> Any:
    return SimpleNamespace(is_main_process=main, num_processes=count)


def test_alone_it_is_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "broadcast_object_list", fail(AssertionError("nobody listens")))
    assert on_main(accelerator(True, 1), lambda: 5) == 5
    with pytest.raises(KeyError, match="a"):
        on_main(accelerator(True, 1), fail(KeyError("a")))


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (CheckpointError("full disk"), CheckpointError, "^full disk$"),
        (ValueError("odd"), TrainingError, "main process stopped: ValueError: odd"),
        (KeyboardInterrupt(), TrainingError, "main process stopped: KeyboardInterrupt$"),
    ],
)
def test_a_failure_of_the_main_process_is_raised_on_all(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, kind: type[Exception], message: str
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(processes, "broadcast_object_list", sent.extend)
    with pytest.raises(type(error)):
        on_main(accelerator(True, 2), fail(error))

    def receive(box: list[Any]) -> None:
        box[:] = sent

    monkeypatch.setattr(processes, "broadcast_object_list", receive)
    with pytest.raises(kind, match=message):
        on_main(accelerator(False, 2), fail(AssertionError("the others do not work")))


def test_the_result_reaches_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def receive(box: list[Any]) -> None:
        box[:] = [(1, 2), None, None]

    monkeypatch.setattr(processes, "broadcast_object_list", receive)
    assert on_main(accelerator(False, 2), fail(AssertionError("the others do not work"))) == (1, 2)


@pytest.mark.parametrize(
    ("device", "native", "chosen", "expected"),
    [
        ("cuda", True, None, {"mixed_precision": "bf16"}),
        ("cuda", False, None, {}),  # a T4 would only pretend to
        ("cuda", True, "fp16", {}),
        ("cpu", True, None, {}),
    ],
)
def test_a_card_computes_in_bfloat16_where_it_can_and_nobody_chose(
    monkeypatch: pytest.MonkeyPatch, device: str, native: bool, chosen: str | None, expected: dict[str, str]
) -> None:
    forget_accelerators()
    monkeypatch.delenv("ACCELERATE_MIXED_PRECISION", raising=False)
    if chosen:
        monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", chosen)
    monkeypatch.setattr(processes, "pick_device", lambda: torch.device(device))
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: native)
    asked: list[dict[str, str]] = []
    monkeypatch.setattr(processes, "Accelerator", lambda **options: asked.append(options))
    start_accelerator()
    assert asked == [expected]


def test_whoever_made_an_accelerator_before_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "is_initialized", lambda: True)
    monkeypatch.setattr(processes, "pick_device", lambda: torch.device("cuda"))
    asked: list[dict[str, str]] = []
    monkeypatch.setattr(processes, "Accelerator", lambda **options: asked.append(options))
    start_accelerator()
    assert asked == [{}]
