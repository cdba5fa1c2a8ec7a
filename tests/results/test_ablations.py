"""What one change does: the table of steps, and what is said of each."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.ablations import (
    STEPS,
    Step,
    ablation_steps,
    ablation_table,
    measure,
    other_differences,
    settings,
)
from lesionseg_lib.results.records import load_records
from lesionseg_lib.training.recipes import Recipe, load_ladder, load_recipes
from tests.helpers.records import put_record

BASE = np.random.default_rng(0).uniform(0.3, 0.8, 200)
NOISE = np.random.default_rng(1).normal(0, 0.01, 200)
STEP = Step("rate", "dilated-frozen", "dilated-frozen-slow", "decoder's rate")


def effect(results: Path, *steps: Step):
    return measure(load_recipes(), load_records(results), results, steps or [STEP])


OTHER: dict[str, Any] = {
    "decoder": "unet",
    "trainable_stages": (1,),
    "loss": "bce",
    "optimizer": "adam",
    "learning_rate": 0.5,
    "encoder_learning_rate": 0.5,
    "batch_size": 3,
    "epochs": 3,
    "augmentation": "none",
    "schedule": "cosine",
    "patience": 3,
    "size": (96, 96),
    "threshold": 0.25,
    "last_stage": 2,
    "weight_decay": 0.25,
    "clip_norm": 7.0,
    "average_decay": 0.25,
    "kept_epoch": "best",
    "extra_data": "isic-extra",
    "masks": "exact",
    "teacher": "dilated-all",
    "teacher_weight": 0.25,
}
"""Another value of every setting that moves a score; the other fields say what a recipe is, and what is scored."""


def test_each_setting_of_a_recipe_is_among_those_that_are_compared() -> None:
    said = {"name", "family", "title", "choices", "claimed", "base", "also_scored"}
    assert {field.name for field in fields(Recipe)} == said | set(OTHER)
    recipe = load_ladder()["feather-distilled"]
    unseen = [name for name, value in OTHER.items() if settings(replace(recipe, **{name: value})) == settings(recipe)]
    assert unseen == []


# ---- the table of steps


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.first} -> {step.second}")
def test_a_step_names_two_recipes_that_differ_in_its_change(step: Step) -> None:
    first, second = (settings(load_recipes()[name]) for name in (step.first, step.second))
    assert first[step.change] != second[step.change]


@pytest.mark.parametrize(
    ("first", "second", "label"),
    [
        ("unet-frozen", "unet-finetuned", "unet: frozen to finetuned"),
        ("segnet-attention-frozen", "segnet-attention-atrous-frozen", "segnet-attention: frozen to atrous-frozen"),
        ("unet-finetuned", "smp-unet", "unet-finetuned to smp-unet"),
        ("dilated-frozen", "dilated-frozen-slow", "dilated: frozen to frozen-slow"),
    ],
)
def test_a_label_says_once_what_names_begin_with(first: str, second: str, label: str) -> None:
    assert Step("", first, second, "").label == label


def test_no_step_stands_twice() -> None:
    assert len({(step.first, step.second) for step in STEPS}) == len(STEPS)


@pytest.mark.parametrize(
    ("first", "second", "change", "others"),
    [
        ("dilated-frozen", "dilated-all", "trained stages", ("decoder's rate",)),
        ("dilated-frozen-slow", "dilated-all", "trained stages", ()),
        ("dilated-frozen", "dilated-all-two-rates", "trained stages", ()),
        ("dilated-all", "dilated-all-two-rates", "decoder's rate", ()),  # the encoder's rate is the same, said twice
        ("unet-without-skips", "unet-finetuned", "decoder", ()),
        ("unet-finetuned", "smp-unet", "decoder", ()),
        ("smp-unet", "light", "decoder", ("loss", "schedule", "augmentation")),
    ],
)
def test_what_else_differs_is_found(first: str, second: str, change: str, others: tuple[str, ...]) -> None:
    assert other_differences(Step("", first, second, change), load_recipes()) == others


# ---- effects


def test_a_gain_is_second_minus_first(tmp_path: Path) -> None:
    put_record(tmp_path, "dilated-frozen", BASE)
    put_record(tmp_path, "dilated-frozen-slow", BASE + 0.1)
    (one,) = effect(tmp_path)
    assert (one.difference.mean, one.low, one.high) == pytest.approx((0.1, 0.1, 0.1), abs=2e-6)
    assert one.p == pytest.approx(2 / 10_001)
    # However sure of these two networks: no seed says what training again would do.
    assert one.verdict == "these networks only"


def test_seeds_widen_the_interval_and_take_the_verdict_back(tmp_path: Path) -> None:
    put_record(tmp_path, "dilated-frozen", BASE)
    put_record(tmp_path, "dilated-frozen-slow", BASE + 0.01)
    alone = effect(tmp_path)[0]
    for seed, gain in enumerate((-0.02, 0.0, 0.02)):
        put_record(tmp_path, "dilated-all", BASE + gain, seed)
    (one,) = effect(tmp_path)
    assert one.difference.shown and one.low < -0.05 and one.high > 0.07  # .02 x sqrt 2 x 4.3 = .12 to each side
    assert one.difference.low == alone.difference.low
    assert one.verdict == "these networks only" and "other seeds could undo it" in one.sentence()


def test_the_interval_over_images_leaves_seeds_alone(tmp_path: Path) -> None:
    put_record(tmp_path, "dilated-frozen", BASE)
    for seed, gain in enumerate((-0.02, 0.0, 0.08)):  # resampled seeds would reach from -.02 to .08
        put_record(tmp_path, "dilated-all", BASE + gain, seed)
    (one,) = effect(tmp_path, Step("all", "dilated-frozen", "dilated-all", "trained stages"))
    assert (one.difference.mean, one.difference.low, one.difference.high) == pytest.approx((0.02,) * 3, abs=2e-6)
    assert one.difference.seeds == (3, 1)
    assert one.low < -0.02 and one.high > 0.08


@pytest.mark.parametrize(("gain", "verdict"), [(0.1, "shown"), (0.0, "not shown")])
def test_with_seeds_that_agree_a_large_gain_is_shown(tmp_path: Path, gain: float, verdict: str) -> None:
    put_record(tmp_path, "dilated-frozen", BASE)
    put_record(tmp_path, "dilated-frozen-slow", BASE + gain + NOISE - NOISE.mean())
    for seed in range(3):
        put_record(tmp_path, "dilated-all", BASE + 0.001 * seed, seed)
    assert effect(tmp_path)[0].verdict == verdict


def test_among_many_steps_a_p_of_two_hundredths_is_not_enough(tmp_path: Path) -> None:
    put_record(tmp_path, "dilated-frozen", BASE)
    put_record(tmp_path, "dilated-frozen-slow", BASE + 0.0015 + NOISE - NOISE.mean())  # 2.1 standard errors of .0007
    for seed in range(3):
        put_record(tmp_path, "dilated-all", BASE + 1e-5 * seed, seed)
    assert effect(tmp_path)[0].verdict == "shown"
    first, *_ = effect(tmp_path, STEP, *(Step("", "dilated-all", "dilated-all", "nothing") for _ in range(4)))
    assert first.low > 0 and first.p < 0.05 < first.holm
    assert first.verdict == "not after Holm" and "by chance" in first.sentence()


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
