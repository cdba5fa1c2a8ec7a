"""MONAI: overlap, confusion, distances, losses."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lesionseg_lib.evaluation.boundaries import hausdorff95, mean_surface_distance, surface_dice
from lesionseg_lib.evaluation.metrics import ALL_METRICS, confusion
from lesionseg_lib.training.losses import get_loss
from tests.helpers.parity import blobs, drawn, logit_pairs, mask_pairs, row, spacings

pytest.importorskip("monai", reason="MONAI is not installed")
from monai import losses, metrics

pytestmark = pytest.mark.filterwarnings("ignore")
OVERLAP = {"dice": metrics.compute_dice, "jaccard": metrics.compute_iou}
SAME = {name: row("MONAI", name, "same, with ignore_empty=False") for name in OVERLAP}
EMPTY = {name: row("MONAI", f"{name}, its default", "other: NaN wherever the truth is empty") for name in OVERLAP}
RATIOS = {"sensitivity": "sensitivity", "specificity": "specificity", "precision": "ppv"}
RATIOS |= {"negative predictive value": "npv", "accuracy": "accuracy"}
CONFUSION = {name: row("MONAI", name, "same, with if_empty=NaN") for name in RATIOS}
HAUSDORFF = row("MONAI", "Hausdorff distance, 95 %, with spacing")
MEAN = row("MONAI", "mean surface distance, with spacing", "same, with symmetric=True")
SURFACE = row("MONAI", "surface Dice, with spacing")
DICE, IOU = row("MONAI", "loss: Dice"), row("MONAI", "loss: Jaccard", "same, with twice our smoothing")
TVERSKY, FOCAL = row("MONAI", "loss: Tversky"), row("MONAI", "loss: focal")


def batch(masks: np.ndarray) -> torch.Tensor:
    """(N, H, W) -> (N, 1, H, W)."""
    return torch.from_numpy(np.atleast_3d(masks) if masks.ndim == 3 else masks[None])[:, None].float()


@drawn
@given(mask_pairs())
def test_overlap(pair: tuple[np.ndarray, np.ndarray]) -> None:
    prediction, truth = pair
    counts = confusion(prediction, truth)
    for name, theirs in OVERLAP.items():
        found = theirs(batch(prediction), batch(truth), ignore_empty=False)[:, 0]
        SAME[name].equal(ALL_METRICS[name](counts), found)
        ours = np.where(truth.any((1, 2)), ALL_METRICS[name](counts), np.nan)
        EMPTY[name].equal(ours, theirs(batch(prediction), batch(truth))[:, 0])


@drawn
@given(mask_pairs())
def test_ratios_of_counts(pair: tuple[np.ndarray, np.ndarray]) -> None:
    counts = confusion(*pair)
    matrix = metrics.get_confusion_matrix(batch(pair[0]), batch(pair[1]))
    for name, compared in CONFUSION.items():
        theirs = metrics.compute_confusion_matrix_metric(name, matrix)[:, 0]
        compared.equal(ALL_METRICS[RATIOS[name]](counts, if_empty=np.nan), theirs)


@drawn
@given(blobs(), spacings, st.floats(0, 10))
def test_distances(pair: tuple[np.ndarray, np.ndarray], spacing: tuple[float, float], tolerance: float) -> None:
    one, other = pair
    both = batch(one), batch(other)
    theirs = metrics.compute_hausdorff_distance(*both, percentile=95, spacing=[spacing])
    HAUSDORFF.equal(hausdorff95(one, other, spacing), theirs.item())
    theirs = metrics.compute_average_surface_distance(*both, symmetric=True, spacing=[spacing])
    MEAN.equal(mean_surface_distance(one, other, spacing), theirs.item())
    theirs = metrics.compute_surface_dice(*both, class_thresholds=[tolerance], spacing=[spacing])
    SURFACE.equal(surface_dice(one, other, tolerance, spacing), theirs.item())


@drawn
@given(logit_pairs(), st.booleans(), st.floats(0.01, 2), st.floats(0.1, 2), st.floats(0, 4))
def test_losses(
    pair: tuple[np.ndarray, np.ndarray], per_image: bool, smooth: float, weight: float, focus: float
) -> None:
    logits, target = map(torch.from_numpy, pair)
    options = {"sigmoid": True, "smooth_nr": smooth, "smooth_dr": smooth, "batch": not per_image}
    ours = get_loss("dice", per_image, smooth=smooth)(logits, target)
    DICE.equal(ours, losses.DiceLoss(**options)(logits, target), 1e-5)
    twice = options | {"smooth_nr": 2 * smooth, "smooth_dr": 2 * smooth}
    ours = get_loss("iou", per_image, smooth=smooth)(logits, target)
    IOU.equal(ours, losses.DiceLoss(**twice, jaccard=True)(logits, target), 1e-5)
    theirs = losses.TverskyLoss(**options, alpha=weight, beta=1.0)(logits, target)
    ours = get_loss("tversky", per_image, smooth=smooth, false_positives=weight, false_negatives=1.0)(logits, target)
    TVERSKY.equal(ours, theirs, 1e-5)
    FOCAL.equal(get_loss("focal", focus=focus)(logits, target), losses.FocalLoss(gamma=focus)(logits, target), 1e-5)
