"""One owner a folder; the other is told who it is."""

from __future__ import annotations

import multiprocessing
import os
import platform
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.utils.locks import owning


def hold(folder: Path, ready: Any) -> None:
    with owning(folder, CheckpointError):
        ready.set()
        time.sleep(120)


@pytest.fixture
def holder(tmp_path: Path) -> Any:
    """A process that owns ``tmp_path/run``."""
    context = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")
    ready = context.Event()
    process = context.Process(target=hold, args=(tmp_path / "run", ready))
    process.start()
    assert ready.wait(timeout=120)
    yield process
    process.terminate()
    process.join(timeout=60)


def test_another_process_is_told_who_writes(tmp_path: Path, holder: Any) -> None:
    with pytest.raises(CheckpointError) as caught, owning(tmp_path / "run", CheckpointError):
        pass
    message = str(caught.value)
    for part in (str(tmp_path / "run"), f"process {holder.pid}", platform.node(), "since 20", "Wait until"):
        assert part in message
    with owning(tmp_path / "other", CheckpointError):
        pass


def test_a_lock_goes_with_its_process_however_it_ends(tmp_path: Path, holder: Any) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.join(timeout=60)
    with owning(tmp_path / "run", CheckpointError):
        pass


def test_an_owner_that_cannot_be_read_is_another_process(tmp_path: Path, holder: Any) -> None:
    for content in (b"", b"{", b"[]", b"\xff\xfe"):
        (tmp_path / ".run.owner").write_bytes(content)
        with (
            pytest.raises(CheckpointError, match="another process is writing"),
            owning(tmp_path / "run", CheckpointError),
        ):
            pass


def test_the_owner_may_ask_again_and_the_folder_need_not_be_there(tmp_path: Path) -> None:
    for _ in range(2):
        with owning(tmp_path / "deep" / "run", CheckpointError), owning(tmp_path / "deep" / "run", CheckpointError):
            assert not (tmp_path / "deep" / "run").exists()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == [".run.lock"]
