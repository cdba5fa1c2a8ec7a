"""How far seeds spread, the band for one more, and what is said of a run."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t

from lesionseg_lib.results.records import load_records
from lesionseg_lib.results.seeds import SeedSpread, expected_band, judge, seed_spread
from tests.helpers.records import make_record, put_record


def records(**scores: list[float]) -> dict:
    """Recipe names with - as _; one mean Jaccard a seed."""
    return {
        name.replace("_", "-"): {
            seed: make_record(name.replace("_", "-"), seed, np.array([mean - 0.1, mean + 0.1]))
            for seed, mean in enumerate(means)
        }
        for name, means in scores.items()
    }


KNOWN = records(dilated_all=[0.82, 0.83, 0.84], conv5_frozen=[0.63])
HALF = t.ppf(0.975, 2) * 0.01  # of one deviation: two degrees of freedom, .82 .83 .84 deviate by .01


def own(score: float, **recipe: object) -> dict:
    record = copy.deepcopy(make_record("dilated-all", 7, np.array([score - 0.1, score + 0.1])))
    record["recipe"] |= recipe
    return record


def test_the_band_is_a_prediction_interval_for_one_more_seed() -> None:
    band = expected_band(KNOWN["dilated-all"], KNOWN)
    assert band is not None and band.seeds == 3
    assert (band.low, band.high) == pytest.approx((0.83 - HALF * (4 / 3) ** 0.5, 0.83 + HALF * (4 / 3) ** 0.5))


def test_one_seed_borrows_the_spread_of_others_and_gets_a_wider_band() -> None:
    band = expected_band(KNOWN["conv5-frozen"], KNOWN)
    assert band is not None and band.high - band.low == pytest.approx(2 * HALF * 2**0.5)


def test_there_is_no_band_where_nothing_tells_the_spread() -> None:
    single = records(conv5_frozen=[0.63])
    assert expected_band(single["conv5-frozen"], single) is None
    assert expected_band({}, KNOWN) is None


@pytest.mark.parametrize(("score", "said"), [(0.83, "inside"), (0.7, "is below"), (0.95, "is above")])
def test_a_run_is_judged_by_its_place(score: float, said: str) -> None:
    sentence = judge(own(score), KNOWN)
    assert sentence is not None and said in sentence and f"{score:.3f}" in sentence and "3 recorded seeds" in sentence


def test_another_setting_is_named_instead_of_judged() -> None:
    sentence = judge(own(0.7, epochs=5, title="another"), KNOWN)
    assert sentence is not None and "differs in epochs," in sentence and "below" not in sentence


def test_other_training_images_are_named() -> None:
    record = own(0.83)
    record["data"]["train"]["fingerprint"] = "other"
    sentence = judge(record, KNOWN)
    assert sentence is not None and "the train images" in sentence and "inside" not in sentence


def test_other_test_images_or_an_unknown_recipe_get_no_judgement() -> None:
    record = own(0.83)
    record["data"]["test"]["fingerprint"] = "other"
    assert judge(record, KNOWN) is None
    assert judge(make_record("unet-frozen", 0, np.array([0.8])), KNOWN) is None


def test_the_spread_is_pooled_over_recipes_with_several_seeds(tmp_path: Path) -> None:
    for seed, mean in enumerate((0.5, 0.6, 0.7)):
        put_record(tmp_path, "dilated-all", np.full(3, mean), seed)  # squares .02, degrees 2
    for seed, mean in enumerate((0.5, 0.54)):
        put_record(tmp_path, "smp-unet", np.full(3, mean), seed)  # squares .0008, degrees 1
    put_record(tmp_path, "light", np.full(3, 0.9))
    spread = seed_spread(load_records(tmp_path))
    assert (spread.degrees, spread.recipes) == (3, ("dilated-all", "smp-unet"))
    assert spread.deviation == pytest.approx(np.sqrt(0.0208 / 3))


def test_one_seed_each_has_no_spread(tmp_path: Path) -> None:
    put_record(tmp_path, "light", np.full(3, 0.9))
    spread = seed_spread(load_records(tmp_path))
    assert (spread.degrees, spread.recipes) == (0, ()) and np.isnan(spread.deviation)


def test_drawn_differences_follow_students_t() -> None:
    draws = SeedSpread(0.01, 4, ()).draw(200_000, [1, 3], np.random.default_rng(0))
    assert draws.shape == (200_000, 2)
    difference = (draws @ [-1, 1]) / (0.01 * np.sqrt(1 + 1 / 3))
    assert np.quantile(difference, 0.975) == pytest.approx(2.776, abs=0.05)  # t table, 4 degrees of freedom
