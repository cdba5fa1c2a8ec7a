"""`make accept`: take the lessons executed by `make course PROFILE=full` over into notebooks/.

A lesson whose code did not change since it was last accepted needs no new run: its text is brought up to date and its
outputs stay.
"""

import sys
from pathlib import Path

from tools import ROOT, TextError
from tools.course import NOTEBOOKS
from tools.notebooks import Notebook, code_sha256, differences, first_error, read, save, sources, write


def refusal(executed: Notebook, written: Notebook) -> str | None:
    """Say why an executed notebook cannot be taken over; None: it can."""
    about = executed.metadata.get("lesionseg", {})
    if about.get("profile") != "full":
        return f"was executed in profile {about.get('profile')}; run: make course PROFILE=full"
    if (error := first_error(executed)) is not None:
        return f"holds an error, {error}"
    if any(c.cell_type == "code" and c.source and c.execution_count is None for c in executed.cells):
        return "was not executed to its end; run: make course PROFILE=full"
    if about.get("source_sha256") != code_sha256(written):
        return "was executed with other code than its source has now; run: make course PROFILE=full"
    return None


def with_text(executed: Notebook, written: Notebook) -> Notebook:
    """Put the outputs of `executed` under the text of `written`; their code is the same."""
    ran = [cell for cell in executed.cells if cell.cell_type == "code"]
    for cell, old in zip((c for c in written.cells if c.cell_type == "code"), ran, strict=True):
        cell.outputs, cell.execution_count = old.outputs, old.execution_count
    written.metadata = executed.metadata
    return written


def accept(source: Path, executed: Path, target: Path, results: Path) -> str | None:
    """Write `target` from the newest outputs that fit; return why not when none do."""
    written = write(source, results)
    why = f"has not been executed: {executed} is not there; run: make course PROFILE=full"
    for candidate in (executed, target):
        if not candidate.exists():
            continue
        notebook = read(candidate)
        reason = refusal(notebook, written)
        if reason is None:
            if candidate == executed or differences(notebook, written):
                save(with_text(notebook, written), target)
            return None
        if candidate == executed:
            why = reason
    return why


def main() -> None:
    refused = []
    for source in sources():
        executed, target = (folder / f"{source.stem}.ipynb" for folder in (NOTEBOOKS, ROOT / "notebooks"))
        reason = accept(source, executed, target, ROOT / "results")
        print(f"  {source.stem}  {reason or 'accepted'}")
        refused += [source.stem] if reason else []
    if refused:
        sys.exit(f"Not accepted: {', '.join(refused)}")


if __name__ == "__main__":
    try:
        main()
    except TextError as error:
        sys.exit(str(error))
