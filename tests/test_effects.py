"""What one change does: the table of steps, the spread between seeds, p values; and who may be best."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lesionseg_lib.cli import compare
from lesionseg_lib.errors import RecordError, ShapeError
from lesionseg_lib.results.ablations import STEPS, Step, measure, other_differences, settings
from lesionseg_lib.results.ranking import rank
from lesionseg_lib.results.records import load_records, write_record
from lesionseg_lib.results.seeds import SeedSpread, seed_spread
from lesionseg_lib.results.significance import holm, p_value, resampled_scores
from lesionseg_lib.training.recipes import load_recipes
from tests.helpers.records import make_record, make_table

IDS = [f"ISIC_{number:07d}" for number in range(200)]
BASE = np.random.default_rng(0).uniform(0.3, 0.8, 200)
NOISE = np.random.default_rng(1).normal(0, 0.01, 200)
STEP = Step("rate", "dilated-frozen", "dilated-frozen-slow", "decoder's rate")


def put(results: Path, name: str, scores: np.ndarray, seed: int = 0) -> None:
    write_record(results, make_record(name, seed, scores), make_table(scores, IDS[: len(scores)]))


def effect(results: Path, *steps: Step):
    return measure(load_recipes(), load_records(results), results, steps or [STEP])


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


# ---- the spread between seeds


def test_the_spread_is_pooled_over_recipes_with_several_seeds(tmp_path: Path) -> None:
    for seed, mean in enumerate((0.5, 0.6, 0.7)):
        put(tmp_path, "dilated-all", np.full(3, mean), seed)  # squares .02, degrees 2
    for seed, mean in enumerate((0.5, 0.54)):
        put(tmp_path, "smp-unet", np.full(3, mean), seed)  # squares .0008, degrees 1
    put(tmp_path, "light", np.full(3, 0.9))
    spread = seed_spread(load_records(tmp_path))
    assert (spread.degrees, spread.recipes) == (3, ("dilated-all", "smp-unet"))
    assert spread.deviation == pytest.approx(np.sqrt(0.0208 / 3))


def test_one_seed_each_has_no_spread(tmp_path: Path) -> None:
    put(tmp_path, "light", np.full(3, 0.9))
    spread = seed_spread(load_records(tmp_path))
    assert (spread.degrees, spread.recipes) == (0, ()) and np.isnan(spread.deviation)


def test_drawn_differences_follow_students_t() -> None:
    draws = SeedSpread(0.01, 4, ()).draw(200_000, [1, 3], np.random.default_rng(0))
    assert draws.shape == (200_000, 2)
    difference = (draws @ [-1, 1]) / (0.01 * np.sqrt(1 + 1 / 3))
    assert np.quantile(difference, 0.975) == pytest.approx(2.776, abs=0.05)  # t table, 4 degrees of freedom


# ---- p values


def test_p_is_twice_the_smaller_share_and_never_zero() -> None:
    assert p_value(np.array([-1.0, *range(1, 100)])) == pytest.approx(2 * 2 / 101)
    assert p_value(np.arange(1.0, 100.0)) == pytest.approx(2 / 100)
    assert p_value(np.zeros(9)) == 1


@pytest.mark.parametrize("draws", [np.array([]), np.full(9, np.nan), np.array([0.1, np.nan]), np.ones((2, 2))])
def test_draws_that_are_none_have_no_p(draws: np.ndarray) -> None:
    with pytest.raises(ShapeError, match="draws"):
        p_value(draws)


@pytest.mark.parametrize("p", [[0.1, np.nan], [1.2], [-0.1]])
def test_what_is_no_chance_is_not_corrected(p: list[float]) -> None:
    with pytest.raises(ShapeError, match="^p"):
        holm(p)


def test_holm_multiplies_the_smallest_by_their_number_and_the_largest_by_one() -> None:
    assert holm([0.03, 0.01, 0.04, 0.5]) == pytest.approx([0.09, 0.04, 0.09, 0.5])  # .04 x 2 = .08 is raised to .09
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


# ---- effects


def test_a_gain_is_second_minus_first(tmp_path: Path) -> None:
    put(tmp_path, "dilated-frozen", BASE)
    put(tmp_path, "dilated-frozen-slow", BASE + 0.1)
    (one,) = effect(tmp_path)
    assert (one.difference.mean, one.low, one.high) == pytest.approx((0.1, 0.1, 0.1), abs=2e-6)
    assert one.p == pytest.approx(2 / 10_001)
    # However sure of these two networks: no seed says what training again would do.
    assert one.verdict == "these networks only"


def test_seeds_widen_the_interval_and_take_the_verdict_back(tmp_path: Path) -> None:
    put(tmp_path, "dilated-frozen", BASE)
    put(tmp_path, "dilated-frozen-slow", BASE + 0.01)
    alone = effect(tmp_path)[0]
    for seed, gain in enumerate((-0.02, 0.0, 0.02)):
        put(tmp_path, "dilated-all", BASE + gain, seed)
    (one,) = effect(tmp_path)
    assert one.difference.shown and one.low < -0.05 and one.high > 0.07  # .02 x sqrt 2 x 4.3 = .12 to each side
    assert one.difference.low == alone.difference.low
    assert one.verdict == "these networks only" and "other seeds could undo it" in one.sentence()


@pytest.mark.parametrize(("gain", "verdict"), [(0.1, "shown"), (0.0, "not shown")])
def test_with_seeds_that_agree_a_large_gain_is_shown(tmp_path: Path, gain: float, verdict: str) -> None:
    put(tmp_path, "dilated-frozen", BASE)
    put(tmp_path, "dilated-frozen-slow", BASE + gain + NOISE - NOISE.mean())
    for seed in range(3):
        put(tmp_path, "dilated-all", BASE + 0.001 * seed, seed)
    assert effect(tmp_path)[0].verdict == verdict


def test_among_many_steps_a_p_of_two_hundredths_is_not_enough(tmp_path: Path) -> None:
    put(tmp_path, "dilated-frozen", BASE)
    put(tmp_path, "dilated-frozen-slow", BASE + 0.0015 + NOISE - NOISE.mean())  # 2.1 standard errors of .0007
    for seed in range(3):
        put(tmp_path, "dilated-all", BASE + 1e-5 * seed, seed)
    assert effect(tmp_path)[0].verdict == "shown"
    first, *_ = effect(tmp_path, STEP, *(Step("", "dilated-all", "dilated-all", "nothing") for _ in range(4)))
    assert first.low > 0 and first.p < 0.05 < first.holm
    assert first.verdict == "not after Holm" and "by chance" in first.sentence()


def test_tables_of_other_images_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "dilated-frozen", BASE)
    put(tmp_path, "dilated-all", BASE[:100])
    with pytest.raises(RecordError, match="list different images"):
        resampled_scores(["dilated-frozen", "dilated-all"], load_records(tmp_path), tmp_path)


def test_all_recipes_get_the_same_images(tmp_path: Path) -> None:
    put(tmp_path, "dilated-frozen", BASE)
    put(tmp_path, "dilated-all", BASE + 0.1)
    draws = resampled_scores(["dilated-frozen", "dilated-all"], load_records(tmp_path), tmp_path, n=500)
    assert draws.shape == (500, 2)
    assert np.ptp(draws["dilated-all"] - draws["dilated-frozen"]) < 1e-5
    assert draws["dilated-all"].std() == pytest.approx(BASE.std() / np.sqrt(200), rel=0.1)


def test_the_listing_names_what_is_missing_and_how_many_may_be_chance(tmp_path: Path) -> None:
    assert "No two recipes of a step are recorded" in compare.effects(load_recipes(), tmp_path)
    put(tmp_path, "dilated-frozen", BASE)
    put(tmp_path, "dilated-frozen-slow", BASE - 0.1)
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


# ---- who may be best


def test_the_best_is_first_and_what_equals_it_on_other_images_is_tied(tmp_path: Path) -> None:
    put(tmp_path, "light", BASE + 0.001 + np.roll(NOISE, 1))
    put(tmp_path, "dilated-all", BASE + NOISE)
    put(tmp_path, "unet-frozen", BASE - 0.1)
    places = {
        place.name: place for place in rank(["unet-frozen", "dilated-all", "light"], load_records(tmp_path), tmp_path)
    }
    assert list(places) == ["light", "dilated-all", "unet-frozen"]
    assert [place.tied for place in places.values()] == [True, True, False]
    assert sum(place.best for place in places.values()) == pytest.approx(1)
    assert 0.5 < places["light"].best < 1 and places["unet-frozen"].best == 0
    assert (places["light"].first, places["light"].last) == (1, 2)
    assert (places["unet-frozen"].first, places["unet-frozen"].last) == (3, 3)
    assert places["unet-frozen"].behind == pytest.approx(0.101, abs=2e-3)


def test_seeds_that_spread_make_the_order_uncertain(tmp_path: Path) -> None:
    put(tmp_path, "light", BASE + 0.02)
    put(tmp_path, "unet-frozen", BASE)
    names = ["light", "unet-frozen"]
    assert rank(names, load_records(tmp_path), tmp_path)[0].best == 1
    for seed in range(3):
        put(tmp_path, "dilated-all", BASE + 0.02 * seed, seed)
    first, second = rank(names, load_records(tmp_path), tmp_path)
    assert 0.6 < first.best < 0.9 and second.tied
