"""A record is checked value by value, and its bytes are known again."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionseg_lib.results.records import write_record
from lesionseg_lib.results.schema import RecipeSettings, RecordFile, canonical, check_record, parse_record
from lesionseg_lib.utils.schemas import SchemaError
from tests.helpers.damage import damages
from tests.helpers.records import make_record, make_table
from tests.helpers.values import wrong_types
from tools import ROOT

SCORES = np.array([0.25, 0.5, 0.75])
PUBLISHED = sorted((ROOT / "results").glob("*/seed*.json"))


def parse(values: dict[str, Any]) -> dict[str, Any]:
    return parse_record(json.dumps(values).encode())


def test_every_published_record_is_sound() -> None:
    assert len(PUBLISHED) > 30
    for path in PUBLISHED:
        assert parse_record(path.read_bytes()) == json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("source", ["light", "otsu"])
def test_no_field_that_is_read_may_have_another_type(source: str) -> None:
    record = json.loads((ROOT / "results" / source / "seed0.json").read_text(encoding="utf-8"))
    record = {key: value for key, value in record.items() if key in RecordFile.model_fields}
    record["recipe"] = {key: value for key, value in record["recipe"].items() if key in RecipeSettings.model_fields}
    record["readings"] = {"per_image": record["readings"]["per_image"]}
    tried = 0
    for place, other, changed in wrong_types(record):
        if other == {} and place in (("readings",), ("official",)):
            continue  # none of them
        if other == [] and place == ("history",):
            continue
        if record_value(record, place) is None and place[0] != "format":
            continue  # left out
        with pytest.raises(SchemaError):
            parse(changed)
            raise AssertionError(f"{place} may be {other!r}")
        tried += 1
    assert tried > 300


def record_value(record: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        record = record[key]
    return record


@pytest.mark.parametrize(
    "name",
    [
        "name",
        "seed",
        "profile",
        "recipe",
        "device",
        "data",
        "parameters",
        "epochs_run",
        "best_epoch",
        "test",
        "readings",
    ],
)
def test_a_hole_is_named(name: str) -> None:
    record = {"format": 1, **make_record("light", 0, SCORES)}
    assert parse(record) == record
    with pytest.raises(SchemaError, match=f"lacks {name}"):
        parse({key: value for key, value in record.items() if key != name})


def test_epochs_and_history_must_agree() -> None:
    record = json.loads((ROOT / "results" / "light" / "seed0.json").read_text(encoding="utf-8"))
    for changes in ({"best_epoch": 99}, {"best_epoch": 0}, {"epochs_run": 3}):
        with pytest.raises(SchemaError, match="expected best_epoch"):
            parse({**record, **changes})


def test_every_damage_to_a_record_is_noticed(tmp_path: Path) -> None:
    path = write_record(tmp_path, make_record("light", 0, SCORES), make_table(SCORES, "abc"))
    good = json.loads(path.read_bytes())
    noticed = 0
    for what, content in damages(path.read_bytes(), 120):
        try:
            found = parse_record(content)
        except SchemaError:
            noticed += 1
        else:
            assert found == good, what  # one space for another
    assert noticed > 200


def test_the_digest_is_of_values_and_not_of_their_order_or_spacing() -> None:
    record = make_record("light", 0, SCORES)
    assert canonical(dict(reversed(record.items()))) == canonical({**record, "sha256": {}}) == canonical(record)
    assert canonical({**record, "seed": 1}) != canonical(record)


def test_a_record_with_a_value_that_is_not_finite_is_not_written() -> None:
    record = make_record("light", 0, SCORES)
    check_record(record)
    for value in (math.nan, math.inf):
        record["test"]["loss"] = value
        with pytest.raises(SchemaError, match="test.loss is (nan|inf), expected a finite number"):
            check_record(record)
