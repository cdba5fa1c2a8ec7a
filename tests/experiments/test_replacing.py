"""What is there is replaced by its own kind, and only where that was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from lesionseg_lib.cli.app import app
from lesionseg_lib.cli.tables import demand_own_table
from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.records import demand_free, is_of, read_record, write_record
from tests.helpers.damage import contents
from tests.helpers.records import make_record, make_table

SCORES = np.array([0.25, 0.5])
RECORD = {**make_record("light", 0, SCORES), "weights": {"name": "IMAGENET1K_V1", "sha256": "ab" * 32}}


def changed(**changes: Any) -> dict[str, Any]:
    return json.loads(json.dumps({**RECORD, **changes}))


OTHER_RUNS = {
    "profile": changed(profile="smoke"),
    "settings": changed(recipe={**RECORD["recipe"], "learning_rate": 0.5}),
    "weights": changed(weights={"name": None, "sha256": None}),
    "data": changed(data={**RECORD["data"], "train": {"images": 3, "fingerprint": "other"}}),
}


def test_a_record_goes_only_for_the_same_run_or_by_force(tmp_path: Path) -> None:
    demand_free(tmp_path, RECORD, again=False, force=False)
    write_record(tmp_path, RECORD, make_table(SCORES, "ab"))
    demand_free(tmp_path, RECORD, again=True, force=False)
    demand_free(tmp_path, {**RECORD, "seed": 1}, again=False, force=False)
    with pytest.raises(
        RecordError, match="there is a record already, of profile full, 2 test images. Write into another"
    ):
        demand_free(tmp_path, RECORD, again=False, force=False)
    for what, record in OTHER_RUNS.items():
        for again in (True, False):
            with pytest.raises(RecordError, match=f"differs in {what}. .*--results, or add --force"):
                demand_free(tmp_path, record, again=again, force=False)
        demand_free(tmp_path, record, again=False, force=True)


@pytest.mark.parametrize("content", [b"", b"{}", b"precious", b"\x89PNG"])
def test_a_file_that_is_no_record_does_not_go_for_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "light").mkdir()
    (tmp_path / "light" / "seed0.json").write_bytes(content)
    with pytest.raises(RecordError, match="would be replaced, and it is no sound record.*--force"):
        demand_free(tmp_path, RECORD, again=True, force=False)


def test_a_link_in_the_place_of_a_record_or_table_stays(tmp_path: Path) -> None:
    for name in ("seed0.json", "seed0.csv"):
        folder = tmp_path / name / "light"
        folder.mkdir(parents=True)
        (tmp_path / "precious").write_text("precious")
        (folder / name).symlink_to(tmp_path / "precious")
        with pytest.raises(RecordError, match="that is a link, and only a regular file is replaced"):
            write_record(tmp_path / name, RECORD, make_table(SCORES, "ab"))
        assert (folder / name).is_symlink() and (tmp_path / "precious").read_text() == "precious"


def test_a_record_is_known_by_profile_and_settings(tmp_path: Path) -> None:
    record = read_record(write_record(tmp_path, RECORD, make_table(SCORES, "ab")))
    assert is_of(record, "full", RECORD["recipe"])
    assert is_of(record, "full", {**RECORD["recipe"], "title": "another"})
    assert not is_of(record, "smoke", RECORD["recipe"])
    assert not is_of(record, "full", {**RECORD["recipe"], "epochs": 3})


def test_a_csv_replaces_tables_of_scores_alone(tmp_path: Path) -> None:
    csv = tmp_path / "a.csv"
    demand_own_table(csv, force=False)
    csv.write_text("id,height,width,tp,fp,fn,tn,jaccard\n")
    demand_own_table(csv, force=False)
    for content in (b"", b"id,age\n", b"\x89PNG", b'{"format": 2}'):
        csv.write_bytes(content)
        with pytest.raises(RecordError, match="no table of scores. Name another file, or add --force"):
            demand_own_table(csv, force=False)
        demand_own_table(csv, force=True)
    link = tmp_path / "link.csv"
    link.symlink_to(csv)
    for target in (link, Path("/dev/null"), tmp_path):
        with pytest.raises(FileExistsError, match="only a regular file is replaced"):
            demand_own_table(target, force=True)


def test_commands_refuse_before_they_compute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LESIONSEG_CACHE", str(tmp_path / "cache"))
    write_record(tmp_path / "results", {**RECORD, "name": "otsu"}, make_table(SCORES, "ab"))
    before = contents(tmp_path / "results")
    baseline = ["baseline", "otsu", "--profile", "smoke", "--results", "results"]
    done = CliRunner().invoke(app, baseline)
    assert done.exit_code == 2 and "there is a record already, of profile full" in done.output
    assert contents(tmp_path / "results") == before
    assert CliRunner().invoke(app, [*baseline, "--force"]).exit_code == 0
    assert read_record(tmp_path / "results" / "otsu" / "seed0.json")["profile"] == "smoke"
