"""The teacher's pack, ``aN-grading.zip``: the term, the course's secret, and arrays that an assignment needs.

Whoever has it can compute every graded question. It is not for students, not for a repository and not for the wheel.
"""

from __future__ import annotations

import io
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.assignments.archive import read_archive
from lesionseg_lib.assignments.arrays import read_arrays
from lesionseg_lib.assignments.files import read_json
from lesionseg_lib.assignments.hand_in import zipped
from lesionseg_lib.assignments.model import Given
from lesionseg_lib.assignments.variants import public_variant, secret_variant
from lesionseg_lib.errors import AssignmentError
from lesionseg_lib.utils.files import is_file, write_bytes

FORMAT = 1
LARGEST = 512 << 20


@dataclass(frozen=True, repr=False)
class Pack:
    """What the grader knows beside the library. Its text form shows no secret."""

    assignment: str
    term: str
    secret: bytes
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def given(self, student: str) -> Given:
        """What this student's questions are drawn from. Raises ``AssignmentError``."""
        return Given(
            public_variant(self.assignment, student, self.term),
            secret_variant(self.assignment, student, self.secret),
            self.arrays,
        )

    def __repr__(self) -> str:
        return f"Pack({self.assignment!r}, {self.term!r})"


def write_pack(pack: Pack, path: Path) -> None:
    """Write ``aN-grading.zip``, readable for its owner alone. Raises ``OSError``."""
    about = {"format": FORMAT, "assignment": pack.assignment, "term": pack.term, "secret": pack.secret.hex()}
    arrays = io.BytesIO()
    np.savez(arrays, allow_pickle=False, **pack.arrays)
    write_bytes(path, zipped({"pack.json": json.dumps(about).encode(), "arrays.npz": arrays.getvalue()}))
    path.chmod(0o600)


def read_pack(path: Path, assignment: str) -> Pack:
    """Read a pack. Raises ``AssignmentError``: missing, damaged, or of another assignment."""
    if not is_file(path):
        raise AssignmentError(
            f"{path}: no grading pack there. `make assignments` writes it; name it with --pack. Without it nobody "
            "knows the graded questions."
        )
    content = read_archive(path, lambda name: LARGEST if name in ("pack.json", "arrays.npz") else None, 2 * LARGEST)
    about = read_json(content.get("pack.json", b""), path.name)
    if not isinstance(about, dict) or about.get("format") != FORMAT or about.get("assignment") != assignment:
        raise AssignmentError(f"{path}: no grading pack of {assignment}. Name the one that `make assignments` wrote.")
    arrays = read_arrays(content.get("arrays.npz", b""), LARGEST, path.name)
    return Pack(assignment, str(about["term"]), bytes.fromhex(about["secret"]), arrays)


def course_secret(path: Path) -> bytes:
    """The course's secret, kept in a file that its owner alone can read; drawn anew where there is none.

    Raises ``AssignmentError`` for a file that holds something else, ``OSError``.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    try:
        found = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError as error:
        raise AssignmentError(f"{path}: holds no secret as this program writes it (hexadecimal digits).") from error
    if len(found) < 16:
        raise AssignmentError(f"{path}: a secret of {len(found)} bytes; expected 16 or more.")
    return found
