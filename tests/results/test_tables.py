"""Per-image tables and the list of digests."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.records import SUMS, read_table
from lesionseg_lib.results.tables import check_table, is_table, parse_sums, table_text, text_sha256
from tests.helpers.damage import damages
from tools import ROOT

GOOD = {"id": ["a", "b"], "height": [2, 3], "tp": [1, 0], "jaccard": [0.5, 1.0]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": ["a", "a"]}, "lists a more than once"),
        ({"jaccard": [0.5, 1.5]}, "jaccard of b is .*1.5.*, expected a number from 0 to 1"),
        ({"jaccard": [float("nan"), 1]}, "jaccard of a is .*nan"),
        ({"jaccard": ["zero.5", 1]}, "jaccard of a is 'zero.5'"),
        ({"tp": [1, -1]}, "tp of b is .*-1.*, expected a whole number"),
        ({"tp": [1.5, 1]}, "tp of a is .*1.5"),
        ({"seconds": [float("inf"), 1]}, "seconds of a is .*inf.*, expected a number"),
    ],
)
def test_a_value_amiss_is_named_with_its_image(changes: dict[str, Any], message: str) -> None:
    check_table(pd.DataFrame(GOOD))
    with pytest.raises(ValueError, match=message):
        check_table(pd.DataFrame({**GOOD, **changes}))


def test_a_table_without_ids_says_what_it_has() -> None:
    with pytest.raises(ValueError, match="lacks the column id; it has jaccard"):
        check_table(pd.DataFrame({"jaccard": [1]}))


def test_our_tables_are_told_from_other_files() -> None:
    path = ROOT / "results" / "light" / "seed0.csv"
    assert is_table(path.read_bytes())
    assert is_table(table_text(pd.read_csv(path)))
    assert not any(map(is_table, (b"", b"id,age\n", b"\x89PNG", b"id")))


def test_the_published_files_are_those_of_the_list() -> None:
    """After a new record: ``make stamp``."""
    results = ROOT / "results"
    files = [*results.glob("*/seed*.json"), *results.glob("*/seed*.csv"), results / "costs.json"]
    found = {file.relative_to(results).as_posix(): text_sha256(file.read_bytes()) for file in files}
    assert parse_sums(results / SUMS) == found


def test_a_table_that_the_list_tells_otherwise_is_refused(tmp_path: Path) -> None:
    (tmp_path / "light").mkdir()
    for name in ("light/seed0.json", "light/seed0.csv", SUMS):
        (tmp_path / name).write_bytes((ROOT / "results" / name).read_bytes())
    path = tmp_path / "light" / "seed0.csv"
    good = path.read_bytes()
    assert len(read_table(path)) == 379
    path.write_bytes(good.replace(b"\n", b"\r\n"))
    assert len(read_table(path)) == 379  # git may change line ends
    for what, content in damages(good, 12):
        path.write_bytes(content)
        with pytest.raises(RecordError, match=r"seed0\.csv"):
            read_table(path)
            raise AssertionError(what)


@pytest.mark.parametrize("content", [b"abc  file\n", b"\xff\xfe\n", (hashlib.sha256().hexdigest() + " \n").encode()])
def test_a_list_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / SUMS).write_bytes(content)
    with pytest.raises(RecordError, match="SHA256SUMS, line 1"):
        parse_sums(tmp_path / SUMS)
