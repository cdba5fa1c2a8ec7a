"""Scoring as the challenge does: probabilities enlarged to the truth's size, thresholded, counted per image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lesionseg_lib.data.cache import decode_once
from lesionseg_lib.data.datasets import LesionDataset
from lesionseg_lib.errors import ShapeError
from lesionseg_lib.evaluation.bootstrap import bootstrap_interval
from lesionseg_lib.evaluation.metrics import ALL_METRICS, METRICS, Counts, Metric, confusion
from lesionseg_lib.evaluation.official import official_scores
from lesionseg_lib.models.postprocessing import probability_mask, sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.utils.arrays import Probabilities


def score_images(
    probabilities: Probabilities | Sequence[Probabilities],
    dataset: LesionDataset,
    threshold: float = 0.5,
    metrics: Mapping[str, Metric] = METRICS,
) -> pd.DataFrame:
    """Score N probability maps (h, w) against the N truths of ``dataset``, each enlarged to its truth's size.

    The maps may differ in size, and a mask is one of 0 and 1; logits go through ``sigmoid`` first. One row an image:
    id, height, width, tp, fp, fn, tn and every one of ``metrics``. Only one truth is in memory at a time. Raises
    ``ShapeError`` when the numbers of images differ, and for maps that are not finite.
    """
    if len(probabilities) != len(dataset):
        raise ShapeError(
            f"{len(probabilities)} predictions for the {len(dataset)} images of {dataset.name}. Expected one each."
        )
    sizes, parts = [], []
    for index, prediction in enumerate(probabilities):
        truth = dataset.truth(index)
        sizes.append(truth.shape)
        parts.append(confusion(probability_mask(prediction, truth.shape, threshold), truth))
    counts = Counts.concatenate(parts)
    table: dict[str, Any] = {
        "id": dataset.ids,
        "height": [height for height, _ in sizes],
        "width": [width for _, width in sizes],
        **{name: getattr(counts, name) for name in ("tp", "fp", "fn", "tn")},
        **{name: metric(counts) for name, metric in metrics.items()},
    }
    return pd.DataFrame(table)


def summarise(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Mean over images and 95 % bootstrap interval of every metric that a table by ``score_images`` has.

    Raises ``ShapeError`` for a score that is missing or not finite.
    """
    summary = {}
    for name in (name for name in ALL_METRICS if name in table):
        values = table[name].to_numpy()
        low, high = bootstrap_interval(values)
        summary[name] = {"mean": float(values.mean()), "low": low, "high": high}
    return summary


@dataclass(frozen=True)
class Scores:
    """Of one model on one data set; ``table`` has one row an image, ``official`` is None without the scorer."""

    table: pd.DataFrame
    summary: dict[str, dict[str, float]]
    official: dict[str, float] | None


def score_model(network: Segmenter, card: dict[str, Any], dataset: LesionDataset) -> Scores:
    """Score by the official rule: each image at its truth's size, then the mean over images."""
    decoded = decode_once(dataset, tuple(card["size"]))
    probabilities = sigmoid(network.logits(decoded.images))
    table = score_images(probabilities, dataset, card["threshold"])
    return Scores(table, summarise(table), official_scores(probabilities, dataset, card["threshold"]))
