"""`.venv` as `make` sets it up: once, anew when it is broken, never at the cost of somebody's own."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools import ROOT

PYTHON = f"""\
#!/bin/sh
# A Python that makes an environment of itself, and writes down what pip was asked for instead of installing it.
case "$1 $2 $3" in
"-m venv .venv") test ! -e no-venv && mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
"-m pip install")
    echo "$@" >> asked
    sleep "$(cat slow 2>/dev/null || echo 0)"
    case "$*" in
    *official*) test ! -e no-compiler ;;
    *) test ! -e no-network || {{ echo "no route"; exit 1; }} ;;
    esac ;;
*) exec {sys.executable} "$@" ;;
esac
"""
OLD = PYTHON.replace(
    "*) exec",
    """--version*) echo "Python 3.10.13" ;;
"-c import sys;"*) exit 1 ;; # asked for its version
*) exec""",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with what the rule reads, and two Pythons."""
    root = tmp_path / "a checkout"
    root.mkdir()
    shutil.copy(ROOT / "Makefile", root)
    for name, text in (("pyproject.toml", ""), ("constraints.txt", ""), ("python", PYTHON), ("old", OLD)):
        (root / name).write_text(text)
        (root / name).chmod(0o755)
    return root


def start(root: Path, python: str = "./python") -> subprocess.Popen:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "environment", f"PYTHON={python}"]
    return subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def make(root: Path, python: str = "./python", fails: bool = False) -> str:
    """What `make environment` says."""
    process = start(root, python)
    said = "".join(process.communicate(timeout=60))
    assert (process.returncode != 0) == fails, said
    return said


def installations(root: Path) -> int:
    """How often pip was asked for something since this was asked last."""
    asked = root / "asked"
    count = len(asked.read_text().splitlines()) if asked.exists() else 0
    asked.unlink(missing_ok=True)
    return count


def ready(root: Path) -> bool:
    marker = root / ".venv" / ".installed"
    return marker.exists() and not (root / ".venv" / ".unfinished").exists()


def test_the_first_run_installs_pinned_build_tools_then_the_library_then_the_scorer(root):
    said = make(root)
    tools, library, scorer = (root / "asked").read_text().splitlines()
    assert said.startswith(f"Setting up .venv with Python {sys.version.split()[0]}") and said.count("\n") == 2
    assert all("--constraint constraints.txt" in asked for asked in (tools, library, scorer))
    assert "hatchling" in tools and "isolation" not in tools
    assert library.endswith("--no-build-isolation --editable .[book,dev]") and scorer.endswith(".[official]")
    assert ready(root)


def test_a_second_run_installs_nothing(root):
    make(root)
    installations(root)
    assert make(root) == ""
    assert installations(root) == 0


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_what_changed_is_installed_over_what_is_there(root, name):
    make(root)
    (root / ".venv" / "kept").touch()
    newer = time.time() + 10
    os.utime(root / name, (newer, newer))
    assert make(root).startswith("Completing .venv")
    assert (root / ".venv" / "kept").exists() and ready(root)


def _interrupted(root):
    (root / ".venv" / ".installed").rename(root / ".venv" / ".unfinished")


def _without_python(root):
    (root / ".venv" / "bin" / "python").unlink()


def _dead_python(root):
    _without_python(root)
    (root / ".venv" / "bin" / "python").symlink_to(root / "gone")


def _moved(root):
    (root / ".venv" / ".installed").write_text("/elsewhere\n")


@pytest.mark.parametrize("spoil", [_interrupted, _without_python, _dead_python, _moved])
def test_a_broken_environment_is_made_anew(root, spoil):
    make(root)
    (root / ".venv" / "rubble").touch()
    spoil(root)
    assert make(root).startswith("Setting up .venv")
    assert ready(root) and not (root / ".venv" / "rubble").exists()
    assert make(root) == ""


def test_an_environment_that_is_somebodys_own_is_kept(root):
    subprocess.run(["./python", "-m", "venv", ".venv"], cwd=root, check=True)
    (root / ".venv" / "own").touch()
    assert make(root).startswith("Completing .venv")
    assert (root / ".venv" / "own").exists() and ready(root)


def test_without_a_network_the_log_is_shown_and_the_next_run_begins_anew(root):
    make(root)
    (root / "no-network").touch()
    newer = time.time() + 10
    os.utime(root / "pyproject.toml", (newer, newer))
    said = make(root, fails=True)
    assert "no route" in said and "install.log" in said and "needs a network" in said
    assert not ready(root)
    (root / "no-network").unlink()
    os.utime(root / "pyproject.toml")
    assert make(root).startswith("Setting up .venv")
    assert ready(root)


def test_without_a_compiler_only_the_scorer_is_left_out(root):
    (root / "no-compiler").touch()
    assert "Left out: the organisers' scorer" in make(root)
    assert ready(root) and make(root) == ""


def test_without_the_module_venv_it_says_what_to_install(root):
    (root / "no-venv").touch()
    assert "apt install python3-venv" in make(root, fails=True)


def test_a_python_that_does_not_fit_is_named_before_anything_is_removed(root):
    make(root)
    _interrupted(root)
    installations(root)
    said = make(root, "./old", fails=True)
    assert "needs Python 3.11 to 3.14, found Python 3.10.13 (./old)" in said and "make PYTHON=" in said
    assert (root / ".venv" / "bin" / "python").exists() and installations(root) == 0


def test_an_old_python_is_no_matter_once_the_environment_is_there(root):
    make(root)
    assert make(root, "./old") == ""


def test_a_python_that_is_not_there_is_named(root):
    said = make(root, "python3.99", fails=True)
    assert "python3.99 does not run. Install Python 3.11 to 3.14" in said


def test_of_two_that_start_at_once_the_second_waits_and_finds_it_done(root):
    (root / "slow").write_text("0.3")
    processes = [start(root), start(root)]
    said = ["".join(process.communicate(timeout=60)) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert sorted(map(len, said))[0] == 0
    assert installations(root) == 3


def test_after_an_installation_that_was_killed_the_next_run_begins_anew(root):
    (root / "slow").write_text("2")
    process = start(root)
    deadline = time.monotonic() + 30
    while not (root / "asked").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.terminate()
    process.communicate(timeout=30)
    assert not ready(root)
    (root / "slow").write_text("0")
    assert make(root).startswith("Setting up .venv")
    assert ready(root)


def test_the_makefile_uses_nothing_newer_than_make_3_81():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    newer = r"^\.ONESHELL|^\.RECIPEPREFIX|^[^\t#]*(?:!=|::=|&:)|\$\(file |\$\(let |^undefine |^private "
    assert re.findall(newer, text, re.MULTILINE) == []
