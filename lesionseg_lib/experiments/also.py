"""What a recipe is scored on beside the test set, in rows of their own: flips averaged, and photos from elsewhere."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd

from lesionseg_lib.data.cache import CachedDataset, decode_once
from lesionseg_lib.data.extra import elsewhere
from lesionseg_lib.data.splits import Splits
from lesionseg_lib.errors import DataWarning
from lesionseg_lib.evaluation.official import official_scores
from lesionseg_lib.evaluation.scoring import score_images, summarise
from lesionseg_lib.models.flips import flip_averaged
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.results.comparison import SHOWN
from lesionseg_lib.results.records import Record
from lesionseg_lib.training.recipes import Recipe


def also_score(
    recipe: Recipe, splits: Splits, test: CachedDataset, network: Segmenter
) -> tuple[dict[str, Record], pd.DataFrame]:
    """The rows that ``recipe.also_scored`` asks for, by name, and the columns that they add to the table of images.

    "flips": the test set, answered by ``models.flips``, as columns too. "elsewhere": photos of origins that the test
    set does not have (``data.extra``), with the score of every image; left out, with a ``DataWarning``, where they are
    not on disk.
    """
    rows: dict[str, Record] = {}
    columns = pd.DataFrame()
    if "flips" in recipe.also_scored:
        probabilities = flip_averaged(network, test.images)
        table = score_images(probabilities, splits.test, recipe.threshold)
        rows["flips"] = {
            "test": summarise(table),
            "official": official_scores(probabilities, splits.test, recipe.threshold),
        }
        columns = table[list(SHOWN)].add_prefix("flips_")
    if "elsewhere" in recipe.also_scored:
        photos = elsewhere(splits)
        if photos is None:
            warnings.warn(
                f"{recipe.name}: isic-extra is not here, so nothing is said of photos from elsewhere. Put it beside "
                f"isic2016 and score the run again with --resume.",
                DataWarning,
                stacklevel=2,
            )
            return rows, columns
        decoded = decode_once(photos, recipe.size)
        table = score_images(sigmoid(network.logits(decoded.images)), photos, recipe.threshold)
        rows["elsewhere"] = {
            "name": photos.name,
            "images": len(photos),
            "fingerprint": decoded.content_fingerprint,
            "test": summarise(table),
            "of_images": {metric: _by_id(table, metric) for metric in SHOWN},
        }
    return rows, columns


def _by_id(table: pd.DataFrame, metric: str) -> dict[str, Any]:
    return dict(zip(table["id"], table[metric].round(6).tolist(), strict=True))
