"""What `lesionseg compare` prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionseg_lib.cli import compare
from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.comparison import Difference, Row, compare_all
from lesionseg_lib.results.records import load_records
from lesionseg_lib.training.recipes import Claim, load_recipes
from tests.helpers.records import make_record, put_record

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


OTHER_TEST = {
    **make_record("dilated-all", 0, np.array([0.8, 0.9]))["data"],
    "test": {"fingerprint": "other", "images": 2},
}


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"profile": "smoke"}, "some records are of profile smoke"),
        ({"data": OTHER_TEST}, "not all records were scored on the same test"),
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
    with pytest.raises(RecordError, match="seed0.json: not a JSON record that can be used: lacks readings"):
        compare.comparison([], load_recipes(), tmp_path)


# ---- recipes


def words_of(line: str) -> str:
    return " ".join(line.split())


def test_a_recipe_is_one_line_of_its_settings() -> None:
    text = compare.recipe_table(load_recipes(), {"dilated-all": {0: {}, 2: {}}})
    lines = {line.split()[0]: words_of(line) for line in text.splitlines() if line}
    recipe = load_recipes()["dilated-all"]
    assert lines["dilated-all"] == (
        f"dilated-all {recipe.family} dilated all {recipe.loss} adam {recipe.learning_rate:g} {recipe.epochs} "
        f"{recipe.augmentation} 0.8834 / 0.9121 0, 2"
    )
    assert lines["unet-frozen"].endswith(" - -")  # nothing claimed, nothing recorded
    assert " dilated none " in lines["dilated-frozen"] and " dilated 4 " in lines["dilated-stage4"]
    assert " about 0.70 / 0.80 " in lines["conv5-frozen"]


def test_all_settings_of_a_recipe_and_what_is_recorded() -> None:
    recipe = load_recipes()["dilated-all-two-rates"]
    title, _, *lines = compare.recipe_settings(
        recipe, {3: make_record(recipe.name, 3, np.array([0.8, 0.9]), device="cuda: a card")}
    ).splitlines()
    assert title == f"{recipe.name}: {recipe.title}"
    settings = {line.partition("  ")[0]: line.partition("  ")[2].strip() for line in lines}
    assert settings["size"] == "128 x 128"
    assert settings["encoder learning rate"] == f"{recipe.encoder_learning_rate:g}"
    assert settings["claimed"] == "nothing"
    assert settings["recorded, seed 3"] == (
        "Jaccard 0.850 [0.800, 0.900], 1,200 parameters, 1,000 trained, on cuda: a card"
    )
    assert not {"name", "title"} & settings.keys()


def test_the_claim_of_a_recipe_tells_its_loss() -> None:
    lines = compare.recipe_settings(load_recipes()["dilated-all"], {}).splitlines()
    claim = load_recipes()["dilated-all"].claimed
    assert claim is not None
    (line,) = (line for line in lines if line.startswith("claimed"))
    assert words_of(line) == f"claimed IoU, Dice 0.8834 / 0.9121; loss {claim.loss}"


# ---- one recipe, two recipes, none


READINGS = {"per_image": {"jaccard": 0.53, "dice": 0.64}, "pooled": {"jaccard": 0.5, "dice": 0.6}}


def test_readings_are_sorted_by_their_distance_from_the_claim() -> None:
    lines = compare.readings_text(Row("light", Claim(0.5, 0.6), readings=READINGS)).splitlines()
    assert lines[1] == "Claimed IoU / Dice: 0.5000 / 0.6000"
    assert [words_of(line) for line in lines[5:]] == ["pooled 0.5000 0.6000 0.0000", "per_image 0.5300 0.6400 0.0500"]


def test_readings_without_a_claim_stand_as_they_were_recorded() -> None:
    lines = compare.readings_text(Row("light", None, readings=READINGS)).splitlines()
    assert [words_of(line) for line in lines[3:]] == [
        "reading IoU Dice",
        "--------- ------ ------",
        "per_image 0.5300 0.6400",
        "pooled 0.5000 0.6000",
    ]


def test_a_recipe_without_a_record_has_no_readings() -> None:
    with pytest.raises(RecordError, match="light has no record.*`lesionseg train light --profile full`"):
        compare.readings_text(Row("light", None))


@pytest.mark.parametrize(("seeds", "warned"), [((1, 3), True), ((3, 2), False)])
def test_a_difference_warns_where_one_seed_stands_for_all(seeds: tuple[int, int], warned: bool) -> None:
    one = Difference("light", "otsu", "Jaccard", 0.1234, 0.1, 0.15, 379, 300, 70, seeds)
    lines = compare.difference_text([one]).splitlines()
    assert lines[0] == f"light minus otsu, paired on 379 test images; seeds: {seeds[0]} and {seeds[1]}"
    assert words_of(lines[4]) == "Jaccard +0.1234 +0.1000 to +0.1500 300 images 70"
    assert lines[6].startswith("light scores 0.1234 higher than otsu in mean Jaccard; the 95 % interval")
    assert lines[-1].startswith("With one seed") == warned


def test_an_empty_folder_of_records_says_how_to_fill_it(tmp_path: Path) -> None:
    text = compare.comparison([], load_recipes(), tmp_path)
    assert text.splitlines()[-1] == (
        f"No record in {tmp_path}: `lesionseg train NAME --profile full` writes them to results."
    )
