"""The first page of the book says in words what came out; the records must still say so."""

import pytest

from lesionseg_lib.results import ablations, claims, comparison, ranking, records
from lesionseg_lib.training import recipes


@pytest.fixture(scope="module")
def known():
    return {name: recipe for name, recipe in recipes.load_recipes().items() if recipe.family != "study"}


@pytest.fixture(scope="module")
def recorded():
    return records.load_records()


@pytest.mark.slow
def test_two_things_move_the_score(known, recorded):
    found = ablations.measure(known, recorded, records.published_results())
    shown = [effect.step for effect in found if effect.verdict == "shown"]
    assert {step.change for step in shown if step.first != "unet-without-skips"} == {"trained stages"}
    assert [step.second for step in shown if step.first == "unet-without-skips"] == ["unet-finetuned"]


@pytest.mark.slow
def test_most_recipes_cannot_be_told_apart_and_light_is_the_cheapest_of_them(known, recorded):
    order = ranking.rank([name for name in known if name in recorded], recorded, records.published_results())
    tied = [one.name for one in order if one.tied]
    assert len(tied) > len(order) / 2
    costs = records.load_costs()["recipes"]
    assert min(tied, key=lambda name: costs[name]["milliseconds_per_image"]) == "light"
    assert min(tied, key=lambda name: next(iter(recorded[name].values()))["macs"]) == "light"


def test_no_claim_lies_inside_our_interval_and_two_pairs_are_impossible(known, recorded):
    rows = comparison.compare_all(known, recorded, records.published_results())
    claimed = [row for row in rows if row.claim and row.jaccard]
    assert len(claimed) == 13
    assert not [row.name for row in claimed if row.jaccard.low <= row.claim.iou <= row.jaccard.high]
    assert sum(not claims.is_possible(row.claim) for row in claimed) == 2
