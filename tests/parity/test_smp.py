"""segmentation_models.pytorch: scores of each image, losses pooled over the batch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lesionseg_lib.evaluation.metrics import ALL_METRICS, confusion
from lesionseg_lib.training.losses import get_loss
from tests.helpers.peers import drawn, logit_pairs, mask_pairs, row

smp = pytest.importorskip("segmentation_models_pytorch", reason="segmentation_models.pytorch is not installed")

PEER = "segmentation_models.pytorch"
NAMES = {"jaccard": "iou_score", "dice": "f1_score", "sensitivity": "sensitivity", "specificity": "specificity"}
NAMES |= {"ppv": "positive_predictive_value", "npv": "negative_predictive_value", "accuracy": "accuracy"}
SCORES = {name: row(PEER, name, "same, with zero_division = if_empty") for name in NAMES}
DICE = row(PEER, "loss: Dice", "same, with half our smoothing, where there is a lesion; other: 0 if the truth is empty")
IOU = row(PEER, "loss: Jaccard", "same where there is a lesion; other: 0 if the truth is empty")
TVERSKY = row(PEER, "loss: Tversky", "same where there is a lesion; other: 0 if the truth is empty")
FOCAL = row(PEER, "loss: focal")


@drawn
@given(mask_pairs(), st.sampled_from([0.0, 1.0]))
def test_scores(pair: tuple[np.ndarray, np.ndarray], if_empty: float) -> None:
    both = (torch.from_numpy(masks)[:, None].long() for masks in pair)
    stats = smp.metrics.get_stats(*both, mode="binary")
    for name, compared in SCORES.items():
        theirs = getattr(smp.metrics, NAMES[name])(*stats, reduction="none", zero_division=if_empty)[:, 0]
        compared.equal(ALL_METRICS[name](confusion(*pair), if_empty=if_empty), theirs)


@drawn
@given(logit_pairs(), st.floats(0.01, 2), st.floats(0.1, 2), st.floats(0, 4))
def test_losses(pair: tuple[np.ndarray, np.ndarray], smooth: float, weight: float, focus: float) -> None:
    logits, target = map(torch.from_numpy, pair)
    there = float(target.any())
    ours = get_loss("dice", per_image=False, smooth=2 * smooth)(logits, target)
    DICE.equal(there * ours, smp.losses.DiceLoss("binary", smooth=smooth)(logits, target), 1e-5)
    ours = get_loss("iou", per_image=False, smooth=smooth)(logits, target)
    IOU.equal(there * ours, smp.losses.JaccardLoss("binary", smooth=smooth)(logits, target), 1e-5)
    options = {"false_positives": weight, "false_negatives": 1.0, "smooth": smooth}
    ours = get_loss("tversky", per_image=False, **options)(logits, target)
    theirs = smp.losses.TverskyLoss("binary", smooth=smooth, alpha=weight, beta=1.0)(logits, target)
    TVERSKY.equal(there * ours, theirs, 1e-5)
    theirs = smp.losses.FocalLoss("binary", gamma=focus)(logits, target)
    FOCAL.equal(get_loss("focal", focus=focus)(logits, target), theirs, 1e-5)
