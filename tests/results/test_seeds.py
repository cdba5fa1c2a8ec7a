"""The band for one more seed, and what is said of a run."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from scipy.stats import t

from lesionseg_lib.results.seeds import expected_band, judge
from tests.helpers.records import make_record


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
