"""What a training loop is fed: order, augmentation and precomputed pyramids depend on seed and epoch alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from lesionseg_lib.models.encoder import STAGES
from lesionseg_lib.models.preprocessing import normalise
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.batches import EpochSampler, FrozenPyramids, TrainingSet, batches_for
from lesionseg_lib.training.recipes import Recipe, get_recipe
from tests.helpers.tiny import discs, tiny_segmenter

DATA = discs(6)


def recipe(augmentation: str = "none", trainable: tuple[int, ...] = tuple(STAGES)) -> Recipe:
    return replace(get_recipe("transposed-finetuned"), augmentation=augmentation, trainable_stages=trainable)


@pytest.fixture(scope="module")
def frozen() -> Segmenter:
    network = tiny_segmenter("transposed")
    network.encoder.freeze()
    return network


# ---- order


def orders(seed: int, epochs: int, start: int = 1) -> list[list[int]]:
    sampler = EpochSampler(20, seed)
    found = []
    for epoch in range(start, epochs + 1):
        sampler.set_epoch(epoch)
        found.append(list(sampler))
    return found


def test_every_epoch_meets_every_sample_once_in_an_order_of_its_own() -> None:
    found = orders(seed=0, epochs=5)
    assert all(sorted(order) == list(range(20)) for order in found)
    assert len({tuple(order) for order in found}) == 5
    assert len(EpochSampler(20, 0)) == 20


def test_order_depends_on_seed_and_epoch_alone() -> None:
    np.random.default_rng().random()
    torch.manual_seed(123)
    assert orders(seed=3, epochs=5) == orders(seed=3, epochs=5)
    assert orders(seed=3, epochs=5, start=4) == orders(seed=3, epochs=5)[3:]
    assert orders(seed=3, epochs=2) != orders(seed=4, epochs=2)


# ---- images


def test_samples_without_augmentation_are_the_decoded_bytes() -> None:
    samples = TrainingSet(DATA, recipe(), seed=0)
    assert len(samples) == 6
    for index in range(6):
        image, mask = samples[index]
        assert image.dtype == mask.dtype == torch.uint8
        assert np.array_equal(image.numpy(), DATA.images[index])
        assert np.array_equal(mask.numpy(), DATA.masks[index])


def test_online_draws_are_new_in_every_epoch_and_repeat_with_the_seed() -> None:
    def epoch_bytes(seed: int, epoch: int) -> bytes:
        samples = TrainingSet(DATA, recipe("family-c"), seed)
        samples.set_epoch(epoch)
        return b"".join(image.numpy().tobytes() for image, _ in (samples[i] for i in range(len(samples))))

    assert epoch_bytes(0, 1) == epoch_bytes(0, 1)
    assert len({epoch_bytes(0, 1), epoch_bytes(0, 2), epoch_bytes(1, 1)}) == 3


def test_a_sample_does_not_depend_on_which_were_asked_for_before() -> None:
    samples = TrainingSet(DATA, recipe("family-c"), seed=0)
    forwards = [samples[i][0] for i in range(6)]
    backwards = [samples[i][0] for i in reversed(range(6))]
    assert all(torch.equal(a, b) for a, b in zip(forwards, reversed(backwards), strict=True))


@pytest.mark.parametrize(("name", "factor"), [("family-a", 2), ("family-d", 4)])
def test_offline_families_draw_once_and_for_all(name: str, factor: int) -> None:
    samples = TrainingSet(DATA, recipe(name), seed=0)
    assert len(samples) == 6 * factor
    assert samples.online == "none"
    first = [samples[i][0] for i in range(len(samples))]
    samples.set_epoch(9)
    assert all(torch.equal(image, samples[i][0]) for i, image in enumerate(first))


# ---- pyramids


def test_pyramids_are_those_of_the_frozen_encoder(frozen: Segmenter) -> None:
    samples = TrainingSet(DATA, recipe(trainable=()), seed=0)
    pyramids = FrozenPyramids(frozen, samples, batch_size=4)
    assert len(pyramids) == 6
    images = torch.from_numpy(DATA.images)
    with torch.no_grad():
        expected = frozen.eval().encoder(normalise(images, frozen.preprocessing))
    levels, masks = next(iter(DataLoader(pyramids, batch_size=6)))
    assert len(levels) == 5
    for found, level in zip(levels, expected, strict=True):
        torch.testing.assert_close(found, level)
        assert not found.requires_grad
    assert np.array_equal(masks.numpy(), DATA.masks)


def test_pyramids_leave_the_encoders_statistics_alone() -> None:
    network = tiny_segmenter("transposed").train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    FrozenPyramids(network, TrainingSet(DATA, recipe(), seed=0))
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize(
    ("augmentation", "trainable", "expected"),
    [
        ("none", (), FrozenPyramids),
        ("family-d", (), FrozenPyramids),  # expanded once, so nothing changes between epochs
        ("family-c", (), TrainingSet),  # the images change
        ("none", (4,), TrainingSet),  # the encoder changes
        ("none", (1, 2, 3, 4), TrainingSet),
    ],
)
def test_pyramids_are_used_exactly_where_they_cannot_change(
    frozen: Segmenter, augmentation: str, trainable: tuple[int, ...], expected: type
) -> None:
    assert type(batches_for(DATA, recipe(augmentation, trainable), 0, frozen)) is expected
