"""The ladder: one change a step, and records of before that know nothing of its settings."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from lesionseg_lib.data.warps import WARPS
from lesionseg_lib.errors import RecipeError, UnknownNameError
from lesionseg_lib.models.decoders import DECODERS
from lesionseg_lib.results.records import is_of, load_records
from lesionseg_lib.training.recipes import (
    LATER,
    PROSE,
    Recipe,
    get_recipe,
    load_ladder,
    load_recipes,
    parse_recipes,
)

RUNGS = {
    "light-adamw": {"optimizer", "weight_decay"},
    "light-last-epoch": {"kept_epoch"},
    "light-one-cycle": {"schedule"},
    "light-encoder-rate": {"encoder_learning_rate"},
    "light-geometric": {"augmentation"},
    "light-colour": {"augmentation"},
    "light-averaged": {"average_decay"},
    "light-strong": {"epochs"},
    "light-strong-256": {"size"},
    "light-strong-256-more-data": {"extra_data", "epochs"},
}
ASIDE = {
    "light-strong-clipped": {"clip_norm"},
    "light-strong-more-data": {"extra_data", "epochs"},
    "feather-fast": {"learning_rate", "encoder_learning_rate"},
    "feather-more-data": {"extra_data", "epochs"},
    "feather-exact": {"masks"},
    "feather-distilled": {"teacher"},
    "feather-256-distilled": {"teacher"},
}
CUT = {"last_stage", "trainable_stages"}
FEATHERS = {"light-strong": "feather", "light-strong-256": "feather-256"}
FEATHERS["light-strong-256-more-data"] = "feather-256-more-data"


def changes(recipe: Recipe) -> set[str]:
    """The settings in which a step differs from its base; what else is scored moves no score."""
    base = get_recipe(recipe.base or "")
    names = {field.name for field in fields(Recipe)} - {*PROSE, "name", "family", "also_scored"}
    return {name for name in names if getattr(recipe, name) != getattr(base, name)}


def test_each_rung_stands_on_the_one_before_and_changes_one_thing() -> None:
    assert [get_recipe(name).base for name in RUNGS] == ["light", *list(RUNGS)[:-1]]
    assert {name: changes(get_recipe(name)) for name in RUNGS} == RUNGS


def test_every_rung_has_a_twin_without_the_last_stage() -> None:
    for name in ("light", *RUNGS):
        twin = get_recipe(FEATHERS.get(name, f"{name}-cut"))
        assert twin.base == name and changes(twin) == CUT
        assert twin.trainable_stages == twin.stages == (1, 2, 3) and twin.frozen_stages == ()


def test_steps_aside_change_one_thing_and_a_peer_its_decoder() -> None:
    peers = {name: {"decoder"} for name, recipe in load_ladder().items() if recipe.family == "peer"}
    assert {get_recipe(name).decoder for name in peers} == {"smp-unet", "smp-fpn", "smp-deeplabv3plus"}
    for name, expected in {**ASIDE, **peers}.items():
        assert changes(get_recipe(name)) == expected, name
    twins = [get_recipe(FEATHERS.get(name, f"{name}-cut")).name for name in ("light", *RUNGS)]
    assert sorted(load_ladder()) == sorted([*RUNGS, *twins, *ASIDE, *peers])


def test_more_photos_are_not_more_steps() -> None:
    """746 training photos of ISIC 2016, and 1,388 of isic-extra beside them, in batches of 16."""
    for name in ("light-strong-256-more-data", "light-strong-more-data", "feather-more-data"):
        recipe = get_recipe(name)
        base = get_recipe(recipe.base or "")
        assert recipe.epochs * 134 == pytest.approx(base.epochs * 47, rel=0.05)


def test_what_a_step_names_exists_and_its_text_tells_its_base() -> None:
    for recipe in load_ladder().values():
        assert recipe.decoder in DECODERS and (recipe.augmentation in WARPS or recipe.augmentation == "family-c")
        assert recipe.also_scored == ("flips", "elsewhere")
        assert recipe.base in recipe.choices and recipe.base in {**load_recipes(), **load_ladder()}
        assert recipe.name not in load_recipes()


def test_the_last_rung_has_all_of_them() -> None:
    settings = get_recipe("light-strong-256-more-data").settings()
    assert settings["optimizer"] == "adamw" and settings["weight_decay"] == 0.01
    assert settings["schedule"] == "one-cycle" and settings["average_decay"] == 0.998
    assert (settings["learning_rate"], settings["encoder_learning_rate"]) == (1e-3, 3e-4)
    assert settings["augmentation"] == "strong" and settings["size"] == [256, 256]
    assert settings["extra_data"] == "isic-extra" and settings["kept_epoch"] == "last" and "teacher" not in settings


# ---- records of before


def test_a_setting_that_is_not_used_is_not_told() -> None:
    names = [field.name for field in fields(Recipe)]
    assert names[LATER - 1] == "threshold"
    for recipe in load_recipes().values():
        assert list(recipe.settings()) == names[:LATER]


def test_recorded_settings_are_those_of_today() -> None:
    records = {name: seeds for name, seeds in load_records().items() if name in load_recipes()}
    assert len(records) >= 25
    for name, seeds in records.items():
        for record in seeds.values():
            assert is_of(record, "full", get_recipe(name).settings()), name


def test_settings_survive_a_record() -> None:
    for recipe in load_ladder().values():
        settings = json.loads(json.dumps(recipe.settings()))
        (again,) = parse_recipes(toml(recipe.name, settings), "mine.toml", {**load_recipes(), **load_ladder()}).values()
        assert again == recipe


def toml(name: str, settings: dict[str, Any]) -> bytes:
    told = {key: value for key, value in settings.items() if key != "name" and value is not None}
    lines = (f"{key} = {json.dumps(value)}" for key, value in told.items())
    return "\n".join([f"[{name}]", *lines]).encode()


# ---- what is refused


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"last_stage": 3}, r"trainable_stages has \[4\], and the encoder ends after stage 3"),
        ({"last_stage": 5}, "last_stage is 5, expected less than or equal to 4"),
        ({"average_decay": 1.0}, "average_decay is 1.0, expected less than 1"),
        ({"clip_norm": 0.0}, "clip_norm is 0.0, expected greater than 0"),
        ({"weight_decay": -0.1}, "weight_decay is -0.1, expected greater than or equal to 0"),
        ({"kept_epoch": "first"}, "kept_epoch is 'first', expected 'best' or 'last'"),
        ({"masks": "some"}, "masks is 'some', expected 'all' or 'exact'"),
        ({"also_scored": ["train"]}, r"also_scored\[0\] is 'train', expected 'flips' or 'elsewhere'"),
        ({"teacher": "light", "size": [64, 64]}, r"its input is \(64, 64\), that of its teacher light \(128, 128\)"),
    ],
)
def test_a_value_that_cannot_be_is_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=f"mine.toml, recipe mine: {message}"):
        parse_recipes(toml("mine", {"base": "light", "title": "t", "choices": "c", **settings}), "mine.toml", RECIPES)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"base": "lihgt"}, "no base .recipe mine. named 'lihgt'. Did you mean 'light'"),
        ({"base": "light", "teacher": "x"}, "no teacher .recipe mine. named 'x'"),
    ],
)
def test_a_name_that_there_is_not_is_answered_with_the_nearest(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        parse_recipes(toml("mine", {"title": "t", "choices": "c", **settings}), "mine.toml", RECIPES)


def test_a_base_must_stand_above() -> None:
    content = b'[b]\nbase = "a"\ntitle = "t"\nchoices = "c"\n' + toml(
        "a", RECIPES["light"].settings() | {"claimed": None}
    )
    with pytest.raises(UnknownNameError, match="no base .recipe b. named 'a'"):
        parse_recipes(content, "mine.toml", RECIPES)


RECIPES = load_recipes()
