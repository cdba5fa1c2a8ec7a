"""The organisers' own metrics, on one image at a time."""

import numpy as np
import pytest
from hypothesis import given

from lesionseg_lib.evaluation.metrics import METRICS, confusion
from tests.helpers.parity import drawn, mask_pairs, row

pytest.importorskip("isic_challenge_scoring", reason="the organisers' scorer (extra `official`) is not installed")
from isic_challenge_scoring import metrics as theirs
from isic_challenge_scoring.confusion import create_binary_confusion_matrix

SCORES = {name: row("organisers' scorer", name) for name in METRICS}


@drawn
@given(mask_pairs())
def test_every_metric_of_every_image(pair: tuple[np.ndarray, np.ndarray]) -> None:
    counts = confusion(*pair)
    for number, (prediction, truth) in enumerate(zip(*pair, strict=True)):
        matrix = create_binary_confusion_matrix(truth, prediction)
        for name, compared in SCORES.items():
            compared.equal(METRICS[name](counts)[number], getattr(theirs, f"binary_{name}")(matrix), 0)
