"""Runs that differ in one setting: the steps read off the recipes, the table off the records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.ablations import ablation_steps, ablation_table
from lesionseg_lib.training.recipes import load_recipes

RECIPES = load_recipes()


def record(name: str, loss: float) -> dict[str, Any]:
    epochs = [{"train_loss": 9.0, "validation_loss": 9.0, "validation_jaccard": 0.1}]
    epochs.append({"train_loss": loss / 2, "validation_loss": loss, "validation_jaccard": 0.8})
    return {"recipe": {"loss": name, "optimizer": "adam"}, "best_epoch": 2, "history": [*epochs, epochs[0]]}


def test_every_step_of_the_study_changes_one_setting() -> None:
    steps = ablation_steps(RECIPES)
    assert len(steps) == sum(recipe.family == "study" for recipe in RECIPES.values()) > 0
    assert {step.first for step in steps} == {"light"}
    assert {step.second: step.change for step in steps}["light-bce"] == "loss"
    assert {step.second: step.change for step in steps}["light-nadam"] == "optimiser"


def test_a_recipe_that_changes_more_is_refused() -> None:
    two = {"light-bce": replace(RECIPES["light-bce"], epochs=3)}
    with pytest.raises(RecordError, match="light-bce differs from light in loss, epochs; expected one setting"):
        ablation_steps(RECIPES | two)


def test_the_table_shows_the_best_epoch_of_what_is_recorded() -> None:
    records = {"a": {1: record("bce", 0.7), 0: record("bce", 0.2)}, "b": {0: record("dice", 0.4)}}
    table = ablation_table(["a", "b", "none"], records)
    assert list(table.index) == ["a", "b"]
    assert table.loc["a", "validation loss"] == 0.2  # of seed 0
    assert table["validation J"].tolist() == [0.8, 0.8]
    assert ablation_table([], {}).empty
