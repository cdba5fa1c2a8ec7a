"""Per-image tables and lists of digests: what their bytes and columns must be."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pandas as pd

from lesionseg_lib.errors import RecordError

_COUNTS = ("height", "width", "tp", "fp", "fn", "tn")
_SHARES = ("jaccard", "dice", "sensitivity", "specificity", "accuracy", "threshold_jaccard")


def check_table(table: pd.DataFrame) -> None:
    """Ids, each once; whole numbers where pixels are counted, numbers of 0 to 1 where they are compared.

    Raises ``ValueError``, which names column, value and what was expected.
    """
    if "id" not in table.columns:
        raise ValueError(f"it lacks the column id; it has {', '.join(map(str, table.columns))}")
    if twice := table["id"][table["id"].duplicated()].tolist():
        raise ValueError(f"it lists {twice[0]} more than once")
    for name in table.columns.drop("id"):
        numbers = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=float)
        fits, expected = np.isfinite(numbers), "a number"
        if name in _COUNTS:
            fits, expected = fits & (numbers >= 0) & (numbers % 1 == 0), "a whole number"
        elif name in _SHARES:
            fits, expected = fits & (numbers >= 0) & (numbers <= 1), "a number from 0 to 1"
        if not fits.all():
            row = int(fits.argmin())
            raise ValueError(f"{name} of {table['id'].iloc[row]} is {table[name].iloc[row]!r}, expected {expected}")


def table_text(table: pd.DataFrame) -> bytes:
    """A table of images as CSV. The bytes of a name that is no text are written as such: the file stays UTF-8."""
    return table.to_csv(index=False, float_format="%.6f", lineterminator="\n").encode("utf-8", "backslashreplace")


def is_table(content: bytes) -> bool:
    """Whether a file begins as a table of images does."""
    return content.startswith(b"id,height,width,tp,fp,fn,tn,")


def text_sha256(content: bytes) -> str:
    """SHA-256 of text, whatever its line ends: git may change them."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def parse_sums(path: Path) -> dict[str, str]:
    """A list as ``sha256sum`` writes it: file -> digest. Raises ``RecordError``."""
    found = {}
    for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), start=1):
        entry = re.fullmatch(r"([0-9a-f]{64}) [ *](.+)", line)
        if entry is None:
            raise RecordError(f"{path}, line {number}: {line[:80]!r}, expected a SHA-256 and a file. Restore it.")
        found[entry[2]] = entry[1]
    return found
