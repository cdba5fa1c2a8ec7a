"""The table of claims and measurements, and paired differences, from records made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesionseg_lib.cli import compare
from lesionseg_lib.errors import RecordError, UnknownNameError
from lesionseg_lib.results.comparison import compare_all, compare_two
from lesionseg_lib.results.records import load_records, read_record, read_table, write_record
from lesionseg_lib.training.recipes import load_recipes
from tests.helpers.records import make_record, put_record


def test_a_record_of_no_recipe_is_a_row_without_claim(tmp_path: Path) -> None:
    put_record(tmp_path, "all-foreground", np.array([0.2, 0.3]))
    row = compare_all(load_recipes(), load_records(tmp_path))[-1]
    assert (row.name, row.claim, row.nearest()) == ("all-foreground", None, None)
    assert row.jaccard is not None and row.jaccard.mean == pytest.approx(0.25)


def two_seeds(results: Path) -> None:
    for seed, scores in enumerate(([0.6, 0.8], [0.8, 1.0])):
        put_record(results, "dilated-all", np.array(scores), seed)


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


def test_a_constant_advantage_is_shown(tmp_path: Path) -> None:
    scores = np.random.default_rng(0).uniform(0.3, 0.8, 40)
    put_record(tmp_path, "dilated-all", scores + 0.1)
    put_record(tmp_path, "dilated-frozen", scores)
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
    put_record(tmp_path, "dilated-all", scores + np.tile([0.1, -0.1], 20))
    put_record(tmp_path, "dilated-frozen", scores)
    jaccard = compare_two("dilated-all", "dilated-frozen", load_recipes(), tmp_path)[0]
    assert jaccard.low < 0 < jaccard.high
    assert jaccard.sentence().startswith("No difference can be shown")


def test_images_are_paired_by_id_and_not_by_row(tmp_path: Path) -> None:
    scores = np.linspace(0.2, 0.9, 40)
    put_record(tmp_path, "dilated-all", scores)
    path = put_record(tmp_path, "dilated-frozen", scores)
    write_record(tmp_path, read_record(path), read_table(path).sample(frac=1, random_state=0))
    jaccard = compare_two("dilated-all", "dilated-frozen", load_recipes(), tmp_path)[0]
    assert (jaccard.low, jaccard.high, jaccard.better, jaccard.worse) == (0, 0, 0, 0)
    assert not jaccard.shown


def _without_csv(results: Path) -> None:
    (results / "dilated-all" / "seed0.csv").unlink()


def _empty_csv(results: Path) -> None:
    (results / "dilated-all" / "seed0.csv").write_text("")


def _no_metric(results: Path) -> None:
    record = read_record(results / "dilated-all" / "seed0.json")
    write_record(results, record, pd.DataFrame({"id": ["ISIC_0000000"], "dice": [0.5]}))


def _fewer_images(results: Path) -> None:
    put_record(results, "dilated-all", np.array([0.5, 0.6]))


def _seeds_of_different_images(results: Path) -> None:
    put_record(results, "dilated-all", np.array([0.5, 0.6]), seed=1)


def _other_data(results: Path) -> None:
    record = read_record(results / "dilated-all" / "seed0.json")
    record["data"]["test"]["fingerprint"] = "other"
    write_record(results, record, read_table(results / "dilated-all" / "seed0.json"))


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
        put_record(tmp_path, name, np.full(40, 0.5))
    damage(tmp_path)
    with pytest.raises(RecordError, match=message):
        compare_two("dilated-all", "dilated-frozen", load_recipes(), tmp_path)


def test_names_are_checked_before_anything_is_read(tmp_path: Path) -> None:
    put_record(tmp_path, "dilated-all", np.full(40, 0.5))
    with pytest.raises(UnknownNameError, match="Did you mean 'dilated-frozen'"):
        compare_two("dilated-all", "dilated-frozn", load_recipes(), tmp_path)
    with pytest.raises(RecordError, match="conv5-frozen has no record"):
        compare_two("dilated-all", "conv5-frozen", load_recipes(), tmp_path)
    with pytest.raises(RecordError, match="given twice"):
        compare_two("dilated-all", "dilated-all", load_recipes(), tmp_path)
