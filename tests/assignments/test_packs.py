"""The teacher's pack and the course's secret."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lesionseg_lib.assignments.packs import Pack, course_secret, read_pack, write_pack
from lesionseg_lib.errors import AssignmentError
from tests.helpers.hand_ins import PACK


def test_a_pack_is_read_as_it_was_written_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "a1-grading.zip"
    write_pack(Pack("a1", "2026", b"s" * 32, {"x": np.arange(3)}), path)
    found = read_pack(path, "a1")
    assert (found.term, found.secret, found.arrays["x"].tolist()) == ("2026", b"s" * 32, [0, 1, 2])
    assert path.stat().st_mode & 0o077 == 0


def test_a_text_form_shows_no_secret() -> None:
    assert repr(PACK) == "Pack('a1', '2026-test')"


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a1-grading.zip"
    with pytest.raises(AssignmentError, match="no grading pack there"):
        read_pack(path, "a1")
    write_pack(PACK, path)
    with pytest.raises(AssignmentError, match="no grading pack of a2"):
        read_pack(path, "a2")
    path.write_bytes(b"no zip")
    with pytest.raises(AssignmentError, match="no zip that can be read"):
        read_pack(path, "a1")


def test_the_secret_is_drawn_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.txt"
    first = course_secret(path)
    assert len(first) == 32 and first == course_secret(path) != course_secret(tmp_path / "other.txt")
    assert path.stat().st_mode & 0o077 == 0
    for text, says in (("not hex", "no secret"), ("00ff", "16 or more")):
        path.write_text(text, encoding="ascii")
        with pytest.raises(AssignmentError, match=says):
            course_secret(path)
