"""Augmentation: one draw for image and mask, masks that stay masks, seeds that decide everything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lesionseg_lib.data.transforms import AUGMENTATIONS, OFFLINE, augment, expand_offline, sample_seed
from lesionseg_lib.errors import UnknownNameError

FAMILIES = ("family-a", "family-c", "family-d", "family-e")


def pair(height: int = 120, width: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """A mask without any symmetry, and an image made of the same pixels: 220 inside, 30 outside."""
    mask = np.zeros((height, width), np.uint8)
    mask[height // 6 : height // 2, width // 8 : width // 2] = 1
    mask[height // 2 : height * 3 // 4, width // 8 : width // 4] = 1
    return np.repeat((mask * 190 + 30)[..., None], 3, axis=2), mask


def digest(image: np.ndarray, mask: np.ndarray) -> bytes:
    return image.tobytes() + mask.tobytes()


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("seed", range(6))
def test_image_and_mask_get_the_same_draw(name: str, seed: int) -> None:
    image, mask = augment(name, *pair(), seed)
    lesion = image.mean(axis=2) > 125  # half way, and colours change by less than that
    both, either = (lesion & (mask == 1)).sum(), (lesion | (mask == 1)).sum()
    assert both / either > 0.93  # all but the pixels along a border that was resampled


@pytest.mark.parametrize("name", FAMILIES)
def test_draws_differ_between_seeds(name: str) -> None:
    masks = {augment(name, *pair(), seed)[1].tobytes() for seed in range(12)}
    assert len(masks) > 1


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize(("height", "width"), [(48, 64), (64, 48), (32, 32)])
def test_shapes_types_and_the_two_values_of_a_mask_stay(name: str, height: int, width: int) -> None:
    for seed in range(8):
        image, mask = augment(name, *pair(height, width), seed)
        assert image.shape == (height, width, 3) and image.dtype == np.uint8
        assert mask.shape == (height, width) and mask.dtype == np.uint8
        assert set(np.unique(mask)) == {0, 1}


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_seed_gives_the_same_pixels_whatever_was_drawn_before(name: str) -> None:
    first = digest(*augment(name, *pair(), 7))
    for seed in (1, 2, 3):
        augment(name, *pair(), seed)
    augment(name, *pair(32, 32), 7)
    np.random.default_rng().random(5)
    assert digest(*augment(name, *pair(), 7)) == first


def test_none_changes_nothing() -> None:
    image, mask = pair()
    found = augment("none", image, mask, seed=3)
    assert np.array_equal(found[0], image) and np.array_equal(found[1], mask)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_given_arrays_are_not_written_to(name: str) -> None:
    image, mask = pair()
    image.setflags(write=False)  # as memory-mapped caches are
    mask.setflags(write=False)
    before = digest(image, mask)
    for seed in range(4):
        augment(name, image, mask, seed)
    assert digest(image, mask) == before


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("none", []),
        (
            "family-a",
            ["RandomResizedCrop", "HorizontalFlip", "VerticalFlip", "Rotate", "ColorJitter", "GaussNoise"],
        ),
        ("family-c", ["HorizontalFlip", "VerticalFlip", "RandomBrightnessContrast"]),
        ("family-d", ["HorizontalFlip", "Rotate"]),
        ("family-e", ["ColorJitter", "Rotate"]),
    ],
)
def test_a_family_uses_the_transforms_its_write_up_names(name: str, steps: list[str]) -> None:
    pipeline: list[Any] = AUGMENTATIONS[name]((32, 32))
    assert [type(step).__name__ for step in pipeline] == steps
    for step in pipeline:
        if type(step).__name__.endswith("Flip"):
            assert step.p == 0.5


def flips_drawn(name: str) -> dict[str, int]:
    """How often 200 draws left a mask as it was, mirrored it one way, or both."""
    _, mask = pair(24, 32)
    found = {"as it was": 0, "horizontal": 0, "vertical": 0, "both": 0}
    views = {"as it was": mask, "horizontal": mask[:, ::-1], "vertical": mask[::-1], "both": mask[::-1, ::-1]}
    for index in range(200):
        drawn = augment(name, *pair(24, 32), sample_seed(0, 1, index))[1]
        (kind,) = (name for name, view in views.items() if np.array_equal(drawn, view))
        found[kind] += 1
    return found


def test_each_of_two_flips_comes_in_half_of_the_cases_whatever_the_other_does() -> None:
    found = flips_drawn("family-c")
    assert all(30 <= count <= 70 for count in found.values()), found  # 50 expected, 3.3 standard deviations


# ---- offline


@pytest.mark.parametrize(("name", "factor"), [("family-a", 2), ("family-d", 4)])
def test_offline_families_expand_the_set_by_their_factor(name: str, factor: int) -> None:
    image, mask = pair(32, 32)
    images, masks = np.stack([image, image[::-1], image[:, ::-1]]), np.stack([mask, mask[::-1], mask[:, ::-1]])
    more_images, more_masks = expand_offline(name, images, masks, seed=5)
    assert OFFLINE[name] == factor
    assert more_images.shape == (3 * factor, 32, 32, 3) and more_masks.shape == (3 * factor, 32, 32)
    assert np.array_equal(more_images[:3], images) and np.array_equal(more_masks[:3], masks)
    assert set(np.unique(more_masks)) == {0, 1}
    assert len({image.tobytes() for image in more_images}) == 3 * factor  # no copy equals another
    again = expand_offline(name, images, masks, seed=5)
    assert np.array_equal(again[0], more_images) and np.array_equal(again[1], more_masks)
    assert not np.array_equal(expand_offline(name, images, masks, seed=6)[0], more_images)


def test_families_of_write_ups_that_expand_the_set_are_offline_and_no_others() -> None:
    assert OFFLINE == {"family-a": 2, "family-d": 4}
    image, mask = pair()
    with pytest.raises(UnknownNameError, match="no offline augmentation named 'family-c'"):
        expand_offline("family-c", image[None], mask[None])


def test_an_unknown_augmentation_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="no augmentation named 'family-b'. Did you mean 'family-"):
        augment("family-b", *pair(), 0)


def test_sample_seeds_are_fixed_and_all_different() -> None:
    seeds = {sample_seed(seed, epoch, index) for seed in range(3) for epoch in range(5) for index in range(40)}
    assert len(seeds) == 600
    assert sample_seed(0, 0, 0) == int(np.random.SeedSequence([0, 0, 0]).generate_state(1)[0])
