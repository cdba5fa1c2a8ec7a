"""Scoring at the truth's size: enlarge, then threshold, then count, as the organisers do."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from lesionseg_lib.errors import RecordError, ShapeError
from lesionseg_lib.evaluation.bootstrap import bootstrap_interval
from lesionseg_lib.evaluation.metrics import METRICS
from lesionseg_lib.evaluation.official import official_scores
from lesionseg_lib.evaluation.scoring import score_images, summarise
from lesionseg_lib.experiments.run_folder import read_logits, save_logits
from lesionseg_lib.models.postprocessing import predict_mask, sigmoid
from tests.helpers.tiny import ArrayDataset

SIZES = ((40, 60), (33, 17), (64, 64), (16, 16), (20, 90))


def logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


def drawn(sizes: tuple[tuple[int, int], ...] = SIZES, seed: int = 0) -> tuple[np.ndarray, ArrayDataset]:
    """Smooth random logits (N, 16, 16), and truths of these sizes that resemble them; one truth is empty."""
    rng = np.random.default_rng(seed)
    logits = np.stack([cv2.GaussianBlur(rng.normal(0, 8, (16, 16)), (5, 5), 0) for _ in sizes]).astype(np.float32)
    truths = []
    for (height, width), image_logits in zip(sizes, logits, strict=True):
        noise = cv2.GaussianBlur(rng.normal(0, 3, (16, 16)), (5, 5), 0)
        truths.append(cv2.resize(image_logits + noise, (width, height)) > 0)
    truths[-1] = np.zeros(sizes[-1], bool)
    return logits, ArrayDataset([np.zeros((*size, 3), np.uint8) for size in sizes], truths)


# ---- the order of things


def test_probabilities_are_enlarged_before_they_are_thresholded() -> None:
    # Two columns, p = .9 and .4. Four columns: .9, .75 * .9 + .25 * .4 = .775, .25 * .9 + .75 * .4 = .525, .4.
    logits = np.array([[logit(0.9), logit(0.4)]] * 2, dtype=np.float32)
    assert predict_mask(logits, (2, 4)).tolist() == [[True, True, True, False]] * 2
    hard = cv2.resize((logits > 0).astype(np.uint8), (4, 2), interpolation=cv2.INTER_NEAREST)
    assert hard.tolist() == [[1, 1, 0, 0]] * 2  # what thresholding first would have given


def test_the_threshold_is_one_of_probabilities() -> None:
    logits = np.array([[logit(0.3), logit(0.55), logit(0.65)]], dtype=np.float32)
    assert predict_mask(logits, (1, 3)).tolist() == [[False, True, True]]
    assert predict_mask(logits, (1, 3), threshold=0.25).tolist() == [[True, True, True]]
    assert predict_mask(logits, (1, 3), threshold=0.6).tolist() == [[False, False, True]]


def test_enlarging_first_scores_better_than_enlarging_a_hard_mask() -> None:
    y, x = np.mgrid[:256, :256]
    truth = (y - 120.3) ** 2 + (x - 133.7) ** 2 < 70.0**2
    soft = cv2.resize(truth.astype(np.float32), (32, 32), interpolation=cv2.INTER_AREA)
    logits = np.clip(np.log(soft + 1e-6) - np.log(1 - soft + 1e-6), -9, 9)
    hard = np.where(soft > 0.5, 9, -9).astype(np.float32)
    nearest = cv2.resize(hard, (256, 256), interpolation=cv2.INTER_NEAREST)
    data = ArrayDataset([np.zeros((256, 256, 3), np.uint8)], [truth])
    ours = score_images(sigmoid(logits[None].astype(np.float32)), data)["jaccard"][0]
    theirs = score_images(sigmoid(nearest[None]), data)["jaccard"][0]
    assert ours > theirs + 0.01


# ---- the table


def test_every_image_is_scored_at_the_size_of_its_own_truth() -> None:
    logits, data = drawn()
    table = score_images(sigmoid(logits), data)
    assert list(table.columns) == ["id", "height", "width", "tp", "fp", "fn", "tn", *METRICS]
    assert table["id"].tolist() == list(data.ids)
    assert list(zip(table["height"], table["width"], strict=True)) == list(SIZES)
    assert (table[["tp", "fp", "fn", "tn"]].sum(axis=1) == table["height"] * table["width"]).all()


def test_a_table_is_as_worked_out_by_hand() -> None:
    big = 20.0
    logits = np.array([[[big, -big], [big, -big]], [[-big, -big], [-big, -big]]], dtype=np.float32)
    truths = [np.array([[1, 1], [1, 0]], bool), np.zeros((2, 2), bool)]
    table = score_images(sigmoid(logits), ArrayDataset([np.zeros((2, 2, 3), np.uint8)] * 2, truths))
    assert table[["tp", "fp", "fn", "tn"]].to_numpy().tolist() == [[2, 0, 1, 1], [0, 0, 0, 4]]
    assert table["jaccard"].tolist() == pytest.approx([2 / 3, 1])
    assert table["dice"].tolist() == pytest.approx([4 / 5, 1])
    assert table["sensitivity"].tolist() == pytest.approx([2 / 3, 1])


def test_reading_truths_needs_no_image() -> None:
    logits, data = drawn()
    data.images = []
    assert len(score_images(sigmoid(logits), data)) == 5


def test_another_number_of_predictions_than_images_is_refused() -> None:
    logits, data = drawn()
    with pytest.raises(ShapeError, match="4 predictions for the 5 images of arrays. Expected one each"):
        score_images(sigmoid(logits[:4]), data)


def test_a_summary_has_means_and_intervals_of_every_metric() -> None:
    logits, data = drawn()
    table = score_images(sigmoid(logits), data)
    summary = summarise(table)
    assert list(summary) == list(METRICS)
    for name, row in summary.items():
        assert row["mean"] == pytest.approx(table[name].mean())
        assert (row["low"], row["high"]) == bootstrap_interval(table[name].to_numpy())
        assert row["low"] <= row["mean"] <= row["high"]


# ---- the organisers' scorer


@pytest.mark.parametrize("threshold", [0.5, 0.3])
def test_the_organisers_scorer_finds_the_same_means(threshold: float) -> None:
    pytest.importorskip("isic_challenge_scoring", reason="the organisers' scorer is not installed")
    logits, data = drawn()
    table = score_images(sigmoid(logits), data, threshold)
    scores = official_scores(sigmoid(logits), data, threshold)
    assert scores == pytest.approx({name: table[name].mean() for name in METRICS}, abs=1e-12)


def test_without_the_organisers_scorer_there_is_no_official_score(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isic_challenge_scoring.segmentation", None)
    assert official_scores(*drawn()) is None


# ---- logits on disk


def test_kept_logits_give_the_same_masks(tmp_path: Path) -> None:
    logits, data = drawn()
    save_logits(tmp_path / "deep" / "logits.npz", data.ids, logits)
    ids, again = read_logits(tmp_path / "deep" / "logits.npz")
    assert ids == list(data.ids)
    assert again.dtype == np.float32 and again.shape == logits.shape
    np.testing.assert_allclose(again, logits, rtol=1e-3, atol=1e-3)
    before, after = score_images(sigmoid(logits), data), score_images(sigmoid(again), data)
    np.testing.assert_allclose(after["jaccard"], before["jaccard"], atol=0.01)


def test_a_full_disk_is_reported_and_leaves_the_older_logits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logits, data = drawn()
    path = tmp_path / "logits.npz"
    save_logits(path, data.ids, logits)
    before = path.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(RecordError, match="logits.npz: the test logits could not be written .No space left on device"):
        save_logits(path, data.ids, logits + 1)
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["logits.npz"]


# ---- probability maps of sizes of their own


def test_masks_at_the_truths_size_are_scored_as_they_are() -> None:
    _, data = drawn()
    masks = [truth.astype(np.float32) for truth in data.truths]
    assert score_images(masks, data)["jaccard"].tolist() == [1] * 5
    masks[0] = np.zeros_like(masks[0])
    table = score_images(masks, data)
    assert table["jaccard"].tolist() == [0, 1, 1, 1, 1] and table["fn"][0] == data.truths[0].sum()
    assert official_scores(masks, data) in (None, pytest.approx({name: table[name].mean() for name in METRICS}))
