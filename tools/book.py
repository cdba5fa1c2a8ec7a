"""The book: stage its pages and the executed notebooks into one folder and build the HTML there.

`make book` takes the committed notebooks. Warnings are errors.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from tools import ROOT, explorers, links
from tools.notebooks import read, save
from tools.placeholders import fill

BUILD = ROOT / "_build"


class BookError(Exception):
    """The book could not be built; the message holds what Sphinx said."""


def stage(notebooks: list[Path], folder: Path, results: Path) -> None:
    """Lay out the book's source in `folder`: pages with their placeholders filled in, notebooks below `notebooks/`.

    The network's runtime stays behind: explorers.write_built makes one script of it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "book", folder, ignore=shutil.ignore_patterns("__pycache__", "onnxruntime-web"))
    shutil.copy(ROOT / "_config.yml", folder)
    explorers.write_built(results, folder / "explorers")
    for page in sorted(folder.glob("**/*.md")):
        if "vendor" in page.parts:
            continue
        text = fill(page.read_text(encoding="utf-8"), results, f"book/{page.relative_to(folder)}")
        page.write_text(text, encoding="utf-8")
    for path in notebooks:
        notebook = read(path)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = links.in_book(cell.source)
        save(notebook, folder / "notebooks" / path.name)
    if not notebooks:
        _leave_lessons_out(folder / "_toc.yml")


def _leave_lessons_out(toc: Path) -> None:
    """Before the first lesson is written its pattern matches nothing, which Sphinx takes for a mistake."""
    content = yaml.safe_load(toc.read_text(encoding="utf-8"))
    content["parts"] = [part for part in content["parts"] if "glob" not in part["chapters"][0]]
    toc.write_text(yaml.safe_dump(content), encoding="utf-8")


def build(source: Path, html: Path) -> Path:
    """Build the staged book and move the pages to `html`.

    Returns:
        The path of the first page.

    Raises:
        BookError: Sphinx warned or failed.
    """
    output = source.parent / f"{source.name}-output"
    shutil.rmtree(output, ignore_errors=True)
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(source)]
    command += ["--path-output", str(output), "-W", "-n", "--keep-going", "--quiet"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        said = (run.stdout + run.stderr).strip().splitlines()
        raise BookError("The book was not built:\n" + "\n".join(said[-60:]))
    shutil.rmtree(html, ignore_errors=True)
    shutil.move(output / "_build" / "html", html)
    shutil.rmtree(output)
    return html / "index.html"


def committed(root: Path = ROOT) -> list[Path]:
    """The lessons as they are committed, with their outputs."""
    return sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def build_committed() -> Path:
    """Build the book of the committed lessons; return its first page. Raises ``BookError``."""
    stage(committed(), BUILD / "book", ROOT / "results")
    return build(BUILD / "book", BUILD / "html")


def main() -> None:
    try:
        page = build_committed()
    except BookError as error:
        sys.exit(str(error))
    print(f"The book: {page.as_uri()}")


if __name__ == "__main__":
    main()
