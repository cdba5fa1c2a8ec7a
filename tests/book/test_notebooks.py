"""The committed notebooks: equal to their sources, run to their end in profile full, and running for everyone."""

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.helpers.built_wheel import run_alone, wheel_python
from tests.helpers.notebooks import LESSONS, of, texts
from tools import ROOT
from tools.accept import refusal
from tools.book import committed
from tools.notebooks import SOLUTION, differences, read, sources, tags, write

NOTEBOOKS = pytest.mark.parametrize("path", committed(), ids=lambda path: path.stem)
MACHINE_PATH = re.compile(r"/(?:home|root|Users|tmp|work|mnt|content)/\S*|file://\S*")


@LESSONS
def test_a_lesson_and_its_notebook_say_the_same(source):
    assert of(source).exists(), "make course PROFILE=full && make accept"
    assert differences(read(of(source)), write(source, ROOT / "results")) == [], "make accept"


@LESSONS
def test_the_outputs_are_of_the_code_above_them_on_the_real_data(source):
    assert refusal(read(of(source)), write(source, ROOT / "results")) is None


def test_no_notebook_has_lost_its_source():
    assert {path.stem for path in committed()} <= {path.stem for path in sources()}


@NOTEBOOKS
def test_the_metadata_say_what_it_ran_on(path):
    about = read(path).metadata["lesionseg"]
    assert set(about) >= {"commit", "profile", "device", "data", "data_fingerprint", "weights", "source_sha256"}
    assert about["weights"] != "random"


@NOTEBOOKS
def test_a_notebook_is_small_enough_for_an_evening(path):
    notebook = read(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and "install" not in tags(cell)]
    assert path.stat().st_size <= 1_000_000
    assert len(code) <= 25
    # Twelve lines of code, so that nobody has to fold two into one. The blank ones are the formatter's, the title of a
    # solution is no code, and of imports nobody has to keep anything in mind: they say where each thing lives.
    lines = [list(filter(str.strip, without_imports(cell.source.removeprefix(SOLUTION)))) for cell in code]
    assert [cell.source for cell, own in zip(code, lines, strict=True) if len(own) > 12] == []
    plain = [text for cell in code for text in texts(cell) if not text.startswith("<div>")]  # markup is not shown
    assert [text[:80] for text in plain if text.count("\n") > 100] == []


def without_imports(code):
    """The lines of a cell but those of its import statements."""
    magic = re.sub(r"^%.*$", "pass", code, flags=re.MULTILINE)
    imports = [node for node in ast.walk(ast.parse(magic)) if isinstance(node, ast.Import | ast.ImportFrom)]
    taken = {number for node in imports for number in range(node.lineno, node.end_lineno + 1)}
    return [line for number, line in enumerate(code.splitlines(), start=1) if number not in taken]


@NOTEBOOKS
def test_no_output_shows_a_path_of_the_machine_it_ran_on(path):
    assert [
        match[0] for cell in read(path).cells for text in texts(cell) for match in MACHINE_PATH.finditer(text)
    ] == []


@NOTEBOOKS
def test_no_widget_state_is_saved(path):
    text = path.read_text(encoding="utf-8")
    assert "application/vnd.jupyter.widget" not in text


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    return wheel_python(tmp_path_factory.mktemp("wheel"))


@pytest.mark.slow
def test_the_wheel_is_imported_and_not_the_checkout(python, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, "-c", "import lesionseg_lib, torch; print(lesionseg_lib.__file__)"]
    found = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    assert Path(found.stdout.strip()).is_relative_to(python.parent.parent)


@pytest.mark.slow
@pytest.mark.timeout(900)
@LESSONS
def test_a_lesson_runs_alone_in_an_empty_folder_from_the_wheel(source, python, tmp_path):
    run = run_alone(of(source), python, tmp_path)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
