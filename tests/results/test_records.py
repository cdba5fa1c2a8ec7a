"""Records come back as they were written, and damaged ones are refused by a sentence."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesionseg_lib.errors import RecordError
from lesionseg_lib.results import records as module
from lesionseg_lib.results.records import (
    load_costs,
    load_records,
    published_results,
    read_record,
    read_table,
    record_path,
    write_record,
)
from tests.helpers.records import make_record, put_record

RECORD = make_record("dilated-all", 3, np.array([0.1 + 0.2, 0.5]))
TABLE = pd.DataFrame({"id": ["a", "b"], "tp": [1, 20_000], "jaccard": [1 / 3, 1.0]})


def visible(folder: Path) -> dict[str, bytes]:
    """What lies in a folder, without its locks."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith(".lock")}


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = write_record(tmp_path, RECORD, TABLE)
    assert path == tmp_path / "dilated-all" / "seed3.json" == record_path(tmp_path, "dilated-all", 3)
    assert read_record(path) == {"format": 2, **RECORD}
    table = read_table(path)
    assert table["id"].tolist() == ["a", "b"] and table["tp"].tolist() == [1, 20_000]
    assert table["jaccard"].tolist() == pytest.approx([1 / 3, 1.0], abs=1e-6)
    assert (tmp_path / "dilated-all" / "seed3.csv").read_bytes() == b"id,tp,jaccard\na,1,0.333333\nb,20000,1.000000\n"
    assert sorted(visible(path.parent)) == ["seed3.csv", "seed3.json"]


def test_the_same_record_is_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write_record(tmp_path / name, RECORD, TABLE) for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
    assert one.read_text(encoding="utf-8").endswith("}\n")


def test_a_record_that_cannot_be_written_leaves_the_older_one(tmp_path: Path) -> None:
    path = write_record(tmp_path, RECORD, TABLE)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_record(tmp_path, {**RECORD, "test": object()}, TABLE)
    assert path.read_bytes() == before


@pytest.mark.parametrize("step", [1, 3])  # the table, then its folder (which may fail), then the record
def test_a_full_disk_is_reported_and_leaves_the_older_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    path = write_record(tmp_path, RECORD, TABLE)
    before = visible(path.parent)
    calls = 0

    def full(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == step:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        RecordError, match="seed3.json: the record could not be written .No space left.*Free some space"
    ):
        write_record(tmp_path, {**RECORD, "test": {}}, TABLE.iloc[:1])
    assert visible(path.parent) == before


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(RecordError, match="the record could not be written .*name a folder that can be written"):
        write_record(tmp_path / "results", RECORD, TABLE)


def test_records_are_sorted_by_recipe_and_seed(tmp_path: Path) -> None:
    for name, seed in (("b", 2), ("a", 1), ("b", 0)):
        write_record(tmp_path, {**RECORD, "name": name, "seed": seed}, TABLE)
    (tmp_path / "notes.json").write_text("no record: records lie one folder deeper")
    found = load_records(tmp_path)
    assert {name: list(seeds) for name, seeds in found.items()} == {"a": [1], "b": [0, 2]}
    assert list(found) == ["a", "b"]
    assert found["b"][2]["seed"] == 2


def test_no_results_are_no_records(tmp_path: Path) -> None:
    assert load_records(tmp_path / "nothing") == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such record.*lesionseg train NAME --profile full"),
        (b"", "not a JSON record"),
        (b'{"format": 1, "name": "dil', "not a JSON record"),
        (b"\xff\xfe\x00", "not a JSON record"),
        (b"[1, 2]", "format list, expected 1 or 2"),
        (b"{}", "format None, expected 1 or 2"),
        (b'{"format": 3, "name": "x", "seed": 0}', "format 3, expected 1 or 2. Use a matching version"),
        (b'{"format": 1, "seed": 0}', "lacks name"),
        (b'{"format": 1}', "lacks name, seed"),
    ],
)
def test_a_damaged_record_is_refused_by_a_sentence_that_names_it(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "dilated-all" / "seed0.json"
    path.parent.mkdir()
    if content is not None:
        path.write_bytes(content)
        with pytest.raises(RecordError, match=message):
            load_records(tmp_path)
    with pytest.raises(RecordError, match=message) as caught:
        read_record(path)
    assert str(path) in str(caught.value)


def test_a_record_without_its_table_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="seed0.csv: no such table"):
        read_table(tmp_path / "seed0.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file.*benchmarks/costs.py"),
        ("{", "not JSON"),
        ("[]", "the whole is"),
        ('{"device": "cpu"}', "lacks threads, recipes"),
        ('{"device": "cpu", "threads": -1, "recipes": {}}', "threads is -1, expected"),
        (
            '{"device": "cpu", "threads": 1, "recipes": {"a": {"cached": 2}}}',
            r"recipes\.a\.cached is 2",
        ),
        ('{"device": "cpu", "threads": 1, "recipes": {"light": {"x": NaN}}}', r"recipes\.light\.x is nan, expected"),
    ],
)
def test_costs_that_are_not_there_are_refused(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "costs.json").write_text(content)
    with pytest.raises(RecordError, match=message):
        load_costs(tmp_path)


def test_a_record_in_the_place_of_another_run_is_refused(tmp_path: Path) -> None:
    put_record(tmp_path, "light", np.array([0.5, 0.7]))
    (tmp_path / "light" / "seed0.json").rename(tmp_path / "light" / "seed1.json")
    with pytest.raises(RecordError, match=r"seed1\.json: the record of this run belongs in .*seed0"):
        load_records(tmp_path)


def test_a_table_with_more_values_than_columns_is_refused(tmp_path: Path) -> None:
    path = put_record(tmp_path, "light", np.array([0.5, 0.7]))
    path.unlink()
    path.with_suffix(".csv").write_text("id,jaccard\na,0.5,0.6\nb,0.5,0.6\n")
    with pytest.raises(RecordError, match="more values than it has columns"):
        read_table(path)


def test_costs_come_back_as_they_were_written(tmp_path: Path) -> None:
    costs = {"device": "cpu", "commit": None, "threads": 1, "recipes": {"light": {"milliseconds_per_image": 2.5}}}
    (tmp_path / "costs.json").write_text(json.dumps(costs))
    assert load_costs(tmp_path) == costs


def test_published_records_are_found_in_checkout_wheel_or_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LESIONSEG_RESULTS", raising=False)
    package = tmp_path / "site" / "lesionseg_lib"
    package.mkdir(parents=True)
    monkeypatch.setattr(module, "PACKAGE", package)
    assert published_results() == tmp_path / "site" / "results"
    (package / "_results").mkdir()
    assert published_results() == package / "_results"
    monkeypatch.setenv("LESIONSEG_RESULTS", "")
    assert published_results() == package / "_results"
    monkeypatch.setenv("LESIONSEG_RESULTS", str(tmp_path / "mine"))
    assert published_results() == tmp_path / "mine"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LESIONSEG_RESULTS", "~/mine")
    assert published_results() == tmp_path / "mine"
