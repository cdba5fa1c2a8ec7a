"""What an exported file says of its run is what the run's record says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionseg_lib.errors import RecordError
from lesionseg_lib.experiments.about_run import about_model, about_run
from lesionseg_lib.models.about import LICENCES, About
from lesionseg_lib.results.records import read_record, write_record
from lesionseg_lib.training.recipes import get_recipe
from tests.helpers.models import save_random_model
from tests.helpers.records import make_record, make_table

SCORES = np.array([0.7, 0.8, 0.96789])


def recorded(folder: Path, name: str = "light", **changes: Any) -> dict[str, Any]:
    record = make_record(name, 2, SCORES, recipe=get_recipe(name).settings(), **changes)
    return read_record(write_record(folder, record, make_table(SCORES, "abc")))


def test_a_record_is_told_with_its_digest(tmp_path: Path) -> None:
    about = about_run(recorded(tmp_path))
    assert about.model_dump() == {
        "recipe": "light", "threshold": 0.5, "licence": LICENCES["all"], "notice": About.model_fields["notice"].default,
        "seed": 2, "commit": "0" * 40, "data": "isic2016-train: 3 photos, all masks",
        "jaccard": {"mean": 0.8226, "low": 0.7, "high": 0.9679, "images": 3},
        "record": json.loads((tmp_path / "light" / "seed2.json").read_text())["sha256"]["record"],
    }  # fmt: skip
    assert "CC BY-NC" in about.licence


def test_masks_that_are_cc_0_alone_are_told(tmp_path: Path) -> None:
    about = about_run(recorded(tmp_path, "feather-exact"))
    assert about.data == "isic2016-train: 3 photos, exact masks"
    assert "CC-0" in about.licence and "BY-NC" not in about.licence


def test_a_baseline_has_no_network(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="light is a baseline"):
        about_run(recorded(tmp_path, epochs_run=0))


def test_a_model_is_told_by_its_runs_record_and_else_by_its_card(tmp_path: Path) -> None:
    best = save_random_model(tmp_path / "runs" / "smoke" / "light" / "seed2" / "best", recipe="light", threshold=0.3)
    card = {"recipe": "light", "threshold": 0.3}
    plain = about_model(best, card)
    assert (plain.recipe, plain.threshold, plain.seed, plain.record) == ("light", 0.3, 2, None)
    assert plain.told().keys() == {"recipe", "threshold", "licence", "notice", "seed"}
    recorded(best.parent / "results")
    assert about_model(best, card).record is not None
    assert about_model(tmp_path, card).seed is None, "a model that lies anywhere"
