"""Intervals over resampled images: by hand, against scipy, and against theory."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionseg_lib.errors import ShapeError, UnknownNameError
from lesionseg_lib.evaluation.bootstrap import bootstrap_interval, paired_interval, resampled_means


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_the_interval_lies_within_the_values(values: list[float]) -> None:
    low, high = bootstrap_interval(np.array(values), n=50)
    assert min(values) - 1e-12 <= low <= high <= max(values) + 1e-12


def scores(n: int = 200, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).beta(6, 2, n)


def test_the_interval_is_the_same_every_time_and_moves_with_the_seed() -> None:
    assert bootstrap_interval(scores()) == bootstrap_interval(scores())
    assert bootstrap_interval(scores()) != bootstrap_interval(scores(), seed=1)


def test_the_interval_covers_the_mean_and_widens_with_the_level() -> None:
    intervals = [bootstrap_interval(scores(), level=level) for level in (0.5, 0.9, 0.99)]
    widths = [high - low for low, high in intervals]
    assert all(low < scores().mean() < high for low, high in intervals)
    assert widths == sorted(widths) and widths[0] < widths[-1]


def test_the_interval_equals_scipys() -> None:
    values = scores()
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=2000, rng=np.random.default_rng(1)
    ).confidence_interval
    tolerance = 0.1 * (theirs.high - theirs.low)  # the noise of 2000 draws in the tails
    assert bootstrap_interval(values) == pytest.approx((theirs.low, theirs.high), abs=tolerance)


def test_the_interval_has_the_width_of_the_normal_approximation() -> None:
    values = scores(n=379)
    low, high = bootstrap_interval(values)
    assert high - low == pytest.approx(2 * 1.96 * values.std() / np.sqrt(379), rel=0.1)


def test_equal_values_leave_no_doubt() -> None:
    assert bootstrap_interval(np.full(10, 0.75)) == (0.75, 0.75)


@pytest.mark.parametrize("values", [np.array([]), np.ones((2, 3)), np.float64(1)])
def test_what_is_not_one_number_an_image_is_refused(values: np.ndarray) -> None:
    with pytest.raises(ShapeError, match="Expected one number an image"):
        bootstrap_interval(values)


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


@pytest.mark.parametrize("method", ["percentile", "bca", "studentised"])
def test_scipys_methods_are_ours(method: str) -> None:
    """The studentised one has no twin in SciPy; with 200 scores it is near the others."""
    values = scores() ** 3  # skewed
    name = "percentile" if method == "percentile" else "BCa"
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, method=name, n_resamples=5000, rng=np.random.default_rng(1)
    ).confidence_interval
    found = bootstrap_interval(values, n=5000, method=method)
    assert found == pytest.approx((theirs.low, theirs.high), abs=0.08 * (theirs.high - theirs.low))


def test_bca_and_studentised_lean_to_the_long_tail() -> None:
    """Scores with a tail below: both reach further down than percentiles, and not so far up."""
    values = np.array([0.0, 0.3, *np.linspace(0.8, 0.9, 28)])
    low, high = bootstrap_interval(values)
    for method in ("bca", "studentised"):
        other = bootstrap_interval(values, method=method)
        assert other[0] < low and other[1] <= high + 0.001, method


@pytest.mark.parametrize("method", ["percentile", "bca", "studentised"])
def test_equal_values_leave_no_doubt_by_any_method(method: str) -> None:
    assert bootstrap_interval(np.full(10, 0.75), method=method) == (0.75, 0.75)
    assert bootstrap_interval(np.array([0.5]), method=method) == (0.5, 0.5)


def test_an_unknown_method_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="no method named 'bcca'. Did you mean 'bca'"):
        bootstrap_interval(scores(), method="bcca")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_scores_that_are_none_have_no_interval(value: float) -> None:
    broken = np.append(scores(), value)
    with pytest.raises(ShapeError, match=r"values of shape \(201,\) holds"):
        bootstrap_interval(broken)
    with pytest.raises(ShapeError, match="a of shape"):
        paired_interval(broken[None], broken[None])
    with pytest.raises(ShapeError, match=r"a has shape \(1, 200\), b \(1, 199\)"):
        paired_interval(scores()[None], scores(199)[None])
