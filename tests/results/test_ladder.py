"""The ladder's table: one change a step, gains and intervals of records by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionseg_lib.cli.ladder import ladder_text
from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.ablations import other_differences
from lesionseg_lib.results.ladder import ladder_records, ladder_steps, rungs
from lesionseg_lib.results.records import LADDER, record_path, write_record
from lesionseg_lib.training.recipes import load_ladder, load_recipes
from tests.helpers.records import IMAGE_IDS, make_record, make_table, put_record

RECIPES = {**load_recipes(), **load_ladder()}
BASE = np.linspace(0.6, 0.9, 40)
COSTS: dict[str, Any] = {"macs": 79_000_000, "seconds_total": 7200.0}


def put_step(results: Path, name: str, jaccard: np.ndarray, seed: int = 0) -> None:
    """A record with flips .01 better, and three photos from elsewhere at .5, .6 and .7, and .1 more a seed."""
    photos = {f"e{number}": 0.5 + 0.1 * number + 0.1 * seed for number in range(3)}
    also = {"flips": {}, "elsewhere": {"of_images": {"jaccard": photos}}}
    table = make_table(jaccard, IMAGE_IDS[: len(jaccard)]).assign(flips_jaccard=jaccard + 0.01)
    write_record(results / LADDER, make_record(name, seed, jaccard, also=also, **COSTS), table)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    put_record(tmp_path, "light", BASE, **COSTS)
    put_step(tmp_path, "light-adamw", BASE + 0.02)
    for seed in range(2):
        put_step(tmp_path, "light-last-epoch", BASE + 0.02 + 0.01 * seed, seed)
    return tmp_path


def test_every_step_names_its_one_change() -> None:
    steps = {step.second: (step.first, step.change) for step in ladder_steps(RECIPES)}
    assert list(steps) == list(load_ladder())
    assert steps["light-adamw"] == ("light", "optimiser")
    assert steps["light-strong-256-more-data"] == ("light-strong-256", "extra data")
    assert steps["feather"] == ("light-strong", "last stage")
    assert steps["feather-fast"] == ("feather", "decoder's rate")
    assert steps["feather-distilled"] == ("feather", "teacher")
    assert {change for name, (_, change) in steps.items() if name.startswith("smp-")} == {"decoder"}
    more = next(step for step in ladder_steps(RECIPES) if step.second == "feather-more-data")
    assert other_differences(more, RECIPES) == ("epochs",)


def test_a_step_that_changes_two_things_is_refused() -> None:
    two = replace(RECIPES["light-adamw"], loss="bce")
    with pytest.raises(RecordError, match="light-adamw differs from light in loss, optimiser; expected one setting"):
        ladder_steps({**load_recipes(), "light-adamw": two})


def test_records_apart_are_found_by_the_folder_of_all(results: Path) -> None:
    assert list(ladder_records(results)) == ["light", "light-adamw", "light-last-epoch"]
    assert record_path(results, "light-adamw", 0) == results / LADDER / "light-adamw" / "seed0.json"
    assert record_path(results, "light", 0) == results / "light" / "seed0.json"
    assert record_path(results, "light-adamw", 7) == results / "light-adamw" / "seed7.json"  # nothing there yet


def test_a_rung_tells_cost_scores_and_gain(results: Path) -> None:
    foot, adamw, last = rungs(RECIPES, results)
    assert (foot.name, foot.effect, foot.flips, foot.elsewhere) == ("light", None, None, None)
    assert adamw.jaccard.mean == pytest.approx(0.77) and adamw.flips is not None
    assert adamw.flips.mean == pytest.approx(0.78, abs=1e-6)
    assert adamw.elsewhere is not None and adamw.elsewhere.mean == pytest.approx(0.6)
    assert (adamw.parameters, adamw.macs, adamw.hours) == (1200, 79_000_000, 2.0)
    assert adamw.effect is not None and adamw.effect.difference.mean == pytest.approx(0.02, abs=1e-6)
    assert last.seeds == (0, 1) and last.jaccard.mean == pytest.approx(0.775)
    assert last.elsewhere is not None and last.elsewhere.mean == pytest.approx(0.65)  # .6 and .7
    assert last.effect is not None and last.effect.difference.mean == pytest.approx(0.005, abs=1e-6)
    assert last.effect.seeded


def test_the_table_has_a_line_for_each(results: Path) -> None:
    text = ladder_text(RECIPES, results)
    lines = {line.split()[0]: line for line in text.splitlines() if line.startswith("light")}
    assert list(lines) == ["light", "light-adamw", "light-last-epoch"]
    assert "optimiser" in lines["light-adamw"] and "+2.0" in lines["light-adamw"] and "0.7700 [" in lines["light-adamw"]
    assert "kept epoch" in lines["light-last-epoch"] and "+0.5" in lines["light-last-epoch"] and "  0, 1" in text


def test_without_a_record_the_table_says_how_to_make_one(tmp_path: Path) -> None:
    assert "No step of the ladder is recorded" in ladder_text(RECIPES, tmp_path)
    put_record(tmp_path, "light", BASE, **COSTS)
    assert rungs(RECIPES, tmp_path) == []


def test_seeds_scored_on_other_photos_are_not_averaged(results: Path) -> None:
    also = {"elsewhere": {"of_images": {"jaccard": {"other": 0.5}}}}
    write_record(
        results / LADDER, make_record("light-adamw", 1, BASE, also=also, **COSTS), make_table(BASE, IMAGE_IDS[:40])
    )
    with pytest.raises(RecordError, match="seeds of light-adamw were scored on different photos from elsewhere"):
        rungs(RECIPES, results)
