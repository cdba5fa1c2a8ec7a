"""Every lesson with the versions that Colab ships, on the Python at hand."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers.built_wheel import run_alone, wheel_python
from tests.helpers.notebooks import LESSONS, of
from tools import ROOT

FILE = ROOT / "constraints-colab.txt"


def pins(file: Path) -> dict[str, str]:
    """Package and version of every line, without what follows a semicolon."""
    lines = [line.partition(";")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    return wheel_python(tmp_path_factory.mktemp("colab"), FILE)


def test_the_file_lists_only_what_differs():
    ours = pins(ROOT / "constraints.txt")
    assert [name for name, version in pins(FILE).items() if ours.get(name) == version] == []


@pytest.mark.slow
@pytest.mark.timeout(900)  # the versions are installed
def test_the_versions_are_those_of_the_file(python, tmp_path):
    code = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    found = subprocess.run([python, "-c", code, *pins(FILE)], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == pins(FILE)


@pytest.mark.slow
@pytest.mark.timeout(900)
@LESSONS
def test_a_lesson_runs_with_what_colab_ships(source, python, tmp_path):
    run = run_alone(of(source), python, tmp_path)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]


@pytest.mark.slow
def test_the_widgets_work_with_what_colab_ships(python):
    command = [python, "-m", "pytest", "-c", "/dev/null", "--rootdir", ROOT, "-q", "-p", "no:cacheprovider"]
    command += ["tests/teaching/widgets"]
    run = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert run.returncode == 0 and " passed" in run.stdout, run.stdout[-6000:] + run.stderr[-2000:]
    assert "skipped" not in run.stdout
