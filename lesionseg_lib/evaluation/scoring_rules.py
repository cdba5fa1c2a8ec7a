"""The same predictions, scored in ways that are all called "IoU" and "Dice" somewhere.

Claimed figures can be compared only when it is known how they were computed. Each reading is a rule found in published
code; ``per_image`` is the official one. All but ``train_mode`` need nothing but the logits.
"""

import copy
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.evaluation.metrics import Counts, confusion, dice, jaccard
from lesionseg_lib.models.postprocessing import binarise, sigmoid
from lesionseg_lib.models.preprocessing import normalise
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.utils.arrays import Probabilities

Reading = dict[str, float]
LOOP_BATCH = 16
"""Images a batch of the published loops whose rules are imitated."""


def readings(
    table: pd.DataFrame, probabilities: Probabilities, small: CachedDataset, threshold: float = 0.5
) -> dict[str, Reading]:
    """Jaccard and Dice by every rule, of probabilities (N, h, w) whose table ``scoring.score_images`` made.

    ``small`` holds the masks at the network's size.

    - ``per_image``: each image at the truth's size, then the mean. Official.
    - ``pooled``: all pixels of the set as one image.
    - ``pooled_batches``: all pixels of each batch of 16 as one image, then the mean over batches.
    - ``last_batch``: what is left when the loop assigns the score instead of adding it up.
    - ``background_averaged``: mean of the lesion's score and the background's, as "mean IoU" over two classes.
    - ``network_size``: against the shrunken masks, where fine borders are gone.
    - ``soft``: probabilities in place of the mask, at the network's size.
    - ``logits_cut_at_half``: the threshold .5 applied to logits, that is p > .62.
    """
    counts = Counts(*(table[name].to_numpy() for name in ("tp", "fp", "fn", "tn")))
    background = Counts(counts.tn, counts.fn, counts.fp, counts.tp)
    batches = [_take(counts, slice(i, i + LOOP_BATCH)) for i in range(0, len(counts), LOOP_BATCH)]
    truth = np.asarray(small.masks).astype(bool)
    cut = 1 / (1 + np.exp(-0.5))
    return {
        "per_image": _means(counts),
        "pooled": _means(counts.pooled()),
        "pooled_batches": _average([_means(batch.pooled()) for batch in batches]),
        "last_batch": _means(batches[-1]),
        "background_averaged": _average([_means(counts), _means(background)]),
        "network_size": _means(confusion(binarise(probabilities, threshold), truth)),
        "soft": _soft(probabilities, truth),
        "logits_cut_at_half": _means(confusion(binarise(probabilities, cut), truth)),
    }


@torch.no_grad()
def train_mode_reading(network: Segmenter, small: CachedDataset, threshold: float = 0.5) -> Reading:
    """Scored by a loop that forgot ``model.eval()``: dropout is on, batch norm uses the test batch's statistics."""
    network = copy.deepcopy(network)
    for module in network.modules():
        module.training = True  # not ``train()``, which would spare the frozen stages
    torch.manual_seed(0)
    parts = []
    for start in range(0, len(small.images), LOOP_BATCH):
        images = torch.from_numpy(np.array(small.images[start : start + LOOP_BATCH])).to(network.device)
        parts.append(network(normalise(images, network.preprocessing))[:, 0].float().cpu().numpy())
    return _means(confusion(binarise(sigmoid(np.concatenate(parts)), threshold), np.asarray(small.masks).astype(bool)))


def _means(counts: Counts) -> Reading:
    return {"jaccard": float(jaccard(counts).mean()), "dice": float(dice(counts).mean())}


def _average(parts: list[Reading]) -> Reading:
    return {name: float(np.mean([part[name] for part in parts])) for name in ("jaccard", "dice")}


def _take(counts: Counts, rows: slice) -> Counts:
    return Counts(counts.tp[rows], counts.fp[rows], counts.fn[rows], counts.tn[rows])


def _soft(probabilities: npt.NDArray[Any], truth: npt.NDArray[Any]) -> Reading:
    both = (probabilities * truth).sum((1, 2), dtype=np.float64)
    total = probabilities.sum((1, 2), dtype=np.float64) + truth.sum((1, 2))
    return {
        "jaccard": float((both / np.maximum(total - both, 1e-9)).mean()),
        "dice": float((2 * both / np.maximum(total, 1e-9)).mean()),
    }
