"""The stored corpus and sound files on every run; a minute of new damage in `make test`, an hour by `make fuzz`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.fuzzing import run
from tests.helpers.fuzzing.targets import TARGETS, Target, run_target


@pytest.mark.parametrize("name", TARGETS)
def test_what_failed_once_ends_well(name: str) -> None:
    for content in run.stored(name):
        run_target(TARGETS[name], content)


@pytest.mark.parametrize("name", TARGETS)
def test_sound_files_are_taken(name: str) -> None:
    taken = [run_target(TARGETS[name], content) for content in TARGETS[name].seeds()]
    assert sum(taken) >= len(taken) * 0.6, "the seeds must lead beyond the first check"


def test_a_fault_is_found_shrunk_and_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(path: Path) -> None:
        if b"\xff" in path.read_bytes():
            raise ZeroDivisionError("found it")

    monkeypatch.setattr(run, "TARGETS", {"toy": Target(check, lambda: [b"abcdef"])})
    monkeypatch.setattr(run, "CORPUS", tmp_path)
    assert run.main(["--seconds", "20", "--seed", "1"]) == 1
    assert "toy: ZeroDivisionError: found it" in capsys.readouterr().out
    assert len(run.stored("toy")) == 1 and b"\xff" in run.stored("toy")[0]


@pytest.mark.slow
def test_a_minute_of_damage_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: run.stored(name) for name in TARGETS}
    monkeypatch.setattr(run, "stored", lambda name: before[name])
    monkeypatch.setattr(run, "CORPUS", tmp_path)
    assert run.main(["--seconds", "60"]) == 0
