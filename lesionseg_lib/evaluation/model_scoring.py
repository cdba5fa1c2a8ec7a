"""Scoring a saved model on a folder of images and masks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lesionseg_lib.data.cache import decode_once
from lesionseg_lib.data.datasets import ISIC2016, LesionDataset, LesionFolder, find_isic2016
from lesionseg_lib.data.datasets.folder import describe_folder
from lesionseg_lib.data.datasets.isic_download import FOLDERS, SOURCES
from lesionseg_lib.errors import DatasetNotFoundError
from lesionseg_lib.evaluation.scoring import official_scores, score_images, summarise
from lesionseg_lib.models.segmenter import Segmenter


@dataclass(frozen=True)
class Scores:
    """Of one model on one data set; ``table`` has one row an image, ``official`` is None without the scorer."""

    table: pd.DataFrame
    summary: dict[str, dict[str, float]]
    official: dict[str, float] | None


def score_model(network: Segmenter, card: dict[str, Any], dataset: LesionDataset) -> Scores:
    """Score by the official rule: each image at its truth's size, then the mean over images."""
    decoded = decode_once(dataset, tuple(card["size"]))
    logits = network.logits(decoded.images)
    table = score_images(logits, dataset, card["threshold"])
    return Scores(table, summarise(table), official_scores(logits, dataset, card["threshold"]))


def open_test_data(folder: Path | None = None) -> LesionDataset:
    """The test images in ``folder``, or, without one, those of ISIC 2016.

    Understood are ISIC's own folders, ``images`` with ``masks``, and ``test`` with ``test_masks``. Raises
    ``DatasetNotFoundError``.
    """
    if folder is None:
        source = next((source for source in SOURCES if find_isic2016(source)), "official")
        return ISIC2016(split="test", source=source)
    if all((folder / name).is_dir() for name in FOLDERS["test"]):
        return ISIC2016(folder, split="test")
    if (folder / "images").is_dir() and (folder / "masks").is_dir():
        return LesionFolder(folder / "images", folder / "masks")
    if (folder / "test").is_dir() and (folder / "test_masks").is_dir():
        return LesionFolder.from_root(folder, "test")
    raise DatasetNotFoundError(
        f"{folder}: {describe_folder(folder)}. Expected two folders in it, one of images and one of masks: images and "
        f"masks, or test and test_masks, or {' and '.join(FOLDERS['test'])}."
    )
