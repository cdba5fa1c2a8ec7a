"""Run a lesson: each in a fresh kernel and its own empty folder, with what it ran on written into its metadata."""

import shutil
import sys
import time
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from traitlets.config import Config

from tools.kernels import over_ipc
from tools.notebooks import Notebook, code_sha256, first_error, save, tidy


class LessonError(Exception):
    """A lesson stopped; the message names the lesson, the cell, the error and the partly executed notebook."""


def execute(notebook: Notebook, target: Path, folder: Path, situation: dict[str, Any]) -> float:
    """Run all cells and save the notebook to `target`; return the seconds it took.

    Args:
        folder: the working folder, emptied first.
        situation: commit, profile, device, data, data_fingerprint; goes into the notebook's metadata.

    Raises:
        LessonError: a cell failed. What ran until then is at `target`.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    progress = Progress(target.stem, len(notebook.cells))
    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
        config=Config(KernelManager=over_ipc()),
        on_cell_start=progress.show,
    )
    notebook.metadata["lesionseg"] = {**situation, "source_sha256": code_sha256(notebook)}
    failure = None
    try:
        client.execute()
    except CellExecutionError:
        failure = first_error(notebook)
    except DeadKernelError:
        failure = f"cell {progress.cell}: the kernel died (out of memory?)"
    tidy(notebook)
    save(notebook, target)
    progress.end()
    if failure is not None:
        raise LessonError(f"{target.stem} stopped in {failure}\nThe lesson as far as it came: {target}")
    return progress.seconds()


class Progress:
    """One line a lesson; on a terminal it also counts the cells."""

    def __init__(self, name: str, cells: int) -> None:
        self.name, self.cells, self.cell = name, cells, 0
        self.start = time.monotonic()
        self.live = sys.stdout.isatty()

    def seconds(self) -> float:
        """Since the notebook began."""
        return time.monotonic() - self.start

    def show(self, cell: Any, cell_index: int) -> None:
        """Which cell runs now; nbclient calls it."""
        self.cell = cell_index + 1
        if self.live:
            print(f"\r  {self.name}  cell {self.cell} of {self.cells}, {self.seconds():.0f} s ", end="", flush=True)

    def end(self) -> None:
        """The notebook's line, for good."""
        print(f"{chr(13) if self.live else ''}  {self.name}  {self.seconds():.0f} s" + " " * 20 * self.live, flush=True)
