"""What `lesionseg compare` prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionseg_lib.cli import compare
from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.comparison import compare_all
from lesionseg_lib.results.records import load_records
from lesionseg_lib.training.recipes import load_recipes
from tests.helpers.records import put_record

BASE = np.random.default_rng(0).uniform(0.3, 0.8, 200)


def test_the_listing_names_what_is_missing_and_how_many_may_be_chance(tmp_path: Path) -> None:
    assert "No two recipes of a step are recorded" in compare.effects(load_recipes(), tmp_path)
    put_record(tmp_path, "dilated-frozen", BASE)
    put_record(tmp_path, "dilated-frozen-slow", BASE - 0.1)
    text = compare.effects(load_recipes(), tmp_path)
    line = next(line for line in text.splitlines() if line.startswith("dilated-frozen -> dilated-frozen-slow"))
    assert (
        " ".join(line.split())
        .split(" slow ")[0]
        .endswith("decoder's rate - 1, 1 -10.0 -10.0 to -10.0 -10.0 to -10.0 < .001 these networks only")
    )
    assert "Of 1 steps without any effect, about 0.1 would leave out zero by chance" in text
    assert "unet-without-skips" in text.splitlines()[-1]
    assert "No recipe has several seeds" in text


def test_every_recipe_has_a_row_and_those_without_record_say_so(tmp_path: Path) -> None:
    put_record(tmp_path, "dilated-all", np.array([0.8, 0.9]))
    rows = compare_all(load_recipes(), load_records(tmp_path))
    assert [row.name for row in rows] == list(load_recipes())
    recorded = {row.name: row.jaccard for row in rows if row.jaccard}
    assert recorded.keys() == {"dilated-all"}
    text = compare.scores_text(rows)
    lines = {line.split()[0]: line for line in text.splitlines() if line.startswith(tuple(load_recipes()))}
    assert lines.keys() == load_recipes().keys()
    assert all(("not recorded" in line) == (name != "dilated-all") for name, line in lines.items())


def test_a_row_shows_measured_claimed_and_their_difference(tmp_path: Path) -> None:
    put_record(tmp_path, "dilated-all", np.array([0.8, 0.9]))  # Dice 8/9 and 18/19
    line = next(
        line for line in compare.comparison([], load_recipes(), tmp_path).splitlines() if line.startswith("dilated-all")
    )
    measured = "1 - 0.850 [0.800, 0.900] 0.918 [0.889, 0.947]"
    assert " ".join(line.split()) == f"dilated-all {measured} 0.8834 / 0.9121 -0.033 / +0.006"


def test_the_impossible_pair_is_called_impossible() -> None:
    text = compare.claims_text(compare_all(load_recipes(), {}))
    verdicts = {line.split()[0]: "NO" in line for line in text.splitlines() if line.startswith(tuple(load_recipes()))}
    assert verdicts == {
        name: name.startswith("transposed") for name, recipe in load_recipes().items() if recipe.claimed
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"profile": "smoke"}, "some records are of profile smoke"),
        ({"data": {"test": {"fingerprint": "other", "images": 2}}}, "not all records were scored on the same test"),
    ],
)
def test_records_that_cannot_be_compared_are_pointed_out(tmp_path: Path, changes: dict[str, Any], note: str) -> None:
    put_record(tmp_path, "dilated-all", np.array([0.8, 0.9]))
    assert "Note:" not in compare.comparison([], load_recipes(), tmp_path)
    put_record(tmp_path, "dilated-frozen", np.array([0.8, 0.9]), **changes)
    assert note in compare.comparison([], load_recipes(), tmp_path)


def test_a_record_without_its_scores_is_named(tmp_path: Path) -> None:
    path = put_record(tmp_path, "dilated-all", np.array([0.8, 0.9]))
    record = json.loads(path.read_text())
    del record["readings"]
    path.write_text(json.dumps(record))
    with pytest.raises(RecordError, match="record of dilated-all is incomplete: 'readings'"):
        compare.comparison([], load_recipes(), tmp_path)
