"""The organisers' own scorer, on PNG files of truth and prediction."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lesionseg_lib.data.datasets import LesionDataset
from lesionseg_lib.evaluation.metrics import METRICS
from lesionseg_lib.models.postprocessing import probability_mask
from lesionseg_lib.utils.arrays import Probabilities
from lesionseg_lib.utils.pictures import write_picture


def official_scores(
    probabilities: Probabilities | Sequence[Probabilities], dataset: LesionDataset, threshold: float = 0.5
) -> dict[str, float] | None:
    """The organisers' own scorer on PNG files of truth and prediction; None when it is not installed.

    Install it with ``pip install isic-challenge-scoring``. N probability maps (h, w), as ``scoring.score_images`` takes
    them. Returns the macro averages of those ``METRICS`` that the scorer has; one that is ours alone is left out.
    """
    try:
        from isic_challenge_scoring.segmentation import SegmentationScore
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as name:
        truths, predictions = Path(name, "truth"), Path(name, "prediction")
        truths.mkdir()
        predictions.mkdir()
        for index, prediction in enumerate(probabilities):
            truth = dataset.truth(index)
            mask = probability_mask(prediction, truth.shape, threshold)
            # The scorer pairs files by an id of the form ISIC_0000000.
            file = f"ISIC_{index:07d}_segmentation.png"
            write_picture(truths / file, truth.astype(np.uint8) * 255)
            write_picture(predictions / file, mask.astype(np.uint8) * 255)
        average = SegmentationScore.from_dir(truths, predictions).macro_average
    return {name: float(average[name]) for name in METRICS if name in average}
