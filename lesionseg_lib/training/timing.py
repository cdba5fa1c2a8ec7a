"""What a training step waits for: seconds of each stage of a batch, from file to weights; an epoch played through."""

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

from lesionseg_lib.data.transforms import augment, sample_seed
from lesionseg_lib.models.segmenter import Segmenter, normalise
from lesionseg_lib.training.loop import build_optimizer
from lesionseg_lib.training.losses import get_loss
from lesionseg_lib.training.recipes import Recipe

U8 = npt.NDArray[np.uint8]

STAGES = ("decode", "augment", "to device", "forward", "backward", "step")


def time_stages(
    network: Segmenter, recipe: Recipe, read: Callable[[int], tuple[U8, U8]], batches: int = 5
) -> dict[str, float]:
    """Median seconds that each of ``STAGES`` takes for one batch of ``recipe.batch_size``; the weights move.

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
    return dict(zip(STAGES, np.median(rows[1:], axis=0).tolist(), strict=True))


def simulate_epoch(batches: int, load: float, workers: int, step: float) -> float:
    """Seconds of an epoch: worker w prepares batches w, w + workers, ...; the network takes all of them in turn.

    ``load``: seconds one worker needs for a batch; ``step``: seconds the network needs. Workers never wait for room.
    """
    ready = [load * (batch // workers + 1) for batch in range(batches)]
    now = 0.0
    for moment in ready:
        now = max(now, moment) + step
    return now


def epoch_fault(answer: Callable[[int, int, float, int, float], float], trials: int = 200) -> str | None:
    """Compare ``answer(photos, batch, decode, workers, step)`` with ``simulate_epoch`` on random settings.

    ``decode``: seconds one worker needs for a photo; ``step``: seconds the network needs for a batch. An answer may be
    off by the filling of the pipe: one batch loaded and one step. Returns the first setting on which it is farther off,
    in a sentence, or None.
    """
    rng = np.random.default_rng(0)
    for _ in range(trials):
        batch, batches, workers = int(rng.choice([8, 16, 32])), int(rng.integers(30, 120)), int(rng.integers(1, 5))
        decode, step = (float(rng.choice([0.002, 0.01, 0.05, 0.2])) for _ in range(2))
        played = simulate_epoch(batches, batch * decode, workers, step)
        found = float(answer(batches * batch, batch, decode, workers, step))
        if not abs(found - played) <= batch * decode + step + 1e-9:
            return (
                f"{batches * batch} photos in batches of {batch}, {1000 * decode:g} ms to decode one, {workers} "
                f"worker(s), {1000 * step:g} ms a step: you say {found:.1f} s, played through it takes {played:.1f} s."
            )
    return None


def wait_for_device() -> None:
    """Return when a GPU, if there is one, has done what it was asked to do: a clock must not be read before."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    elif torch.backends.mps.is_available():
        torch.mps.synchronize()


def _now() -> float:
    wait_for_device()
    return time.perf_counter()
