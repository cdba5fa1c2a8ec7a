"""What a training step waits for: seconds of each stage of a batch, from file to weights; an epoch played through."""

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

from lesionseg_lib.data.transforms import augment, sample_seed
from lesionseg_lib.models.device import wait_for_device
from lesionseg_lib.models.preprocessing import normalise
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.build import build_optimizer
from lesionseg_lib.training.losses import get_loss
from lesionseg_lib.training.recipes import Recipe

U8 = npt.NDArray[np.uint8]

STEP_PARTS = ("decode", "augment", "to device", "forward", "backward", "step")


def time_stages(
    network: Segmenter, recipe: Recipe, read: Callable[[int], tuple[U8, U8]], batches: int = 5
) -> dict[str, float]:
    """Median seconds that each of ``STEP_PARTS`` takes for one batch of ``recipe.batch_size``; the weights move.

    ``read(index)`` gives one image uint8 (H, W, 3) and mask uint8 (H, W) at the network's size, for any index from 0;
    what it takes is called "decode". The first batch warms up and is not counted. A GPU is waited for at every mark.
    """
    network.train()
    optimizer, loss_of, device = build_optimizer(recipe, network), get_loss(recipe.loss), network.device
    rows = []
    for batch in range(batches + 1):
        marks = [_now()]
        numbers = range(batch * recipe.batch_size, (batch + 1) * recipe.batch_size)
        pairs = [read(index) for index in numbers]
        marks.append(_now())
        pairs = [
            augment(recipe.augmentation, *pair, sample_seed(0, 0, n)) for n, pair in zip(numbers, pairs, strict=True)
        ]
        images, masks = (torch.tensor(np.stack(arrays)) for arrays in zip(*pairs, strict=True))
        marks.append(_now())
        inputs = normalise(images.to(device), network.preprocessing)
        target = masks.to(device)[:, None].float()
        marks.append(_now())
        loss = loss_of(network(inputs), target)
        marks.append(_now())
        loss.backward()  # type: ignore[no-untyped-call]
        marks.append(_now())
        optimizer.step()
        optimizer.zero_grad()
        marks.append(_now())
        rows.append(np.diff(marks))
    return dict(zip(STEP_PARTS, np.median(rows[1:], axis=0).tolist(), strict=True))


def _now() -> float:
    wait_for_device()
    return time.perf_counter()
