"""Bins, their error and its interval, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.evaluation.calibration import bin_pixels, calibration_error, calibration_interval

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
    with pytest.raises(ShapeError, match="truths that are bool"):
        bin_pixels(P, TRUTH.astype(np.uint8))
    with pytest.raises(ShapeError, match="sigmoid"):
        bin_pixels(P * 8 - 4, TRUTH)
