"""The metrics: tables worked out by hand, and the organisers' scorer, torchmetrics and MONAI as oracles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from PIL import Image

from lesionseg_lib.errors import ShapeError, UnknownNameError
from lesionseg_lib.evaluation.metrics import (
    ALL_METRICS,
    METRICS,
    Counts,
    confusion,
    dice,
    jaccard,
    npv,
    ppv,
    reduce,
    threshold_jaccard,
)

FULL, EMPTY = np.ones((4, 5), bool), np.zeros((4, 5), bool)


def counts(*rows: tuple[int, int, int, int]) -> Counts:
    """Counts from rows (tp, fp, fn, tn)."""
    return Counts(*np.array(rows, dtype=np.int64).T)


def random_masks(n: int = 12, shape: tuple[int, int] = (9, 14), seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Predictions and truths of all kinds: noise of every density, and every pair of empty, full and partial."""
    rng = np.random.default_rng(seed)
    prediction = rng.random((n, *shape)) < rng.random((n, 1, 1))
    truth = rng.random((n, *shape)) < rng.random((n, 1, 1))
    kinds = [np.zeros(shape, bool), np.ones(shape, bool), np.arange(shape[0] * shape[1]).reshape(shape) % 3 == 0]
    pairs = [(p, t) for p in kinds for t in kinds]
    return (
        np.concatenate([prediction, np.stack([p for p, _ in pairs])]),
        np.concatenate([truth, np.stack([t for _, t in pairs])]),
    )


# ---- counting


def test_counts_are_as_counted_by_hand() -> None:
    prediction = np.array([[1, 1, 0], [0, 1, 0]], bool)
    truth = np.array([[1, 0, 0], [1, 1, 0]], bool)
    found = confusion(prediction, truth)
    assert [c.tolist() for c in (found.tp, found.fp, found.fn, found.tn)] == [[2], [1], [1], [2]]
    assert {c.dtype for c in (found.tp, found.fp, found.fn, found.tn)} == {np.dtype(np.int64)}
    assert len(found) == 1


def test_a_batch_is_counted_image_by_image() -> None:
    prediction, truth = random_masks()
    found = confusion(prediction, truth)
    one_by_one = Counts.concatenate([confusion(p, t) for p, t in zip(prediction, truth, strict=True)])
    for name in ("tp", "fp", "fn", "tn"):
        assert np.array_equal(getattr(found, name), getattr(one_by_one, name))
    assert ((found.tp + found.fp + found.fn + found.tn) == prediction[0].size).all()


def test_pooled_counts_are_the_sums() -> None:
    pooled = counts((1, 2, 3, 4), (10, 20, 30, 40)).pooled()
    assert [c.tolist() for c in (pooled.tp, pooled.fp, pooled.fn, pooled.tn)] == [[11], [22], [33], [44]]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int64])
@pytest.mark.parametrize("which", ["prediction", "truth"])
def test_masks_that_are_not_bool_are_refused(which: str, dtype: type) -> None:
    pair: dict[str, Any] = {"prediction": FULL, "truth": FULL}
    pair[which] = pair[which].astype(dtype)
    with pytest.raises(ShapeError, match=f"{which} is {np.dtype(dtype)}, expected bool.*mask > 128"):
        confusion(**pair)


@pytest.mark.parametrize(
    ("prediction", "truth"),
    [((4, 5), (5, 4)), ((4, 5), (1, 4, 5)), ((2, 4, 5), (3, 4, 5)), ((2, 1, 4, 5), (2, 1, 4, 5)), ((20,), (20,))],
)
def test_shapes_that_do_not_fit_are_refused(prediction: tuple[int, ...], truth: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"Expected the same \(N, H, W\) or \(H, W\).*before thresholding"):
        confusion(np.zeros(prediction, bool), np.zeros(truth, bool))


# ---- each metric

# tp, fp, fn, tn -> jaccard, dice, sensitivity, specificity, accuracy, threshold Jaccard
TABLE = [
    ((2, 1, 1, 2), (2 / 4, 4 / 6, 2 / 3, 2 / 3, 4 / 6, 0)),
    ((6, 0, 0, 4), (1, 1, 1, 1, 1, 1)),
    ((0, 3, 5, 2), (0, 0, 0, 2 / 5, 2 / 10, 0)),
    ((13, 4, 3, 0), (13 / 20, 26 / 33, 13 / 16, 0, 13 / 20, 13 / 20)),  # Jaccard exactly .65 counts
    ((12, 4, 4, 0), (12 / 20, 24 / 32, 12 / 16, 0, 12 / 20, 0)),
    ((0, 0, 0, 9), (1, 1, 1, 1, 1, 1)),  # both empty: the rule of the organisers
    ((0, 2, 0, 7), (0, 0, 1, 7 / 9, 7 / 9, 0)),  # truth empty
    ((0, 0, 4, 5), (0, 0, 0, 1, 5 / 9, 0)),  # prediction empty
    ((9, 0, 0, 0), (1, 1, 1, 1, 1, 1)),  # both full: no skin to be specific about
]


@pytest.mark.parametrize(("row", "expected"), TABLE)
def test_metrics_are_as_worked_out_by_hand(row: tuple[int, int, int, int], expected: tuple[float, ...]) -> None:
    found = {name: float(metric(counts(row))[0]) for name, metric in METRICS.items()}
    names = ("jaccard", "dice", "sensitivity", "specificity", "accuracy", "threshold_jaccard")
    assert found == pytest.approx(dict(zip(names, expected, strict=True)))


def test_per_image_and_pooled_differ_as_worked_out_by_hand() -> None:
    large_and_small = counts((90, 10, 0, 0), (1, 0, 9, 90))
    assert reduce(large_and_small, "jaccard") == pytest.approx((90 / 100 + 1 / 10) / 2)
    assert reduce(large_and_small, "jaccard", how="pooled") == pytest.approx(91 / 110)
    assert reduce(large_and_small, "dice", how="pooled") == pytest.approx(182 / 201)


def test_unknown_metrics_and_reductions_are_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="no metric named 'jacard'. Did you mean 'jaccard'"):
        reduce(counts((1, 0, 0, 0)), "jacard")
    with pytest.raises(UnknownNameError, match="no reduction named 'per-image'. Did you mean 'per_image'"):
        reduce(counts((1, 0, 0, 0)), "jaccard", how="per-image")


# tp, fp, fn, tn -> positive and negative predictive value
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((2, 1, 3, 6), (2 / 3, 6 / 9)),
        ((0, 3, 5, 2), (0, 2 / 7)),
        ((0, 0, 4, 5), (1, 5 / 9)),  # nothing drawn: no lesion was claimed wrongly
        ((9, 1, 0, 0), (9 / 10, 1)),  # all drawn: no skin was claimed wrongly
    ],
)
def test_predictive_values_are_as_worked_out_by_hand(row: tuple[int, ...], expected: tuple[float, float]) -> None:
    assert (ppv(counts(row))[0], npv(counts(row))[0]) == pytest.approx(expected)


def test_records_hold_the_challenges_metrics() -> None:
    assert list(METRICS) == list(ALL_METRICS)[:6]
    assert set(ALL_METRICS) - set(METRICS) == {"ppv", "npv"}


# ---- empty masks


@pytest.mark.parametrize("name", ALL_METRICS)
@pytest.mark.parametrize("if_empty", [0.0, 0.25, 1.0, np.nan])
def test_a_ratio_without_denominator_is_what_the_rule_says(name: str, if_empty: float) -> None:
    denominator_free = {"jaccard": (0, 0, 0, 9), "dice": (0, 0, 0, 9), "sensitivity": (0, 2, 0, 7), "npv": (4, 5, 0, 0)}
    denominator_free |= {"specificity": (4, 0, 5, 0), "ppv": (0, 0, 4, 5), "accuracy": (0, 0, 0, 0)}
    row = denominator_free.get(name, (0, 0, 0, 9))
    found = ALL_METRICS[name](counts(row, (1, 1, 1, 1)), if_empty=if_empty)
    expected = 0.0 if name == "threshold_jaccard" and if_empty == 0.25 else if_empty
    np.testing.assert_equal(found[0], expected)
    assert found[1] == {"jaccard": 1 / 3, "threshold_jaccard": 0}.get(name, 0.5)


def test_images_without_a_value_are_left_out_of_the_mean() -> None:
    three = counts((0, 0, 0, 9), (1, 1, 1, 1), (2, 0, 0, 2))
    means = {rule: reduce(three, "jaccard", if_empty=rule) for rule in (1.0, 0.0)}
    assert means == pytest.approx({1.0: (1 + 1 / 3 + 1) / 3, 0.0: (1 / 3 + 1) / 3})
    assert reduce(three, "jaccard", if_empty=float("nan")) == pytest.approx((1 / 3 + 1) / 2)
    assert np.isnan(reduce(counts((0, 0, 0, 9)), "dice", if_empty=float("nan")))
    with pytest.raises(ShapeError, match="if_empty is 2"):
        reduce(three, "jaccard", if_empty=2)


def test_the_threshold_can_be_another() -> None:
    assert threshold_jaccard(counts((1, 1, 1, 1)), 0.3)[0] == pytest.approx(1 / 3)


# ---- ignored pixels


def test_ignored_pixels_count_for_nothing() -> None:
    prediction = np.array([[1, 1, 0], [0, 1, 0]], bool)
    truth = np.array([[1, 0, 0], [1, 1, 0]], bool)
    found = confusion(prediction, truth, np.array([[0, 1, 1], [1, 0, 0]], bool))
    assert [int(c[0]) for c in (found.tp, found.fp, found.fn, found.tn)] == [2, 0, 0, 1]
    assert reduce(confusion(FULL, EMPTY, FULL), "jaccard") == 1  # nothing is left: the rule for empty cases
    assert reduce(confusion(FULL, EMPTY, EMPTY), "jaccard") == 0
    with pytest.raises(ShapeError, match="ignore is uint8, expected bool"):
        confusion(FULL, FULL, FULL.astype(np.uint8))
    with pytest.raises(ShapeError, match=r"ignore \(5, 4\). Expected the same"):
        confusion(FULL, FULL, FULL.T)


# ---- oracles


def test_every_file_scores_as_the_organisers_score_it(tmp_path: Path) -> None:
    pytest.importorskip("isic_challenge_scoring", reason="the organisers' scorer is not installed")
    from isic_challenge_scoring import metrics as theirs
    from isic_challenge_scoring.confusion import create_binary_confusion_matrix
    from isic_challenge_scoring.load_image import iter_image_pairs
    from isic_challenge_scoring.segmentation import SegmentationScore

    prediction, truth = random_masks()
    for folder, masks in (("prediction", prediction), ("truth", truth)):
        (tmp_path / folder).mkdir()
        for number, mask in enumerate(masks):
            image = Image.fromarray(mask.astype(np.uint8) * 255)
            image.save(tmp_path / folder / f"ISIC_{number:07d}_segmentation.png")
    ours = {name: metric(confusion(prediction, truth)) for name, metric in METRICS.items()}
    pairs = list(iter_image_pairs(tmp_path / "truth", tmp_path / "prediction"))
    assert len(pairs) == len(truth)
    for number, pair in enumerate(pairs):
        matrix = create_binary_confusion_matrix(pair.truth_image > 128, pair.prediction_image > 128)
        for name, values in ours.items():
            assert values[number] == getattr(theirs, f"binary_{name}")(matrix), (name, number)
    average = SegmentationScore.from_dir(tmp_path / "truth", tmp_path / "prediction").macro_average
    for name, values in ours.items():
        assert values.mean() == pytest.approx(average[name], abs=1e-12)


def test_pooled_scores_equal_torchmetrics() -> None:
    theirs = pytest.importorskip("torchmetrics.classification", reason="torchmetrics is not installed")
    prediction, truth = random_masks()
    table = {
        "jaccard": theirs.BinaryJaccardIndex(),
        "dice": theirs.BinaryF1Score(),
        "sensitivity": theirs.BinaryRecall(),
        "specificity": theirs.BinarySpecificity(),
        "accuracy": theirs.BinaryAccuracy(),
    }
    for name, metric in table.items():
        expected = metric(torch.from_numpy(prediction).int(), torch.from_numpy(truth).int()).item()
        assert reduce(confusion(prediction, truth), name, how="pooled") == pytest.approx(expected, abs=1e-6), name


def test_per_image_scores_equal_monais() -> None:
    """With ``ignore_empty=False`` MONAI too scores two empty masks 1; by default it gives NaN."""
    theirs = pytest.importorskip("monai.metrics", reason="MONAI is not installed")
    prediction, truth = random_masks()
    found = confusion(prediction, truth)
    pair = [torch.from_numpy(masks)[:, None].float() for masks in (prediction, truth)]
    for metric, compute in ((dice, theirs.compute_dice), (jaccard, theirs.compute_iou)):
        np.testing.assert_allclose(metric(found), compute(*pair, ignore_empty=False)[:, 0].numpy(), atol=1e-6)


# ---- properties

MASKS = arrays(bool, (3, 4, 4))


@settings(max_examples=30, deadline=None)
@given(prediction=MASKS, truth=MASKS)
def test_mean_dice_never_exceeds_what_mean_jaccard_allows(prediction: np.ndarray, truth: np.ndarray) -> None:
    """Jensen: 2 J / (1 + J) is concave. An impossible pair of figures cannot come from one set of masks."""
    found = confusion(prediction, truth)
    j = reduce(found, "jaccard")
    assert reduce(found, "dice") <= 2 * j / (1 + j) + 1e-12
    pooled = reduce(found, "jaccard", how="pooled")
    assert reduce(found, "dice", how="pooled") == pytest.approx(2 * pooled / (1 + pooled))


@settings(max_examples=30, deadline=None)
@given(prediction=MASKS, truth=MASKS)
def test_scores_lie_in_the_unit_interval_and_overlap_is_symmetric(prediction: np.ndarray, truth: np.ndarray) -> None:
    forth, back = confusion(prediction, truth), confusion(truth, prediction)
    for metric in METRICS.values():
        assert ((metric(forth) >= 0) & (metric(forth) <= 1)).all()
    for metric in (jaccard, dice):
        assert np.array_equal(metric(forth), metric(back))
