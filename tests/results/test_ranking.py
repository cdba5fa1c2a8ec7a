"""Who may be best, and how sure that is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.ranking import Place, rank
from lesionseg_lib.results.records import load_records
from tests.helpers.records import put_record

BASE = np.random.default_rng(0).uniform(0.3, 0.8, 200)
NOISE = np.random.default_rng(1).normal(0, 0.01, 200)


def test_the_best_is_first_and_what_equals_it_on_other_images_is_tied(tmp_path: Path) -> None:
    put_record(tmp_path, "light", BASE + 0.001 + np.roll(NOISE, 1))
    put_record(tmp_path, "dilated-all", BASE + NOISE)
    put_record(tmp_path, "unet-frozen", BASE - 0.1)
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
    put_record(tmp_path, "light", BASE + 0.02)
    put_record(tmp_path, "unet-frozen", BASE)
    names = ["light", "unet-frozen"]
    assert rank(names, load_records(tmp_path), tmp_path)[0].best == 1
    for seed in range(3):
        put_record(tmp_path, "dilated-all", BASE + 0.02 * seed, seed)
    first, second = rank(names, load_records(tmp_path), tmp_path)
    assert 0.6 < first.best < 0.9 and second.tied


# ---- two images, counted by hand: of the draws (1, 1), (1, 2), (2, 1), (2, 2) each has a chance of a quarter


def rank_two(results: Path, a: tuple[float, float], b: tuple[float, float]) -> list[Place]:
    put_record(results, "light", np.array(a))
    put_record(results, "otsu", np.array(b))
    return rank(["light", "otsu"], load_records(results), results)


def test_a_recipe_ahead_on_every_image_is_first_in_every_draw(tmp_path: Path) -> None:
    first, second = rank_two(tmp_path, (0.9, 0.7), (0.5, 0.3))
    assert first == Place("light", pytest.approx(0.8), 1.0, 1, 1, 0.0, True)
    # p is 2 / 10,001: no draw says otherwise, and so many draws cannot say less.
    assert second == Place("otsu", pytest.approx(0.4), 0.0, 2, 2, pytest.approx(0.4), False)


def test_a_recipe_ahead_on_one_image_of_two_is_first_in_three_draws_of_four(tmp_path: Path) -> None:
    first, second = rank_two(tmp_path, (1.0, 0.0), (0.4, 0.4))  # means 1, .5, .5, 0 against .4
    assert (first.name, first.first, first.last, first.behind) == ("light", 1, 2, 0)
    assert first.best == pytest.approx(0.75, abs=0.02)  # of 10,000 draws: a standard deviation of .0043
    assert second.best == pytest.approx(0.25, abs=0.02)
    assert second.behind == pytest.approx(0.1)
    assert second.tied  # p is about twice a quarter


def test_two_recipes_with_the_same_scores_are_tied_in_the_order_they_were_named(tmp_path: Path) -> None:
    first, second = rank_two(tmp_path, (0.6, 0.8), (0.6, 0.8))
    assert [(place.name, place.behind, place.tied) for place in (first, second)] == [
        ("light", 0.0, True),
        ("otsu", 0.0, True),
    ]


def test_one_recipe_alone_is_the_best(tmp_path: Path) -> None:
    put_record(tmp_path, "light", np.array([0.2, 0.4]))
    assert rank(["light"], load_records(tmp_path), tmp_path) == [
        Place("light", pytest.approx(0.3), 1.0, 1, 1, 0.0, True)
    ]


def test_tables_of_other_images_cannot_be_ranked(tmp_path: Path) -> None:
    put_record(tmp_path, "light", np.array([0.2, 0.4]))
    put_record(tmp_path, "otsu", np.array([0.2, 0.4, 0.6]))
    with pytest.raises(RecordError, match="list different images"):
        rank(["light", "otsu"], load_records(tmp_path), tmp_path)
