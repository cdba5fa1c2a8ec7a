"""A temperature, chosen wrongly."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching.diagnosis.causes import Cause, cause
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone
from lesionseg_lib.training.losses import bce

MULTIPLIED = cause("temperature-multiplied")

OTHER_HALF = cause("temperature-of-other-half")

ALL_PHOTOS = cause("temperature-of-all")

FIRST_HALF = cause("first-half")

WORST = cause("largest-entropy")

AT_THE_EDGE = cause("edge-of-the-grid")

UNCHANGED = cause("temperature-one")

OF_PROBABILITIES = cause("probabilities-divided")

OF_ECE = cause("smallest-ece")

THE_LOSS = cause("entropy-for-temperature")

SQUARED_T = cause("temperature-root")

OF_DICE = cause("temperature-by-dice")

AN_INDEX = cause("number-of-the-temperature")

ONE_PHOTO = cause("temperature-of-one-photo")

LOG_T = cause("log-of-temperature")

GRID = [float(t) for t in np.geomspace(0.2, 5, 60)]


def wrong_temperatures(z: Any, t: Any, every: Any, entropy: Any, best: float) -> Iterator[Suspect]:
    def one(why: Cause, value: Any) -> Suspect:
        return alone(why, lambda _: value())

    def of_rows(rows: Any) -> Any:
        return lambda: min(GRID, key=lambda temperature: entropy(temperature, rows))

    half = every % 2 == 0
    p = sigmoid(z[half])
    target = torch.tensor(t[half])[:, None].float()
    yield one(MULTIPLIED, lambda: 1 / best)
    yield one(OTHER_HALF, of_rows(~half))
    yield one(ALL_PHOTOS, of_rows(every >= 0))
    yield one(UNCHANGED, lambda: 1.0)
    yield one(FIRST_HALF, of_rows(every < len(every) // 2))
    yield one(FIRST_HALF, of_rows(every >= len(every) // 2))
    yield one(ONE_PHOTO, of_rows(every == 0))
    yield one(WORST, lambda: max(GRID, key=entropy))
    yield one(AT_THE_EDGE, lambda: GRID[0])
    yield one(AT_THE_EDGE, lambda: GRID[-1])
    yield one(THE_LOSS, lambda: entropy(best))
    yield one(THE_LOSS, lambda: entropy(1.0))
    yield one(SQUARED_T, lambda: best**2)
    yield one(SQUARED_T, lambda: best**0.5)
    yield one(LOG_T, lambda: abs(float(np.log(best))))
    yield one(AN_INDEX, lambda: float(GRID.index(best)))
    yield one(MULTIPLIED, lambda: 1 / min(GRID, key=lambda temperature: entropy(temperature, ~half)))

    def of_p(temperature: float) -> float:
        return float(bce(torch.tensor(p)[:, None] / temperature, target))

    def clipped(temperature: float) -> float:
        q = np.clip(p / temperature, 1e-6, 1 - 1e-6)
        return float(-(np.log(q) * t[half] + np.log(1 - q) * ~t[half].astype(bool)).mean())

    def soft_dice(temperature: float) -> float:
        q = sigmoid(z[half] / np.float32(temperature))
        return float(1 - np.mean((2 * (q * t[half]).sum((1, 2)) + 1) / (q.sum((1, 2)) + t[half].sum((1, 2)) + 1)))

    def ece(temperature: float) -> float:
        q = sigmoid(z[half] / np.float32(temperature)).reshape(-1)
        bins = np.minimum((10 * q).astype(int), 9)
        y = t[half].reshape(-1).astype(float)
        return sum(abs(q[bins == b].sum() - y[bins == b].sum()) for b in range(10)) / len(q)

    yield one(OF_PROBABILITIES, lambda: min(GRID, key=of_p))
    yield one(OF_PROBABILITIES, lambda: min(GRID, key=clipped))
    yield one(OF_ECE, lambda: min(GRID, key=ece))
    yield one(OF_DICE, lambda: min(GRID, key=soft_dice))
