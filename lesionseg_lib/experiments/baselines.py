"""Three predictors without a network, scored and recorded as the recipes are: what a network must beat.

Each looks at the training images to choose one setting, and at the test images only to be scored. Where a recipe's
record has a training history, theirs has the candidates and their scores.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from lesionseg_lib.data.cache import CachedDataset, decode
from lesionseg_lib.data.datasets import Image, LesionDataset, Mask, resize_image
from lesionseg_lib.data.splits import Splits
from lesionseg_lib.evaluation.metrics import confusion, reduce
from lesionseg_lib.evaluation.official import official_scores
from lesionseg_lib.evaluation.scoring import score_images, summarise
from lesionseg_lib.evaluation.scoring_rules import readings
from lesionseg_lib.experiments.environment import environment
from lesionseg_lib.experiments.profiles import Profile
from lesionseg_lib.experiments.run import describe_data
from lesionseg_lib.models.postprocessing import binarise, enlarge
from lesionseg_lib.results.records import Record, demand_sound
from lesionseg_lib.utils.arrays import Probabilities
from lesionseg_lib.utils.lookup import look_up

SIZE = (128, 128)
"""Where masks are averaged, and the size of the readings that are taken at a network's size."""
LONG_SIDE = 256
"""Photos are reduced to it before Otsu's threshold is sought, so that a hair is as thin in all of them."""
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))

Predict = Callable[[LesionDataset, int], Probabilities]


@dataclass(frozen=True)
class Baseline:
    """A predictor that is ready: ``predict(dataset, index)`` gives probabilities (h, w) of a size of its own."""

    predict: Predict
    title: str
    choices: str
    threshold: float = 0.5
    candidates: dict[str, float] | None = None
    """What could have been chosen, with its mean Jaccard on the training images; None: nothing was chosen."""


# ---- the whole picture


def fit_all_foreground(train: LesionDataset, small: CachedDataset) -> Baseline:
    """Every pixel is lesion."""
    del train, small
    return Baseline(lambda dataset, index: np.ones((1, 1), np.float32), "Every pixel is lesion", "Nothing to choose.")


# ---- the mean mask


def fit_mean_mask(train: LesionDataset, small: CachedDataset) -> Baseline:
    """The mean of the training masks, whatever the photo shows; the threshold scores best on those masks."""
    del train
    truth = np.asarray(small.masks).astype(bool)
    mean = truth.mean(axis=0, dtype=np.float32)
    candidates = {
        f"{threshold:.2f}": reduce(confusion(np.broadcast_to(binarise(mean, threshold), truth.shape), truth), "jaccard")
        for threshold in THRESHOLDS
    }
    best = max(candidates, key=candidates.__getitem__)
    return Baseline(
        lambda dataset, index: mean,
        "The mean of the training masks, whatever the photo shows",
        f"Threshold {best}, of {len(candidates)}: the best on the training masks.",
        float(best),
        candidates,
    )


# ---- Otsu's threshold

CHANNELS: dict[str, Callable[[Image], npt.NDArray[np.uint8]]] = {
    "red": lambda image: image[..., 0],
    "green": lambda image: image[..., 1],
    "blue": lambda image: image[..., 2],
    "lightness": lambda image: np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[..., 0], dtype=np.uint8),
    "paleness": lambda image: 255 - np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2HSV)[..., 1], dtype=np.uint8),
}
"""Photo uint8 (H, W, 3), RGB -> uint8 (H, W) in which a lesion is darker than the skin. Paleness: 255 - saturation."""


def otsu_mask(photo: Image, channel: str) -> Mask:
    """The dark region in the middle of a photo uint8 (H, W, 3): bool (H, W). No training, no network.

    Otsu's threshold splits the grey levels of ``channel`` into two classes of the least variance within. It is sought
    within the ellipse that touches the photo's four sides: the corners are often dark, as the dermoscope sees a disc.
    Source: Otsu, *A Threshold Selection Method from Gray-Level Histograms*, IEEE Trans. SMC 9, 1979.

    Raises ``UnknownNameError``.
    """
    hair = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))  # closing: dark lines of up to four pixels go
    grey = cv2.morphologyEx(look_up(CHANNELS, channel, "channel")(photo), cv2.MORPH_CLOSE, hair)
    grey = np.asarray(cv2.medianBlur(grey, 5))
    height, width = grey.shape
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    radius = y**2 + x**2  # 1 on the ellipse, squared
    inside = radius <= 1
    level, _ = cv2.threshold(grey[inside], 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = ((grey <= level) & inside).astype(np.uint8)

    count, label = cv2.connectedComponents(dark)
    if count == 1:  # nothing is darker than the rest
        return np.zeros(grey.shape, bool)
    # The component with most pixels, a pixel counting for less the further out it is.
    sizes = np.bincount(np.ravel(label), np.exp(-2 * radius).ravel())
    middle = 1 + int(sizes[1:].argmax())  # 0 is the skin
    points = np.argwhere(label == middle)[:, ::-1].astype(np.int32)  # (x, y)
    hull = cv2.convexHull(points)  # without holes and bays
    return np.asarray(cv2.fillConvexPoly(np.zeros_like(dark), hull, 1), dtype=np.bool_)


def fit_otsu(train: LesionDataset, small: CachedDataset) -> Baseline:
    """Otsu's threshold on the channel that scores best on the training photos."""
    del small
    photos = [_reduced(train.image(index)) for index in range(len(train))]  # 110 MB for ISIC 2016
    candidates = {}
    for channel in CHANNELS:
        masks = [otsu_mask(photo, channel).astype(np.float32) for photo in photos]
        candidates[channel] = float(score_images(masks, train)["jaccard"].mean())
    best = max(candidates, key=candidates.__getitem__)
    return Baseline(
        lambda dataset, index: otsu_mask(_reduced(dataset.image(index)), best).astype(np.float32),
        "Otsu's threshold, then the convex hull of the dark region in the middle",
        f"Channel {best}, of {', '.join(CHANNELS)}: the best on the training photos, at a long side of {LONG_SIDE}.",
        candidates=candidates,
    )


def _reduced(photo: Image) -> Image:
    height, width = photo.shape[:2]
    scale = LONG_SIDE / max(height, width)
    return photo if scale >= 1 else resize_image(photo, (round(height * scale), round(width * scale)))


# ---- scoring

BASELINES: dict[str, Callable[[LesionDataset, CachedDataset], Baseline]] = {
    "all-foreground": fit_all_foreground,
    "mean-mask": fit_mean_mask,
    "otsu": fit_otsu,
}


def run(name: str, profile: Profile, splits: Splits) -> tuple[Record, pd.DataFrame]:
    """Choose on train, score once on test. Returns a record as ``experiment.run`` writes it and the per-image table.

    It has no training history, no loss, and no reading in training mode. Raises ``UnknownNameError``.
    """
    fit = look_up(BASELINES, name, "baseline")
    machine = environment(torch.device("cpu"))
    data = decode(splits, profile.size or SIZE)
    start = time.perf_counter()
    baseline = fit(splits.train, data.train)
    seconds = time.perf_counter() - start
    validation = _predict(baseline, splits.validation)
    test = _predict(baseline, splits.test)
    table = score_images(test, splits.test, baseline.threshold)
    small = np.stack([enlarge(probabilities, data.test.size) for probabilities in test])  # or shrunk, also bilinearly
    record: Record = {
        "name": name,
        "seed": 0,
        "profile": profile.name,
        "recipe": {
            "name": name,
            "family": "baseline",
            "title": baseline.title,
            "choices": baseline.choices,
            "threshold": baseline.threshold,
        },
        **machine,
        "weights": {"name": None, "sha256": None},
        "data": describe_data(splits, data),
        "parameters": dict.fromkeys(("total", "trainable", "frozen", "encoder", "decoder"), 0),
        "macs": 0,
        "epochs_run": 0,
        "best_epoch": 0,
        "seconds_per_epoch": 0.0,
        "seconds_total": seconds,
        "history": [],
        "candidates": baseline.candidates,
        "validation": summarise(score_images(validation, splits.validation, baseline.threshold)),
        "test": {**summarise(table), "images": len(table)},
        "official": official_scores(test, splits.test, baseline.threshold),
        "readings": readings(table, small, data.test, baseline.threshold),
    }
    demand_sound(record)
    return record, table


def _predict(baseline: Baseline, dataset: LesionDataset) -> list[Probabilities]:
    return [baseline.predict(dataset, index) for index in range(len(dataset))]
