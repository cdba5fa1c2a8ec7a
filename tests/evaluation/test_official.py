"""The organisers' own scorer beside ours."""

from __future__ import annotations

import sys

import pytest

from lesionseg_lib.evaluation.metrics import METRICS
from lesionseg_lib.evaluation.official import official_scores
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.models.postprocessing import sigmoid
from tests.helpers.predictions import drawn


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
