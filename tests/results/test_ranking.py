"""Who may be best, and how sure that is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lesionseg_lib.results.ranking import rank
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
