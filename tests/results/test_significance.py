"""Resampled scores, p values and their correction, worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lesionseg_lib.errors import RecordError, ShapeError
from lesionseg_lib.results.records import load_records
from lesionseg_lib.results.significance import holm, p_value, resampled_scores
from tests.helpers.records import put_record

BASE = np.random.default_rng(0).uniform(0.3, 0.8, 200)


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


def test_tables_of_other_images_are_refused(tmp_path: Path) -> None:
    put_record(tmp_path, "dilated-frozen", BASE)
    put_record(tmp_path, "dilated-all", BASE[:100])
    with pytest.raises(RecordError, match="list different images"):
        resampled_scores(["dilated-frozen", "dilated-all"], load_records(tmp_path), tmp_path)


def test_all_recipes_get_the_same_images(tmp_path: Path) -> None:
    put_record(tmp_path, "dilated-frozen", BASE)
    put_record(tmp_path, "dilated-all", BASE + 0.1)
    draws = resampled_scores(["dilated-frozen", "dilated-all"], load_records(tmp_path), tmp_path, n=500)
    assert draws.shape == (500, 2)
    assert np.ptp(draws["dilated-all"] - draws["dilated-frozen"]) < 1e-5
    assert draws["dilated-all"].std() == pytest.approx(BASE.std() / np.sqrt(200), rel=0.1)
