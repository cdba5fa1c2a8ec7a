"""What the training loop draws its batches from: decoded images, or feature maps that never change."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.data.transforms import OFFLINE, augment, expand_offline, sample_seed
from lesionseg_lib.models.mode import evaluation_mode
from lesionseg_lib.models.preprocessing import normalise
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.recipes import Recipe


class EpochSampler(Sampler[int]):
    """All indices once, in an order that depends on seed and epoch alone: a resumed run meets the same batches."""

    def __init__(self, length: int, seed: int) -> None:
        self.length, self.seed, self.epoch = length, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Every epoch has draws of its own, from seed and epoch alone."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[int]:
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.length)
        return iter(order.tolist())


class TrainingSet(Dataset[tuple[Tensor, Tensor]]):
    """Decoded images and masks with the recipe's augmentation, still as bytes.

    A sample is (image uint8 (H, W, 3), mask uint8 (H, W), 0 or 1). Online families draw anew for every (seed, epoch,
    index); offline families have expanded the set once.
    """

    def __init__(self, data: CachedDataset, recipe: Recipe, seed: int) -> None:
        self.images, self.masks = np.asarray(data.images), np.asarray(data.masks)
        self.online, self.seed, self.epoch = recipe.augmentation, seed, 0
        if recipe.augmentation in OFFLINE:
            self.images, self.masks = expand_offline(recipe.augmentation, self.images, self.masks, seed)
            self.online = "none"

    def set_epoch(self, epoch: int) -> None:
        """Every epoch has draws of its own, from seed and epoch alone."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        seed = sample_seed(self.seed, self.epoch, index)
        image, mask = augment(self.online, self.images[index], self.masks[index], seed)
        return torch.tensor(image), torch.tensor(mask)


class FrozenPyramids(Dataset[tuple[list[Tensor], Tensor]]):
    """The encoder's feature maps of every sample, computed once.

    Right only while nothing in front of the decoder changes from epoch to epoch: all stages frozen (batch norm too)
    and no online augmentation. A sample is (list of the five maps, each (C, h, w), mask uint8 (H, W)).
    """

    @torch.no_grad()
    def __init__(self, network: Segmenter, samples: TrainingSet, batch_size: int = 32) -> None:
        parts: list[list[Tensor]] = []
        with evaluation_mode(network):
            for start in range(0, len(samples), batch_size):
                images = torch.tensor(samples.images[start : start + batch_size], device=network.device)
                parts.append([level.cpu() for level in network.encoder(normalise(images, network.preprocessing))])
        self.levels = [torch.cat(level) for level in zip(*parts, strict=True)]
        self.masks = torch.tensor(samples.masks)

    def set_epoch(self, epoch: int) -> None:
        """Nothing here depends on the epoch; the loop need not know."""

    def __len__(self) -> int:
        return len(self.masks)

    def __getitem__(self, index: int) -> tuple[list[Tensor], Tensor]:
        return [level[index] for level in self.levels], self.masks[index]


def batches_for(data: CachedDataset, recipe: Recipe, seed: int, network: Segmenter) -> TrainingSet | FrozenPyramids:
    """The training samples of a recipe: as pyramids where they cannot change, else as images."""
    samples = TrainingSet(data, recipe, seed)
    if not recipe.trainable_stages and samples.online == "none":
        return FrozenPyramids(network, samples)
    return samples
