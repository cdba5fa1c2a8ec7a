"""From `notebooks/sources/NN_name.py` (py:percent, what people edit) to the `.ipynb` that Colab and the book show."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from tools import ROOT, repository
from tools.placeholders import fill
from tools.quiz import show

INSTALL = """\
# Installs the course's library on Colab and Kaggle; does nothing elsewhere.
import os

if {{"COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"}} & set(os.environ):
    %pip install --quiet "lesionseg @ git+{repository}"
"""
SOLUTION = "# @title Solution\n"
"""First line of a solution: Colab folds such a cell and shows the title."""
FOLDED = {
    "cellView": "form",  # Colab
    "jupyter": {"source_hidden": True, "outputs_hidden": True},  # JupyterLab
    "mystnb": {"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"},  # the book
}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
Notebook = Any  # nbformat is not typed


def sources(root: Path = ROOT) -> list[Path]:
    """The lessons' sources in reading order."""
    return sorted((root / "notebooks" / "sources").glob("[0-9][0-9]_*.py"))


def quiz_of(source: Path) -> Path:
    """Where the questions of a lesson are: `quiz/NN.yaml` beside the folder of sources."""
    return source.parent.parent / "quiz" / f"{source.stem[:2]}.yaml"


def fill_markdown(text: str, source: Path, results: Path) -> str:
    """Fill the placeholders in the markdown cells of a py:percent text, the quiz among them; code keeps its braces.

    Raises:
        TextError: naming the lesson, or its bank of questions, the line and the placeholder.
    """

    def quiz() -> str:
        shown = show(quiz_of(source), results).split("\n")
        return "\n".join(f"# {line}".rstrip() for line in shown).removeprefix("# ")

    cells, line = [], 1
    for cell in re.split(r"^(?=# %%)", text, flags=re.MULTILINE):
        in_markdown = "[markdown]" in cell.partition("\n")[0]
        cells.append(fill(cell, results, source.name, line, {"quiz": quiz}) if in_markdown else cell)
        line += cell.count("\n")
    return "".join(cells)


def write(source: Path, results: Path) -> Notebook:
    """Return the notebook of a lesson, without outputs.

    Numbers are filled in, the install cell stands after the title, and solutions are folded wherever it is opened.

    Cell ids count from 1, so that the same source always gives the same file.
    """
    text = fill_markdown(source.read_text(encoding="utf-8"), source, results)
    notebook = jupytext.reads(text, fmt="py:percent")
    install = nbformat.v4.new_code_cell(INSTALL.format(repository=repository()).rstrip())
    install.metadata["tags"] = ["install", "remove-cell"]
    notebook.cells.insert(1, install)
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:02d}"
        if cell.cell_type == "code" and "hide-cell" in tags(cell):
            cell.source = SOLUTION + cell.source
            cell.metadata.update(FOLDED)
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    return notebook


def code_sha256(notebook: Notebook) -> str:
    """Hash of what decides the outputs: the code cells, less the one that installs the library, without titles."""
    cells = [c for c in notebook.cells if c.cell_type == "code" and "install" not in tags(c)]
    return hashlib.sha256("\0".join(c.source.removeprefix(SOLUTION) for c in cells).encode()).hexdigest()


def tags(cell: Any) -> list[str]:
    """The cell's tags; [] without any."""
    found: list[str] = cell.metadata.get("tags", [])
    return found


def read(path: Path) -> Notebook:
    """A notebook in the current format."""
    return nbformat.read(path, as_version=4)


def save(notebook: Notebook, path: Path) -> None:
    """Write in one form: sorted keys, one space of indentation, a newline at the end."""
    nbformat.validate(notebook)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def first_error(notebook: Notebook) -> str | None:
    """Return "cell 7: ValueError: ..." for the first output that is an error."""
    for number, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return f"cell {number}: {output.ename}: {output.evalue}"
    return None


def tidy(notebook: Notebook) -> None:
    """Drop what breaks on GitHub or only works with a kernel: widget state and views, timing, colour codes."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        kept = []
        for output in cell.outputs:
            if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
                continue
            if output.output_type == "stream":
                output.text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", output.text)
            kept.append(output)
        cell.outputs = kept


def differences(committed: Notebook, written: Notebook) -> list[str]:
    """Say in which cells a committed notebook differs from the one its source gives now."""
    if len(committed.cells) != len(written.cells):
        return [f"{len(committed.cells)} cells, its source gives {len(written.cells)}"]
    return [
        f"cell {number} differs from the source"
        for number, (one, other) in enumerate(zip(committed.cells, written.cells, strict=True), start=1)
        if (one.cell_type, one.source, tags(one)) != (other.cell_type, other.source, tags(other))
    ]
