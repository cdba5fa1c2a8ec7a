"""Batches made on a device are those of the CPU path: the same order, the same draws, the same pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from lesionseg_lib.data.datasets import SyntheticLesions
from lesionseg_lib.data.warps import WARPS, draw, draws
from lesionseg_lib.training.batches import EpochSampler, FrozenPyramids, TrainingSet
from lesionseg_lib.training.device_batches import DeviceBatches, warp_batch
from lesionseg_lib.training.recipes import Recipe, get_recipe
from tests.helpers.tiny import cached, discs, tiny_segmenter

CPU = torch.device("cpu")
LEVELS = 1 if int(cv2.__version__.split(".")[0]) >= 5 else 4  # OpenCV 4 takes places in 1/32 of a pixel
MASK_SHARE = 0 if int(cv2.__version__.split(".")[0]) >= 5 else 2e-3


def lesions(count: int, side: int) -> Any:
    drawn = list(SyntheticLesions(count, size=side, seed=0))
    return cached(np.stack([s.image for s in drawn]), np.stack([s.mask for s in drawn]).astype(np.uint8))


def recipe(augmentation: str) -> Recipe:
    return replace(get_recipe("transposed-finetuned"), augmentation=augmentation)


def both(samples: Any, epoch: int, batch_size: int = 4, device: torch.device = CPU) -> Any:
    """Batch by batch: (inputs, masks) of the CPU path, and of the device's."""
    samples.set_epoch(epoch)
    sampler = EpochSampler(len(samples), 3)
    sampler.set_epoch(epoch)
    batches = DeviceBatches(samples, batch_size, EpochSampler(len(samples), 3), device)
    batches.set_epoch(epoch)
    loader = DataLoader(samples, batch_size=batch_size, sampler=sampler)
    assert len(batches) == len(loader)
    return zip(loader, batches, strict=True)


def check_warped(name: str, side: int, device: torch.device) -> None:
    seen, differing, pixels = 0, 0, 0
    for epoch in (0, 5):
        for (images, masks), (found, found_masks) in both(
            TrainingSet(lesions(6, side), recipe(name), 3), epoch, device=device
        ):
            assert found.device.type == found_masks.device.type == device.type
            assert found.dtype == found_masks.dtype == torch.uint8
            assert int((images.int() - found.cpu().int()).abs().max()) <= LEVELS
            assert float((images != found.cpu()).float().mean()) < (0.01 if LEVELS == 1 else 0.5)
            differing += int((masks != found_masks.cpu()).sum())
            pixels, seen = pixels + masks.numel(), seen + len(masks)
    assert seen == 12 and differing <= MASK_SHARE * pixels


@pytest.mark.parametrize("name", WARPS)
@pytest.mark.parametrize("side", [64, 96])
def test_each_sample_is_the_one_that_the_cpu_path_makes(name: str, side: int) -> None:
    check_warped(name, side, CPU)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("name", WARPS)
def test_cuda_makes_the_samples_of_the_cpu(name: str) -> None:
    check_warped(name, 128, torch.device("cuda"))


def test_a_map_worked_out_by_hand() -> None:
    """One pixel to the right and twice as bright; the left edge mirrors without repeating itself."""
    image = torch.arange(16, dtype=torch.uint8).view(1, 4, 4)[..., None].expand(1, 4, 4, 3).contiguous()
    places = np.array([[[1.0, 0, -1], [0, 1, 0]]])
    colours = np.array([[[2.0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 300]]])
    found, mask = warp_batch(image, image[..., 0], torch.tensor([0]), places, colours)
    moved = [[1, 0, 1, 2], [5, 4, 5, 6], [9, 8, 9, 10], [13, 12, 13, 14]]
    assert mask[0].tolist() == moved
    assert found[0, ..., 0].tolist() == [[2 * value for value in row] for row in moved]
    assert found[0, ..., 1].tolist() == [[value + 1 for value in row] for row in moved]
    assert found[0, ..., 2].unique().tolist() == [255]


def test_half_a_pixel_is_the_mean_of_two() -> None:
    image = torch.tensor([[[10, 20], [30, 60]]], dtype=torch.uint8)[..., None].expand(1, 2, 2, 3).contiguous()
    places = np.array([[[1.0, 0, 0.5], [0, 1, 0.5]]])
    found, _ = warp_batch(image, image[..., 0], torch.tensor([0]), places, np.eye(3, 4)[None])
    assert found[0, 0, 0].tolist() == [30, 30, 30]  # (10 + 20 + 30 + 60) / 4


def test_many_draws_are_the_draws_of_each() -> None:
    seeds = [5, 99, 2**31]
    places, colours = draws("strong", (64, 96), seeds)
    assert places.shape == (3, 2, 3) and colours.shape == (3, 3, 4)
    for number, seed in enumerate(seeds):
        one_places, one_colours = draw("strong", (64, 96), seed)
        assert np.array_equal(places[number], one_places) and np.array_equal(colours[number], one_colours)


@pytest.mark.parametrize("name", ["none", "family-d"])
def test_what_does_not_change_is_taken_as_it_is(name: str) -> None:
    for (images, masks), (found, found_masks) in both(TrainingSet(discs(5), recipe(name), 3), epoch=2):
        assert torch.equal(images, found) and torch.equal(masks, found_masks)


def test_pyramids_are_taken_as_they_are() -> None:
    network = tiny_segmenter("transposed")
    network.encoder.freeze()
    samples = FrozenPyramids(network, TrainingSet(discs(5), recipe("none"), 3))
    for (levels, masks), (found, found_masks) in both(samples, epoch=1):
        assert all(torch.equal(one, other) for one, other in zip(levels, found, strict=True))
        assert torch.equal(masks, found_masks)


def test_what_albumentations_draws_is_refused() -> None:
    with pytest.raises(ValueError, match="family-c: drawn sample by sample"):
        DeviceBatches(TrainingSet(discs(4), recipe("family-c"), 0), 4, EpochSampler(4, 0), CPU)
