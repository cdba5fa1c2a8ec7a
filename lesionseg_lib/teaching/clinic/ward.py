"""What a mistake does to real predictions: the same network, the same photos, scored wrongly and rightly."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from textwrap import fill
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lesionseg_lib.evaluation.scoring_rules import LOOP_BATCH
from lesionseg_lib.models.postprocessing import predict_mask, sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.teaching.clinic import cures
from lesionseg_lib.teaching.clinic.checker import Function, check
from lesionseg_lib.teaching.clinic.cures import Array, Mask, iou
from lesionseg_lib.teaching.lessons import Fit, Lesson
from lesionseg_lib.utils.arrays import Logits

STRAY = 3  # number of photos without lesion, and place of the file that is lost


@dataclass(frozen=True)
class Ward:
    """Validation photos of a lesson and what a trained network says of them.

    ``logits`` (N, h, w) and ``small``, the masks at the same size, bool; ``truths``: N masks at their own sizes;
    ``previews``: probabilities * 255 of a few of the photos, numbers ``shown``, after each epoch, (E, K, h, w).
    """

    model: Segmenter
    images: npt.NDArray[np.uint8]
    logits: Logits
    small: Mask
    truths: list[Mask]
    previews: npt.NDArray[np.uint8]
    shown: list[int]

    @classmethod
    def of(cls, lesson: Lesson, fit: Fit) -> "Ward":
        """The validation photos of a lesson as a trained network sees them."""
        data, dataset = lesson.decoded.validation, lesson.splits.validation
        ids, previews = fit.previews()
        images, small = np.array(data.images), np.array(data.masks).astype(bool)
        truths = [dataset.truth(i) for i in range(len(dataset))]
        return cls(
            fit.model, images, fit.model.logits(images), small, truths, previews, [data.ids.index(i) for i in ids]
        )

    @cached_property
    def probabilities(self) -> Logits:
        """float32 (N, H, W)."""
        return sigmoid(self.logits)

    @cached_property
    def masks(self) -> Mask:
        """Masks, bool (N, H, W), cut at p = .5."""
        return np.asarray(self.logits > 0)

    @cached_property
    def full_masks(self) -> list[Mask]:
        """Predictions at the truths' sizes."""
        return [predict_mask(x, t.shape) for x, t in zip(self.logits, self.truths, strict=True)]  # type: ignore[arg-type]


def visit(ward: Ward, *functions: Function) -> None:
    """For each function, known by its name: what it says of the ward, what is right, and the checker's verdict."""
    for function in functions:
        name = function.__name__
        verdict = check(name, function)
        with np.errstate(all="ignore"):
            rightly = symptom(name, getattr(cures, name), ward)
            try:
                says = f"{symptom(name, function, ward):.3f}"
            except Exception as error:
                says = f"no number ({type(error).__name__})"
        print(f"{name:13} says {says}, right is {rightly:.3f}: {verdict.status}")
        if verdict.status != "not attempted":
            print(fill(verdict.detail, 80, initial_indent=" " * 14, subsequent_indent=" " * 14))


def symptom(name: str, function: Function, ward: Ward) -> float:
    """The score of the ward's predictions where ``function`` takes the place of the patient ``name``."""
    return float(EXAMS[name](function, ward))


def _from_probabilities(function: Function, ward: Ward) -> Any:
    return function(ward.probabilities, ward.small)


def _from_masks(function: Function, ward: Ward) -> Any:
    return function(ward.masks, ward.small)


def _with_channel(function: Function, ward: Ward) -> Any:
    return function(ward.masks[:, None], ward.small[:, None])


def _in_batches(function: Function, ward: Ward) -> Any:
    starts = range(0, len(ward.small), LOOP_BATCH)
    return function([(ward.masks[i : i + LOOP_BATCH], ward.small[i : i + LOOP_BATCH]) for i in starts])


def _with_skin(function: Function, ward: Ward) -> Any:
    """Three photos of plain skin come in, on which nothing is drawn."""
    empty = np.zeros_like(ward.small[:STRAY])
    return function(np.concatenate([ward.masks, empty]), np.concatenate([ward.small, empty]))


def _photo_by_photo(function: Function, ward: Ward) -> Any:
    return np.mean([function(mask, truth) for mask, truth in zip(ward.full_masks, ward.truths, strict=True)])


def _from_files(function: Function, ward: Ward) -> Any:
    return function(ward.masks, ward.small.astype(np.uint8) * 255)


def _shrunken_truths(function: Function, ward: Ward) -> Any:
    files = (truth.astype(np.uint8) * 255 for truth in ward.truths)
    targets = [function(file, mask.shape) for file, mask in zip(files, ward.masks, strict=True)]
    return iou(ward.masks, np.stack(targets)).mean()


def _enlarged(function: Function, ward: Ward) -> Any:
    drawn = [function(p, truth.shape) for p, truth in zip(ward.probabilities, ward.truths, strict=True)]
    return np.mean([iou(mask, truth)[0] for mask, truth in zip(drawn, ward.truths, strict=True)])


def _one_photo_lost(function: Function, ward: Ward) -> Any:
    """Files by number; the photo of one mask is not there."""
    numbers = [f"{i:04d}" for i in range(len(ward.small))]
    photos = [f"{i}.jpg" for i in numbers[:STRAY] + numbers[STRAY + 1 :]]
    found = function(photos, [f"{i}_Segmentation.png" for i in numbers])
    photo, mask = (np.array([int(file[:4]) for file in files]) for files in zip(*found, strict=True))
    return iou(ward.masks[photo], ward.small[mask]).mean()


def _by_the_network(function: Function, ward: Ward) -> Any:
    network = copy.deepcopy(ward.model).train()
    torch.manual_seed(0)
    starts = range(0, len(ward.images), LOOP_BATCH)
    logits = [function(network, network.normalise(ward.images[i : i + LOOP_BATCH]))[:, 0] for i in starts]
    return iou(torch.cat(logits).cpu().numpy() > 0, ward.small).mean()


def _chosen(function: Function, ward: Ward) -> Any:
    """The photos that were kept after each epoch, halved in every way: one half validates, the other tests."""
    scores: Array = np.stack([iou(of_epoch > 127, ward.small[ward.shown]) for of_epoch in ward.previews])  # (E, K)
    everyone = set(range(scores.shape[1]))
    halves = [(list(half), list(everyone - set(half))) for half in combinations(everyone, len(everyone) // 2)]
    means = ((scores[:, a].mean(1).tolist(), scores[:, b].mean(1).tolist()) for a, b in halves)
    return np.mean([function(validation, test) for validation, test in means])


EXAMS: dict[str, Callable[[Function, Ward], Any]] = {
    "soft": _from_probabilities,
    "cut": lambda function, ward: function(ward.logits, ward.small),
    "twice": _from_probabilities,
    "thresholds": _from_probabilities,
    "columns": _with_channel,
    "pooled": _from_masks,
    "last_batch": _in_batches,
    "background": _from_masks,
    "agreement": _from_masks,
    "nothing": _with_skin,
    "half": _photo_by_photo,
    "as_bytes": _from_files,
    "bilinear": _shrunken_truths,
    "flag": _shrunken_truths,
    "hard": _enlarged,
    "pairs": _one_photo_lost,
    "training_mode": _by_the_network,
    "best_epoch": _chosen,
}
"""Patient -> how it is asked about real predictions."""
