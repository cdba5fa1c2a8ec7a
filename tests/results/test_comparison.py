"""The table of claims and measurements, and paired differences, from records made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesionseg_lib.cli import compare
from lesionseg_lib.cli.tables import format_table
from lesionseg_lib.errors import RecordError, UnknownNameError
from lesionseg_lib.evaluation.bootstrap import bootstrap_interval, paired_interval, resampled_means
from lesionseg_lib.results.claims import highest_dice, is_possible
from lesionseg_lib.results.comparison import compare_all, compare_two
from lesionseg_lib.results.records import load_records, write_record
from lesionseg_lib.training.recipes import Claim, load_recipes
from tests.helpers.records import make_record, make_table

IDS = [f"ISIC_{number:07d}" for number in range(40)]


def put(results: Path, name: str, scores: np.ndarray, seed: int = 0, **changes: Any) -> Path:
    """A record and its table of images, with these Jaccard scores."""
    return write_record(results, make_record(name, seed, scores, **changes), make_table(scores, IDS[: len(scores)]))


@pytest.mark.parametrize(
    ("iou", "dice", "possible"),
    [
        (0.5, 2 / 3, True),  # the bound itself: all images alike, or pixels pooled
        (0.5, 0.67, False),
        (0.5, 0.5, True),  # half of the images 1, half 0
        (0.5, 0.49, False),  # Dice is nowhere below IoU
        (0.2985, 0.7522, False),
        (0.2985, 0.8620, False),
        (0.8834, 0.9121, True),
        (0.70, 0.8239, True),  # 0.8235 but for rounding
    ],
)
def test_a_pair_is_possible_between_equality_and_the_bound_by_jensen(iou: float, dice: float, possible: bool) -> None:
    assert is_possible(Claim(iou, dice, loss=0.0)) is possible


def test_no_set_of_masks_has_a_higher_mean_dice_than_its_mean_jaccard_allows() -> None:
    jaccard = np.random.default_rng(0).beta(2, 1, size=(100, 30))
    dice = 2 * jaccard / (1 + jaccard)
    assert (dice.mean(1) <= highest_dice(jaccard.mean(1)) + 1e-12).all()


def test_every_recipe_has_a_row_and_those_without_record_say_so(tmp_path: Path) -> None:
    put(tmp_path, "dilated-all", np.array([0.8, 0.9]))
    rows = compare_all(load_recipes(), load_records(tmp_path))
    assert [row.name for row in rows] == list(load_recipes())
    recorded = {row.name: row.jaccard for row in rows if row.jaccard}
    assert recorded.keys() == {"dilated-all"}
    text = compare.scores_text(rows)
    lines = {line.split()[0]: line for line in text.splitlines() if line.startswith(tuple(load_recipes()))}
    assert lines.keys() == load_recipes().keys()
    assert all(("not recorded" in line) == (name != "dilated-all") for name, line in lines.items())


def test_a_row_shows_measured_claimed_and_their_difference(tmp_path: Path) -> None:
    put(tmp_path, "dilated-all", np.array([0.8, 0.9]))  # Dice 8/9 and 18/19
    line = next(
        line for line in compare.comparison([], load_recipes(), tmp_path).splitlines() if line.startswith("dilated-all")
    )
    measured = "1 - 0.850 [0.800, 0.900] 0.918 [0.889, 0.947]"
    assert " ".join(line.split()) == f"dilated-all {measured} 0.8834 / 0.9121 -0.033 / +0.006"


def test_a_record_of_no_recipe_is_a_row_without_claim(tmp_path: Path) -> None:
    put(tmp_path, "all-foreground", np.array([0.2, 0.3]))
    row = compare_all(load_recipes(), load_records(tmp_path))[-1]
    assert (row.name, row.claim, row.nearest()) == ("all-foreground", None, None)
    assert row.jaccard is not None and row.jaccard.mean == pytest.approx(0.25)


def two_seeds(results: Path) -> None:
    for seed, scores in enumerate(([0.6, 0.8], [0.8, 1.0])):
        put(results, "dilated-all", np.array(scores), seed)


def test_the_interval_of_several_seeds_is_over_images_and_seeds(tmp_path: Path) -> None:
    two_seeds(tmp_path)
    row = next(row for row in compare_all(load_recipes(), load_records(tmp_path), tmp_path) if row.seeds)
    assert row.seeds == (0, 1) and row.whole
    assert row.means == pytest.approx((0.7, 0.9))
    assert row.jaccard is not None and row.dice is not None and row.readings is not None
    # 2 of 2 seeds and 2 of 2 images are drawn: twice the worst has a chance of 1/16, so both ends are reached.
    assert (row.jaccard.mean, row.jaccard.low, row.jaccard.high) == pytest.approx((0.8, 0.6, 1.0))
    assert (row.dice.low, row.dice.high) == pytest.approx((0.75, 1.0))
    assert row.readings["per_image"]["jaccard"] == pytest.approx(0.8)
    line = next(x for x in compare.comparison([], load_recipes(), tmp_path).splitlines() if x.startswith("dilated-all"))
    assert " ".join(line.split()).startswith("dilated-all 2 0.700 to 0.900 0.800 [0.600, 1.000] ")


def test_without_tables_the_interval_is_over_images_alone_and_a_note_says_so(tmp_path: Path) -> None:
    two_seeds(tmp_path)
    assert "Note:" not in compare.comparison([], load_recipes(), tmp_path)
    (tmp_path / "dilated-all" / "seed1.csv").unlink()
    row = next(row for row in compare_all(load_recipes(), load_records(tmp_path), tmp_path) if row.seeds)
    assert row.jaccard is not None and not row.whole
    # Each seed's interval of two images goes from the one to the other.
    assert (row.jaccard.mean, row.jaccard.low, row.jaccard.high) == pytest.approx((0.8, 0.7, 0.9))
    assert "no per-image tables of dilated-all" in compare.comparison([], load_recipes(), tmp_path)


def test_the_nearest_reading_is_the_one_closest_in_both_figures() -> None:
    record = make_record("dilated-all", 0, np.array([0.5]))
    record["readings"] = {
        "per_image": {"jaccard": 0.70, "dice": 0.80},
        "pooled": {"jaccard": 0.86, "dice": 0.95},  # |(-.0234, .0379)| = .0445
        "soft": {"jaccard": 0.88, "dice": 0.85},  # |(-.0034, -.0621)| = .0622
    }
    row = next(row for row in compare_all(load_recipes(), {"dilated-all": {0: record}}) if row.seeds)
    nearest = row.nearest()
    assert nearest is not None
    assert (nearest.reading, nearest.jaccard, nearest.dice) == ("pooled", 0.86, 0.95)
    assert nearest.distance == pytest.approx(0.04454, abs=1e-5)
    listed = [line.split()[0] for line in compare.readings_text(row).splitlines()[5:]]
    assert listed == ["pooled", "soft", "per_image"]


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
    put(tmp_path, "dilated-all", np.array([0.8, 0.9]))
    assert "Note:" not in compare.comparison([], load_recipes(), tmp_path)
    put(tmp_path, "dilated-frozen", np.array([0.8, 0.9]), **changes)
    assert note in compare.comparison([], load_recipes(), tmp_path)


def test_a_record_without_its_scores_is_named(tmp_path: Path) -> None:
    path = put(tmp_path, "dilated-all", np.array([0.8, 0.9]))
    record = json.loads(path.read_text())
    del record["readings"]
    path.write_text(json.dumps(record))
    with pytest.raises(RecordError, match="record of dilated-all is incomplete: 'readings'"):
        compare.comparison([], load_recipes(), tmp_path)


def test_a_constant_advantage_is_shown(tmp_path: Path) -> None:
    scores = np.random.default_rng(0).uniform(0.3, 0.8, 40)
    put(tmp_path, "dilated-all", scores + 0.1)
    put(tmp_path, "dilated-frozen", scores)
    jaccard, dice = compare_two("dilated-all", "dilated-frozen", load_recipes(), tmp_path)
    assert (jaccard.mean, jaccard.low, jaccard.high) == pytest.approx((0.1, 0.1, 0.1), abs=2e-6)
    assert (jaccard.images, jaccard.better, jaccard.worse, jaccard.seeds) == (40, 40, 0, (1, 1))
    assert jaccard.shown and dice.shown
    assert jaccard.sentence().startswith("dilated-all scores 0.1000 higher than dilated-frozen in mean Jaccard;")
    other_way = compare_two("dilated-frozen", "dilated-all", load_recipes(), tmp_path)[0]
    assert (other_way.mean, other_way.better, other_way.worse) == (pytest.approx(-0.1, abs=2e-6), 0, 40)
    assert "dilated-frozen scores 0.1000 lower than dilated-all" in other_way.sentence()


def test_noise_around_zero_is_no_difference(tmp_path: Path) -> None:
    scores = np.full(40, 0.5)
    put(tmp_path, "dilated-all", scores + np.tile([0.1, -0.1], 20))
    put(tmp_path, "dilated-frozen", scores)
    jaccard = compare_two("dilated-all", "dilated-frozen", load_recipes(), tmp_path)[0]
    assert jaccard.low < 0 < jaccard.high
    assert jaccard.sentence().startswith("No difference can be shown")


def test_images_are_paired_by_id_and_not_by_row(tmp_path: Path) -> None:
    scores = np.linspace(0.2, 0.9, 40)
    put(tmp_path, "dilated-all", scores)
    path = put(tmp_path, "dilated-frozen", scores)
    table = pd.read_csv(path.with_suffix(".csv"))
    table.sample(frac=1, random_state=0).to_csv(path.with_suffix(".csv"), index=False)
    jaccard = compare_two("dilated-all", "dilated-frozen", load_recipes(), tmp_path)[0]
    assert (jaccard.low, jaccard.high, jaccard.better, jaccard.worse) == (0, 0, 0, 0)
    assert not jaccard.shown


def test_with_one_seed_each_the_interval_is_that_of_the_differences() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.uniform(size=(1, 50)), rng.uniform(size=(1, 50))
    assert paired_interval(a, b) == pytest.approx(bootstrap_interval(a[0] - b[0]), abs=1e-12)


def test_seeds_that_disagree_widen_the_interval() -> None:
    """Every image scores alike, so all that varies is which seeds are drawn: of a, the mean of two draws of 0 and 1."""
    a, b = np.array([[0.0] * 10, [1.0] * 10]), np.zeros((1, 10))
    assert paired_interval(a, b) == (0.0, 1.0)


def test_draws_average_to_the_difference_and_spread_as_theory_has_it() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.uniform(size=(3, 400)), rng.uniform(size=(1, 400))
    draws = resampled_means(a, b)
    gain = a.mean(0) - b.mean(0)
    # Variance between resampled images plus that of the mean of three seeds drawn with replacement.
    expected = np.sqrt(gain.var() / 400 + a.mean(1).var() / 3)
    assert draws.shape == (2000,)
    assert draws.mean() == pytest.approx(gain.mean(), abs=3e-3)
    assert draws.std() == pytest.approx(expected, rel=0.1)


def _without_csv(results: Path) -> None:
    (results / "dilated-all" / "seed0.csv").unlink()


def _empty_csv(results: Path) -> None:
    (results / "dilated-all" / "seed0.csv").write_text("")


def _no_metric(results: Path) -> None:
    (results / "dilated-all" / "seed0.csv").write_text("id,dice\nISIC_0000000,0.5\n")


def _fewer_images(results: Path) -> None:
    put(results, "dilated-all", np.array([0.5, 0.6]))


def _seeds_of_different_images(results: Path) -> None:
    put(results, "dilated-all", np.array([0.5, 0.6]), seed=1)


def _other_data(results: Path) -> None:
    put(results, "dilated-all", np.full(40, 0.5), data={"test": {"fingerprint": "other", "images": 40}})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_without_csv, "seed0.csv: no such table.*Restore it"),
        (_empty_csv, "seed0.csv: not a table"),
        (_no_metric, "lacks the column jaccard"),
        (_fewer_images, "list different images"),
        (_seeds_of_different_images, "tables of dilated-all in .* list different images. Train it again"),
        (_other_data, "scored on different test data"),
    ],
)
def test_what_cannot_be_paired_is_refused(tmp_path: Path, damage: Any, message: str) -> None:
    for name in ("dilated-all", "dilated-frozen"):
        put(tmp_path, name, np.full(40, 0.5))
    damage(tmp_path)
    with pytest.raises(RecordError, match=message):
        compare_two("dilated-all", "dilated-frozen", load_recipes(), tmp_path)


def test_names_are_checked_before_anything_is_read(tmp_path: Path) -> None:
    put(tmp_path, "dilated-all", np.full(40, 0.5))
    with pytest.raises(UnknownNameError, match="Did you mean 'dilated-frozen'"):
        compare_two("dilated-all", "dilated-frozn", load_recipes(), tmp_path)
    with pytest.raises(RecordError, match="conv5-frozen has no record"):
        compare_two("dilated-all", "conv5-frozen", load_recipes(), tmp_path)
    with pytest.raises(RecordError, match="given twice"):
        compare_two("dilated-all", "dilated-all", load_recipes(), tmp_path)


def test_columns_of_a_table_line_up() -> None:
    assert format_table(["a", "number"], [["long cell", "1"], ["b", "20"]], right={1}) == (
        "a          number\n---------  ------\nlong cell       1\nb              20"
    )
