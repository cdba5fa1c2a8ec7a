"""Bins, their error and its interval, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.evaluation.calibration import (
    bin_pixels,
    brier_scores,
    calibration_error,
    calibration_interval,
    maximum_calibration_error,
)

P = np.array([[[0.0, 0.1], [0.6, 0.8]], [[0.49, 0.5], [1.0, 0.9]]])
TRUTH = np.array([[[0, 0], [0, 1]], [[1, 1], [1, 1]]], bool)


def test_pixels_fall_into_the_bins_of_their_image() -> None:
    bins = bin_pixels(P, TRUTH, bins=2)
    assert bins.pixels.tolist() == [[2, 2], [1, 3]]
    assert bins.claimed == pytest.approx(np.array([[0.1, 1.4], [0.49, 2.4]]))
    assert bins.lesion.tolist() == [[0, 1], [1, 3]]
    assert {bins.pixels.dtype, bins.lesion.dtype} == {np.dtype(np.int64)}


def test_reliability_is_as_worked_out_by_hand() -> None:
    share, mean, frequency = bin_pixels(P, TRUTH, bins=2).reliability()
    assert share == pytest.approx([3 / 8, 5 / 8])
    assert mean == pytest.approx([0.59 / 3, 3.8 / 5])
    assert frequency == pytest.approx([1 / 3, 4 / 5])


def test_an_empty_bin_has_no_share_and_costs_nothing() -> None:
    bins = bin_pixels(np.full((1, 2, 2), 0.75), np.array([[[1, 1], [1, 0]]], bool), bins=4)
    share, mean, frequency = bins.reliability()
    assert share.tolist() == [0, 0, 0, 1]
    assert np.isnan(mean[:3]).all() and np.isnan(frequency[:3]).all()
    assert (mean[3], frequency[3], calibration_error(bins)) == (0.75, 0.75, 0)


def test_the_error_is_the_mean_distance_weighted_by_pixels() -> None:
    """|.59 - 1| of 3 pixels and |3.8 - 4| of 5 pixels, over 8."""
    assert calibration_error(bin_pixels(P, TRUTH, bins=2)) == pytest.approx((0.41 + 0.2) / 8)


def test_one_is_in_the_last_bin_and_sure_mistakes_cost_one() -> None:
    sure = np.array([[[1.0, 0.0]]])
    assert bin_pixels(sure, sure > 0.5).pixels[0].tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert calibration_error(bin_pixels(sure, sure > 0.5)) == 0
    assert calibration_error(bin_pixels(sure, sure < 0.5)) == 1


def test_a_fair_die_is_calibrated() -> None:
    rng = np.random.default_rng(0)
    p = rng.random((20, 100, 100))
    bins = bin_pixels(p, rng.random(p.shape) < p)
    assert calibration_error(bins) < 0.01
    low, high = calibration_interval(bins)
    assert low < high < 0.02
    assert calibration_interval(bins) == (low, high)


def test_the_interval_resamples_images() -> None:
    """Half of the images claim too little by .5, half are right: the error of a draw is .5 times the share drawn."""
    p = np.full((40, 1, 10), 0.5)
    truth = np.zeros(p.shape, bool)
    truth[:20] = True
    truth[20:, :, :5] = True
    bins = bin_pixels(p, truth)
    assert calibration_error(bins) == pytest.approx(0.25)
    low, high = calibration_interval(bins)
    half = 1.96 * 0.5 * np.sqrt(0.25 / 40)
    assert (low, high) == pytest.approx((0.25 - half, 0.25 + half), abs=0.02)
    # As many pixels in one image twice over, and nothing is left to vary.
    assert calibration_interval(bin_pixels(p[:1], truth[:1])) == pytest.approx((0.5, 0.5))


def test_what_are_no_probabilities_is_refused() -> None:
    with pytest.raises(ShapeError, match="Expected the same"):
        bin_pixels(P[0], TRUTH[0])
    with pytest.raises(ShapeError, match="truths is uint8, expected bool"):
        bin_pixels(P, TRUTH.astype(np.uint8))
    with pytest.raises(ShapeError, match="sigmoid"):
        bin_pixels(P * 8 - 4, TRUTH)


# ---- edges, values that are none, and two more scores


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("bins", [2, 3, 10, 15, 100, 1000])
def test_an_edge_is_in_the_bin_above_it_and_what_is_just_below_it_in_the_bin_below(bins: int, dtype: type) -> None:
    for number in range(1, bins):
        edge = np.array(number / bins).astype(dtype)
        pair = np.array([[[edge, np.nextafter(edge, dtype(0))]]])
        found = np.flatnonzero(bin_pixels(pair, np.zeros((1, 1, 2), bool), bins).pixels[0])
        if dtype is np.float16 and bins > 100:  # several edges are one number
            assert found[0] < found[-1]
        else:
            assert found.tolist() == [number - 1, number], (number, edge)


def test_twenty_nine_hundredths() -> None:
    """.29 * 100 is 28.999999999999996."""
    p = np.full((1, 1, 1), 0.29)
    assert np.flatnonzero(bin_pixels(p, p > 1, bins=100).pixels[0]).tolist() == [29]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    broken = P.copy()
    broken[0, 0, 0] = value
    for function in (bin_pixels, brier_scores):
        with pytest.raises(ShapeError, match=r"probabilities of shape \(2, 2, 2\) holds (NaN|infinity)"):
            function(broken, TRUTH)


@pytest.mark.parametrize("bins", [0, -1, np.nan])
def test_no_bins_are_refused(bins: int) -> None:
    with pytest.raises(ShapeError, match="bins is"):
        bin_pixels(P, TRUTH, bins)


def test_the_maximum_error_is_that_of_the_worst_bin() -> None:
    """Two bins: |.59 - 1| of 3 pixels, |3.8 - 4| of 5."""
    bins = bin_pixels(P, TRUTH, bins=2)
    assert maximum_calibration_error(bins) == pytest.approx(0.41 / 3)
    assert maximum_calibration_error(bins, least=4) == pytest.approx(0.2 / 5)
    assert np.isnan(maximum_calibration_error(bins, least=9))
    assert maximum_calibration_error(bin_pixels(P, TRUTH, bins=1000)) == pytest.approx(0.6)  # the pixel of .6 is skin


def test_brier_scores_are_as_worked_out_by_hand() -> None:
    first = (0 + 0.1**2 + 0.6**2 + 0.2**2) / 4
    second = (0.51**2 + 0.5**2 + 0 + 0.1**2) / 4
    assert brier_scores(P, TRUTH) == pytest.approx([first, second])
    assert brier_scores(np.full((1, 3, 3), 0.5, np.float16), np.ones((1, 3, 3), bool)) == pytest.approx([0.25])
