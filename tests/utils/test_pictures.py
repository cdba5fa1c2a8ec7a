"""A picture is written, or an error names it."""

from __future__ import annotations

import ast
from pathlib import Path

import cv2
import numpy as np
import pytest

import lesionseg_lib
from lesionseg_lib.utils.pictures import write_picture

PIXELS = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", PIXELS)
    assert np.array_equal(np.asarray(cv2.imread(str(tmp_path / "a.png"))), PIXELS)
    write_picture(tmp_path / "low.jpg", np.tile(PIXELS, (8, 8, 1)), [cv2.IMWRITE_JPEG_QUALITY, 5])
    write_picture(tmp_path / "high.jpg", np.tile(PIXELS, (8, 8, 1)), [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert (tmp_path / "low.jpg").stat().st_size < (tmp_path / "high.jpg").stat().st_size


@pytest.mark.parametrize("name", ["a.xyz", "a", "missing/a.png"])
def test_what_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError, match=name.rpartition("/")[2]) as caught:
        write_picture(tmp_path / name, PIXELS)
    assert caught.value.filename == str(tmp_path / name)


def test_pixels_that_are_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot be encoded"):
        write_picture(tmp_path / "a.png", PIXELS[:0])


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_picture(tmp_path / "a.png", PIXELS)
    assert caught.value.filename == str(tmp_path / "a.png")


def test_nobody_else_writes_through_opencv() -> None:
    """Its ``imwrite`` returns False where others raise."""
    for path in Path(lesionseg_lib.__file__).parent.rglob("*.py"):
        calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute))
        assert not [node for node in calls if node.attr == "imwrite"], path
