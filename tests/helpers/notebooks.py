"""The committed notebooks: which belongs to which source, and what their cells show."""

from pathlib import Path

import pytest

from tools import ROOT
from tools.notebooks import sources

LESSONS = pytest.mark.parametrize("source", sources(), ids=lambda path: path.stem)


def of(source: Path) -> Path:
    return ROOT / "notebooks" / f"{source.stem}.ipynb"


def texts(cell) -> list[str]:
    """What a cell shows as text."""
    found = []
    for output in cell.get("outputs", []):
        found.append(output.get("text", ""))
        found += [text for kind, text in output.get("data", {}).items() if not kind.startswith("image/")]
    return [text if isinstance(text, str) else str(text) for text in found]
