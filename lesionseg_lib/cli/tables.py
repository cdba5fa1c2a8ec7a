"""Tables as plain text, for a terminal or a file."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.tables import is_table, table_text
from lesionseg_lib.utils.files import demand_regular, write_bytes

NOTHING = "-"
"""What stands where there is no number."""


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> str:
    """Columns as wide as their widest cell, two spaces apart; those numbered in ``right`` are set to the right.

    Every row must have one cell for each cell of the header.
    """
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def score_table(summary: Mapping[str, Any], official: Mapping[str, float] | None) -> str:
    """Metrics with 95 % intervals (``evaluation.summarise``), the organisers' own figures beside them if there are any.

    ``summary`` may hold more than metrics; what has no interval is left out.
    """
    metrics = {name: score for name, score in summary.items() if isinstance(score, Mapping)}
    rows = [
        [name.replace("_", " "), f"{score['mean']:.4f}", f"{score['low']:.4f} to {score['high']:.4f}"]
        + ([f"{official[name]:.4f}"] if official else [])
        for name, score in metrics.items()
    ]
    header = ["metric", "mean", "95 % interval"] + (["organisers' scorer"] if official else [])
    return format_table(header, rows, right={1, 3})


def demand_own_table(path: Path, force: bool) -> None:
    """Raise where a table of images may not be written: ``RecordError`` on a file that is none, but with ``force``.

    ``OSError`` on a link, a device or a folder, which are never replaced.
    """
    demand_regular(path)
    if path.exists() and not force:
        with path.open("rb") as file:
            ours = is_table(file.read(100))
        if not ours:
            raise RecordError(
                f"{path}: there is a file already, and it is no table of scores. Name another file, or add --force to "
                f"replace it."
            )


def write_scores(path: Path, table: pd.DataFrame, force: bool) -> None:
    """Write a table of images. Raises what ``demand_own_table`` raises, and ``OSError`` when it cannot be written."""
    demand_own_table(path, force)  # a file may have come since it was asked
    write_bytes(path, table_text(table))


def p_text(p: float) -> str:
    """A p value to three digits; a smaller one by its bound."""
    return f"{p:.3f}" if p >= 1e-3 else "< .001"
