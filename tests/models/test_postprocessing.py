"""From logits to a mask: sigmoid, enlarge, binarise."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from lesionseg_lib.models.postprocessing import enlarge, predict_mask, sigmoid


def logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


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


def test_sigmoid_is_exact_and_does_not_overflow() -> None:
    with np.errstate(all="raise"):
        found = sigmoid(np.array([-1e4, -np.log(3), 0, np.log(3), 1e4], dtype=np.float32))
    assert found.tolist() == pytest.approx([0, 0.25, 0.5, 0.75, 1])


@pytest.mark.parametrize("size", [(7, 9), (3, 5), (12, 5), (2, 2)])
def test_enlarging_equals_torchs_bilinear_interpolation(size: tuple[int, int]) -> None:
    small = np.random.default_rng(2).random((3, 5), dtype=np.float32)
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(small)[None, None], size=size, mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(enlarge(small, size), theirs[0, 0].numpy(), atol=1e-6)
