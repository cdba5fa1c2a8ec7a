"""Commands run in an empty place, and how one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lesionseg_lib.cli.app import app

SMOKE = ("transposed-frozen", "--profile", "smoke")
RUN = Path("runs", "smoke", "transposed-frozen", "seed0")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def an_empty_place(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder, no data, no weights, no settings; what was decoded before is kept."""
    monkeypatch.chdir(tmp_path)
    for variable in ("LESIONSEG_PROFILE", "LESIONSEG_RUNS", "LESIONSEG_RESULTS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LESIONSEG_CACHE", str(cache))
    monkeypatch.setenv("LESIONSEG_DATA", str(tmp_path / "no data"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no weights"))


def lesionseg(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(result: Result, *parts: str, code: int = 2) -> None:
    """The command ended with one message on stderr that has these parts, without traceback."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1 and "Traceback" not in result.output
    for part in parts:
        assert part in errors[0]
