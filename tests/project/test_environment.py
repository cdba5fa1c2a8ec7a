"""Setting up `.venv`: done once, repaired when broken, never at the cost of somebody's own."""

import json
import sys
from pathlib import Path

import pytest

from tools import environment


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with an environment that is set up: a Python that runs and one distribution."""
    (tmp_path / "pyproject.toml").write_text("[project]")
    (tmp_path / "constraints.txt").write_text("torch==2.11.0")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / ".venv" / "lib" / "python3.12" / "site-packages" / "torch-2.11.0.dist-info").mkdir(parents=True)
    environment.write_stamp(tmp_path, environment.key(tmp_path))
    return tmp_path


def _nothing(root):
    pass


def _other_pins(root):
    (root / "constraints.txt").write_text("torch==2.12.0")


def _other_project(root):
    (root / "pyproject.toml").write_text("[project]\nname = 'x'")


def _without_a_package(root):
    (root / ".venv/lib/python3.12/site-packages/torch-2.11.0.dist-info").rmdir()


def _without_stamp(root):
    (root / ".venv" / "stamp.json").unlink()


def _without_python(root):
    (root / ".venv" / "bin" / "python").unlink()


def _dead_python(root):
    _without_python(root)
    (root / ".venv" / "bin" / "python").symlink_to(root / "gone")


def _interrupted(root):
    environment.write_stamp(root, "")


def _half_a_stamp(root):
    (root / ".venv" / "stamp.json").write_text('{"key": "ab')


def _moved(root):
    stamp = json.loads((root / ".venv" / "stamp.json").read_text())
    (root / ".venv" / "stamp.json").write_text(json.dumps(stamp | {"place": "/elsewhere/.venv"}))


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (_nothing, "ready"),
        (_other_pins, "incomplete"),
        (_other_project, "incomplete"),
        (_without_a_package, "incomplete"),
        (_without_stamp, "incomplete"),
        (_without_python, "broken"),
        (_dead_python, "broken"),
        (_interrupted, "broken"),
        (_half_a_stamp, "broken"),
        (_moved, "broken"),
    ],
)
def test_the_state_of_an_environment_is_seen(root, change, state):
    change(root)
    assert environment.state(root) == state


@pytest.fixture
def installs(monkeypatch) -> list[tuple[str, ...]]:
    """What pip was asked for; nothing is installed."""
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(environment, "pip", lambda venv, *arguments: asked.append(arguments) or "")
    return asked


def test_a_second_run_installs_nothing(root, installs):
    environment.set_up(root)
    assert installs == []


def test_a_broken_environment_is_made_anew(root, installs):
    _interrupted(root)
    (root / ".venv" / "rubble").touch()
    environment.set_up(root)
    assert not (root / ".venv" / "rubble").exists()
    assert len(installs) == 3
    assert environment.state(root) == "ready"


def test_an_environment_without_a_stamp_is_somebodys_own_and_is_kept(root, installs):
    _without_stamp(root)
    (root / ".venv" / "own").touch()
    environment.set_up(root)
    assert (root / ".venv" / "own").exists()
    assert environment.state(root) == "ready"


def test_a_failed_installation_is_seen_by_the_next_run(root, monkeypatch):
    _other_pins(root)
    monkeypatch.setattr(environment, "pip", lambda venv, *arguments: "no network")
    with pytest.raises(SystemExit, match=r"no network\n(.|\n)*install\.log"):
        environment.set_up(root)
    assert environment.state(root) == "broken"


def test_without_a_compiler_only_the_scorer_is_left_out(root, monkeypatch, capsys):
    _other_pins(root)
    monkeypatch.setattr(environment, "pip", lambda venv, *a: "gcc failed" if environment.SCORER in a else "")
    environment.set_up(root)
    assert "Left out: the organisers' scorer" in capsys.readouterr().out
    assert environment.state(root) == "ready"


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 15, 0)])
def test_a_python_that_does_not_fit_is_named_before_anything_is_removed(root, installs, monkeypatch, version):
    _interrupted(root)
    monkeypatch.setattr(environment.sys, "version_info", version)
    with pytest.raises(
        SystemExit, match=f"needs Python 3.11 to 3.14, found {version[0]}.{version[1]} at .*\n.*PYTHON="
    ):
        environment.set_up(root)
    assert (root / ".venv" / "bin" / "python").exists()
    assert installs == []
