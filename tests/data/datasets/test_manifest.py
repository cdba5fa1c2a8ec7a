"""manifest.csv as spreadsheets and people leave it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lesionseg_lib.data.datasets.manifest import read_manifest
from lesionseg_lib.errors import DataError

TEXT = "id,diagnosis\r\na,nævus\r\nb,\r\n"
EXPECTED = {"a": {"diagnosis": "nævus"}, "b": {}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_what_spreadsheets_write_is_read(tmp_path: Path, encoding: str, delimiter: str, end: str) -> None:
    path = tmp_path / "manifest.csv"
    path.write_bytes(TEXT.replace(",", delimiter).replace("\r\n", end).encode(encoding))
    assert read_manifest(path) == EXPECTED


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", {}),
        (b"id\n", {}),
        (b"\n\nid,x\na,1\n\n,\n", {"a": {"x": "1"}}),
        (b' id , "x"\na,"1, or 2"\n', {"a": {"x": "1, or 2"}}),
        (b"id,notes\na," + b"x" * 300_000, {"a": {"notes": "x" * 300_000}}),
        (b"id,x\na,1\na,1\n", {"a": {"x": "1"}}),
        (b"x,id\n1,a\n2\n".replace(b"2\n", b""), {"a": {"x": "1"}}),
    ],
)
def test_what_has_one_meaning_is_read(tmp_path: Path, content: bytes, expected: dict[str, dict[str, str]]) -> None:
    (tmp_path / "manifest.csv").write_bytes(content)
    assert read_manifest(tmp_path / "manifest.csv") == expected


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("id,x\na,nævus\n".encode("cp1252"), "is not in UTF-8"),
        ("id,x\na,naevus\n".encode("utf-16")[2:], "is no text"),
        (b"\xff\xfei", "is not in UTF-8"),
        (b"file,x\na,1\n", "has the columns file, x; expected a column 'id'"),
        (b"id,id\na,1\n", "has the columns id, id"),
        (b"id,x\na,1,2\n", "line 2 has more values than there are columns"),
        (b"id,x\n,1\n", "line 2 has no id"),
        (b"x,id\n1,a\n2\n", "line 3 has no id"),
        (b"id,x\na,1\na,2\n", "line 3 says something else about a"),
        (b'id,x\na,"1\n', "quotation mark"),
        (b"id,x\na,\0\n", "is no text"),
        (b"\x89PNG\r\n\x1a\n", "is not in UTF-8"),
    ],
)
def test_what_has_no_meaning_or_two_is_refused(tmp_path: Path, content: bytes, part: str) -> None:
    path = tmp_path / "manifest.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_manifest(path)
    assert str(path) in str(caught.value) and part in str(caught.value)


def test_a_folder_of_that_name_is_named_and_no_file_is_no_fault(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_manifest(tmp_path)
    assert read_manifest(tmp_path / "manifest.csv") == {}
