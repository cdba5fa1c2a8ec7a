"""torchmetrics and scikit-learn: pooled scores, calibration, the Brier score."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lesionseg_lib.evaluation.calibration import (
    bin_pixels,
    brier_scores,
    calibration_error,
    maximum_calibration_error,
)
from lesionseg_lib.evaluation.metrics import confusion, reduce
from tests.helpers.peers import drawn, forecasts, mask_pairs, row

sklearn = pytest.importorskip("sklearn", reason="scikit-learn is not installed")
theirs = pytest.importorskip("torchmetrics.functional.classification", reason="torchmetrics is not installed")
from sklearn.calibration import calibration_curve  # noqa: E402
from sklearn.metrics import brier_score_loss, precision_score  # noqa: E402

POOLED = {
    "jaccard": theirs.binary_jaccard_index,
    "dice": theirs.binary_f1_score,
    "sensitivity": theirs.binary_recall,
    "specificity": theirs.binary_specificity,
    "ppv": theirs.binary_precision,
    "npv": theirs.binary_negative_predictive_value,
    "accuracy": theirs.binary_accuracy,
}
SCORES = {name: row("torchmetrics", f"{name}, pooled", "same, with if_empty=0") for name in POOLED}
EXPECTED = row("torchmetrics", "expected calibration error")
MAXIMUM = row("torchmetrics", "maximum calibration error")
BRIER = row("scikit-learn", "Brier score")
CURVE = row("scikit-learn", "reliability of bins", "same, with p off the edges; other: an edge is in the bin below")
PRECISION = row("scikit-learn", "precision (ppv), pooled", "same, with if_empty = zero_division")


@drawn
@given(mask_pairs())
def test_pooled_scores(pair: tuple[np.ndarray, np.ndarray]) -> None:
    both = [torch.from_numpy(masks).int() for masks in pair]
    for name, function in POOLED.items():
        ours = reduce(confusion(*pair), name, how="pooled", if_empty=0)
        SCORES[name].equal(ours, function(*both))
    flat = [masks.ravel() for masks in pair]
    for rule in (0.0, 1.0):
        ours = reduce(confusion(*pair), "ppv", how="pooled", if_empty=rule)
        PRECISION.equal(ours, precision_score(flat[1], flat[0], zero_division=rule))


@drawn
@given(forecasts(), st.sampled_from([2, 4, 5, 8, 10, 15, 16]))
def test_calibration(pair: tuple[np.ndarray, np.ndarray], count: int) -> None:
    p, truth = pair
    bins = bin_pixels(p, truth, count)
    both = torch.from_numpy(p).flatten(), torch.from_numpy(truth).flatten().int()
    if not np.isin(p, np.linspace(0, 1, count + 1, dtype=np.float32)).any():  # theirs has edges that are rounded apart
        EXPECTED.equal(calibration_error(bins), theirs.binary_calibration_error(*both, count, "l1"), 1e-5)
        MAXIMUM.equal(maximum_calibration_error(bins), theirs.binary_calibration_error(*both, count, "max"), 1e-5)
        share, mean = calibration_curve(truth.ravel(), p.ravel(), n_bins=count)
        _, claimed, lesion = bins.reliability()
        CURVE.equal(claimed[~np.isnan(claimed)], mean, 1e-5)
        CURVE.equal(lesion[~np.isnan(lesion)], share, 1e-5)
    BRIER.equal(brier_scores(p, truth).mean(), brier_score_loss(truth.ravel(), p.ravel(), pos_label=True))
