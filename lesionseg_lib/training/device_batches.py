"""Batches that never leave the device: the whole set lies there as bytes, and is augmented there a batch at a time.

A data set of this size (147 MB at 256 x 256) fits every card, and a card that waits for photos from the processor does
nothing. Source of the idea: cifar10-airbench (Jordan, *94% on CIFAR-10 in 3.29 Seconds on a Single GPU*, 2024).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lesionseg_lib.data.transforms import sample_seed
from lesionseg_lib.data.warps import WARPS, Floats, draws
from lesionseg_lib.training.batches import EpochSampler, FrozenPyramids, TrainingSet

Inputs = Tensor | list[Tensor]


class DeviceBatches:
    """The batches of ``TrainingSet`` or ``FrozenPyramids`` in the order of ``EpochSampler``, on ``device``.

    Iterating gives (inputs, masks): images uint8 (B, H, W, 3), or the pyramid's maps, and masks uint8 (B, H, W). Every
    sample is augmented by the numbers of its seed, as on the CPU: see ``warp_batch``. Raises ``ValueError`` for an
    augmentation that has to be drawn sample by sample on the CPU (``drawn_on_cpu``).
    """

    def __init__(
        self, samples: TrainingSet | FrozenPyramids, batch_size: int, sampler: EpochSampler, device: torch.device
    ) -> None:
        if drawn_on_cpu(samples):
            raise ValueError(f"{getattr(samples, 'online', '')}: drawn sample by sample on the CPU, not in batches")
        self.batch_size, self.sampler, self.device = batch_size, sampler, device
        self.online, self.seed = ("none", 0) if isinstance(samples, FrozenPyramids) else (samples.online, samples.seed)
        self.masks = torch.as_tensor(samples.masks).to(device)
        self.inputs: Inputs
        if isinstance(samples, FrozenPyramids):
            self.inputs = [level.to(device) for level in samples.levels]
        else:
            self.inputs = torch.tensor(samples.images, device=device)

    def set_epoch(self, epoch: int) -> None:
        """Every epoch has an order and draws of its own, from seed and epoch alone."""
        self.sampler.set_epoch(epoch)

    def __len__(self) -> int:
        return -(-len(self.sampler) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Inputs, Tensor]]:
        order = list(self.sampler)
        places = torch.tensor(order).to(self.device)
        for start in range(0, len(order), self.batch_size):
            yield self._batch(order[start : start + self.batch_size], places[start : start + self.batch_size])

    def _batch(self, numbers: list[int], index: Tensor) -> tuple[Inputs, Tensor]:
        if not isinstance(self.inputs, Tensor):
            return [level[index] for level in self.inputs], self.masks[index]
        if self.online == "none":
            return self.inputs[index], self.masks[index]
        height, width = self.masks.shape[1:]
        seeds = [sample_seed(self.seed, self.sampler.epoch, number) for number in numbers]
        maps = draws(self.online, (height, width), seeds)
        return warp_batch(self.inputs, self.masks, index, *maps)


def drawn_on_cpu(samples: TrainingSet | FrozenPyramids) -> bool:
    """Whether these are augmented by Albumentations, which takes one photo at a time and no device."""
    return isinstance(samples, TrainingSet) and samples.online != "none" and samples.online not in WARPS


@torch.no_grad()
def warp_batch(images: Tensor, masks: Tensor, index: Tensor, places: Floats, colours: Floats) -> tuple[Tensor, Tensor]:
    """What ``warps.warp`` makes of the samples ``index`` (B,) of a set, all at once and on the set's device.

    ``images`` uint8 (N, H, W, 3), ``masks`` uint8 (N, H, W); ``places`` (B, 2, 3) and ``colours`` (B, 3, 4) as
    ``warps.draws`` gives them. Result: uint8 (B, H, W, 3) and (B, H, W). The arithmetic is that of OpenCV 5: places in
    float32 with one rounding of the product's sum, colours in 1/1024. Masks come out equal to its, and a pixel of an
    image within one of 255 levels. OpenCV 4 takes places in 1/32 of a pixel.
    """
    height, width = masks.shape[1:]
    device = images.device
    column, row = _position(places, (height, width), device)  # float32 (B, H, W) both
    near = _flat(index, row.round(), column.round(), height, width)
    left, top = column.floor(), row.floor()
    across, down = (column - left)[..., None], (row - top)[..., None]
    pixels = images.view(-1, 3)

    def at(y: Tensor, x: Tensor) -> Tensor:
        return pixels[_flat(index, y, x, height, width)].float()

    upper, lower = (at(y, left) + across * (at(y, left + 1) - at(y, left)) for y in (top, top + 1))
    moved = (upper + down * (lower - upper)).round()  # (B, H, W, 3)

    gains = np.rint(colours[:, :, :3].astype(np.float32) * np.float32(1024))
    offsets = np.rint((colours[:, :, 3].astype(np.float32) + np.float32(0.5)) * np.float32(1024))
    factors = _sent(np.concatenate([gains, offsets[:, :, None]], axis=2), device)[:, None, None]  # (B, 1, 1, 3, 4)
    # Whole numbers below 2 ** 24, so exact in float32; not a matrix product, which TF32 would round.
    total = factors[..., 3]
    for channel in range(3):
        total = total + moved[..., channel, None] * factors[..., channel]
    return (total / 1024).floor().clamp(0, 255).byte(), masks.view(-1)[near]


def _position(places: Floats, size: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
    maps = _sent(places, device)  # (B, 2, 3)
    y, x = (torch.arange(side, device=device) for side in size)
    rows = maps[..., 1:2] * y + maps[..., 2:]  # (B, 2, H), float32
    # float64 holds the product exactly: rounded once, after the sum, as a fused multiply-add does.
    exact = maps[..., None, :1].double() * x.double() + rows[..., None].double()
    column, row = exact.float().unbind(1)
    return column, row


def _sent(values: Floats, device: torch.device) -> Tensor:
    tensor = torch.from_numpy(values.astype(np.float32))
    # From pinned memory the copy waits for nobody.
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def _flat(index: Tensor, y: Tensor, x: Tensor, height: int, width: int) -> Tensor:
    """Number of the pixel (y, x), mirrored into the picture, in all pixels of the set one after the other."""
    return (index[:, None, None] * height + _mirrored(y, height)) * width + _mirrored(x, width)


def _mirrored(place: Tensor, side: int) -> Tensor:
    """OpenCV's BORDER_REFLECT_101: the edge pixel is not repeated."""
    period = 2 * (side - 1)
    inside = place.long().abs() % period
    return torch.minimum(inside, period - inside)
