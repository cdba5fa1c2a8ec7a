"""Scoring at the truth's size: enlarge, then threshold, then count, as the organisers do."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.evaluation.bootstrap import bootstrap_interval
from lesionseg_lib.evaluation.metrics import METRICS
from lesionseg_lib.evaluation.official import official_scores
from lesionseg_lib.evaluation.scoring import score_images, score_model, summarise
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from tests.helpers.predictions import SIZES, drawn
from tests.helpers.tiny import ArrayDataset


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


# ---- probability maps of sizes of their own


def test_masks_at_the_truths_size_are_scored_as_they_are() -> None:
    _, data = drawn()
    masks = [truth.astype(np.float32) for truth in data.truths]
    assert score_images(masks, data)["jaccard"].tolist() == [1] * 5
    masks[0] = np.zeros_like(masks[0])
    table = score_images(masks, data)
    assert table["jaccard"].tolist() == [0, 1, 1, 1, 1] and table["fn"][0] == data.truths[0].sum()
    assert official_scores(masks, data) in (None, pytest.approx({name: table[name].mean() for name in METRICS}))


# ---- a saved model


class LeftHalf:
    """A network that is sure of the left half of every image of 2 x 4 pixels."""

    def logits(self, images: np.ndarray) -> np.ndarray:
        assert images.shape[1:] == (2, 4, 3)
        return np.tile(np.array([40, 40, -40, -40], np.float32), (len(images), 2, 1))


@pytest.mark.parametrize(("threshold", "jaccard"), [(0.5, [1.0, 0.5]), (0.2, [0.8, 0.4])])
def test_a_model_is_scored_at_the_size_and_threshold_of_its_card(
    threshold: float, jaccard: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Enlarged to 8 columns its probabilities are 1, 1, 1, .75, .25, 0, 0, 0: a mask of 4 columns, or of 5."""
    monkeypatch.setenv("LESIONSEG_CACHE", str(tmp_path))
    truths = np.zeros((2, 4, 8), bool)
    truths[0, :, :4] = truths[1, :, :2] = True
    data = ArrayDataset([np.zeros((4, 8, 3), np.uint8)] * 2, list(truths), "halves")
    found = score_model(cast(Segmenter, LeftHalf()), {"size": [2, 4], "threshold": threshold}, data)
    assert found.table["jaccard"].tolist() == pytest.approx(jaccard)
    assert found.table["dice"].tolist() == pytest.approx([2 * j / (1 + j) for j in jaccard])
    assert found.table[["height", "width"]].to_numpy().tolist() == [[4, 8], [4, 8]]
    assert found.summary["jaccard"]["mean"] == pytest.approx(sum(jaccard) / 2)
    # Two images: of the draws of both, both ends have a chance of a quarter.
    assert (found.summary["jaccard"]["low"], found.summary["jaccard"]["high"]) == pytest.approx(
        (jaccard[1], jaccard[0])
    )
    if found.official is not None:
        assert found.official["jaccard"] == pytest.approx(sum(jaccard) / 2)
