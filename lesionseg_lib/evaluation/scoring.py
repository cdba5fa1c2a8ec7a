"""Scoring as the challenge does: probabilities enlarged to the truth's size, thresholded, counted per image."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd

from lesionseg_lib.data.datasets import LesionDataset
from lesionseg_lib.errors import RecordError, ShapeError
from lesionseg_lib.evaluation.metrics import METRICS, Counts, bootstrap_interval, confusion
from lesionseg_lib.models.segmenter import enlarge, sigmoid
from lesionseg_lib.utils.files import replacing

Logits = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float32]


def predict_mask(logits: Logits, size: tuple[int, int], threshold: float = 0.5) -> npt.NDArray[np.bool_]:
    """Logits (h, w) of one image -> mask bool ``(*size)``: sigmoid, enlarge, then threshold. The order matters."""
    return enlarge(sigmoid(logits), size) > threshold


def score_images(logits: Logits, dataset: LesionDataset, threshold: float = 0.5) -> pd.DataFrame:
    """Score logits (N, h, w) against the N truths of ``dataset``, each at its own size.

    One row an image: id, height, width, tp, fp, fn, tn and every metric of ``metrics.METRICS``. Only one truth is in
    memory at a time. Raises ``ShapeError`` when the numbers of images differ.
    """
    return score_probabilities([sigmoid(image_logits) for image_logits in logits], dataset, threshold)


def score_probabilities(
    probabilities: Sequence[Probabilities], dataset: LesionDataset, threshold: float = 0.5
) -> pd.DataFrame:
    """As ``score_images``, for N probability maps (h, w), each of a size of its own; a mask is one of 0 and 1."""
    if len(probabilities) != len(dataset):
        raise ShapeError(
            f"{len(probabilities)} predictions for the {len(dataset)} images of {dataset.name}. Expected one each."
        )
    sizes, parts = [], []
    for index, prediction in enumerate(probabilities):
        truth = dataset.truth(index)
        sizes.append(truth.shape)
        parts.append(confusion(enlarge(prediction, truth.shape) > threshold, truth))  # type: ignore[arg-type]
    counts = Counts.concatenate(parts)
    table: dict[str, Any] = {
        "id": dataset.ids,
        "height": [height for height, _ in sizes],
        "width": [width for _, width in sizes],
        **{name: getattr(counts, name) for name in ("tp", "fp", "fn", "tn")},
        **{name: metric(counts) for name, metric in METRICS.items()},
    }
    return pd.DataFrame(table)


def summarise(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Mean over images and 95 % bootstrap interval of every metric of a table by ``score_images``."""
    summary = {}
    for name in METRICS:
        values = table[name].to_numpy()
        low, high = bootstrap_interval(values)
        summary[name] = {"mean": float(values.mean()), "low": low, "high": high}
    return summary


def official_scores(logits: Logits, dataset: LesionDataset, threshold: float = 0.5) -> dict[str, float] | None:
    """The organisers' own scorer on PNG files of truth and prediction; None when it is not installed.

    Install it with ``pip install isic-challenge-scoring``. Returns the macro averages under the names of ``METRICS``.
    """
    return official_scores_of([sigmoid(image_logits) for image_logits in logits], dataset, threshold)


def official_scores_of(
    probabilities: Sequence[Probabilities], dataset: LesionDataset, threshold: float = 0.5
) -> dict[str, float] | None:
    """As ``official_scores``, for probability maps (see ``score_probabilities``)."""
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
            mask = enlarge(prediction, truth.shape) > threshold  # type: ignore[arg-type]
            # The scorer pairs files by an id of the form ISIC_0000000.
            file = f"ISIC_{index:07d}_segmentation.png"
            cv2.imwrite(str(truths / file), truth.astype(np.uint8) * 255)
            cv2.imwrite(str(predictions / file), mask.astype(np.uint8) * 255)
        average = SegmentationScore.from_dir(truths, predictions).macro_average
    return {name: float(average[name]) for name in METRICS}


def read_logits(path: Path) -> tuple[list[str], Logits]:
    """Ids and logits (N, h, w) as ``save_logits`` wrote them."""
    with np.load(path) as file:
        return file["ids"].tolist(), file["logits"].astype(np.float32)


def save_logits(path: Path, ids: Sequence[str], logits: Logits) -> None:
    """Keep logits in half precision: enough to score again by any rule, half the size.

    Raises ``RecordError`` when the disk is full or the folder cannot be written; earlier logits stay.
    """
    try:
        with replacing(path) as part, open(part, "wb") as file:
            np.savez_compressed(file, ids=np.array(ids), logits=logits.astype(np.float16))
    except OSError as error:
        raise RecordError(
            f"{path}: the test logits could not be written ({error.strerror or error}). Free some space and score the "
            f"run again with --resume; logits that were there are unharmed."
        ) from error
