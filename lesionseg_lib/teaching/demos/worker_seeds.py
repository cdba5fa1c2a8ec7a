"""Where random draws come from when several worker processes load: a mistake that is still made, and what cures it."""

from collections.abc import Sized
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Dataset

from lesionseg_lib.data.transforms import sample_seed


class OwnGenerator(Dataset[int]):
    """Wrong: one generator, made with the data set. Every worker gets a copy, in the state it has when it starts.

    A sample is its draw, 0 to 999.
    """

    def __init__(self, length: int, seed: int) -> None:
        self.length, self.rng = length, np.random.default_rng(seed)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> int:
        return int(self.rng.integers(1000))


class SeedPerSample(Dataset[int]):
    """Right: a generator per sample, from seed, epoch and index; who loads the sample plays no part."""

    def __init__(self, length: int, seed: int) -> None:
        self.length, self.seed, self.epoch = length, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Draws of its own for every epoch, or not: that is what is shown."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> int:
        return int(np.random.default_rng(sample_seed(self.seed, self.epoch, index)).integers(1000))


def draws(dataset: Dataset[int], workers: int) -> list[int]:
    """What one epoch over ``dataset`` draws, in order, in batches of two; ``workers`` = 0: in this process."""
    assert isinstance(dataset, Sized)
    loader: DataLoader[Any] = DataLoader(dataset, batch_size=2, num_workers=workers)
    return [int(draw) for batch in loader for draw in batch]
