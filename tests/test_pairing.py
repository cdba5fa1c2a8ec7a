"""Tests for pairs find what they are made for, and the check of a transform refuses what people write."""

from __future__ import annotations

import numpy as np
import pytest

from lesionseg_lib.data.datasets import SyntheticLesions
from lesionseg_lib.data.pair_checks import describe_pairs, outline_contrast, outline_contrasts
from lesionseg_lib.errors import ShapeError
from lesionseg_lib.teaching.demos.paired_transforms import transform_fault


def disc(side: int = 64, x: int = 24) -> np.ndarray:
    rows, columns = np.indices((side, side))
    return ((rows - side // 2) ** 2 + (columns - x) ** 2 < (side // 5) ** 2).astype(np.uint8)


def photo(mask: np.ndarray) -> np.ndarray:
    """Brown inside, pale outside."""
    return np.where(mask[..., None] == 1, np.uint8([110, 70, 50]), np.uint8([220, 180, 160])).astype(np.uint8)


def test_the_step_is_large_on_the_border_and_small_elsewhere() -> None:
    mask = disc()
    assert outline_contrast(photo(mask), mask) > 40
    assert outline_contrast(photo(mask), disc(x=40)) < 0.5 * outline_contrast(photo(mask), mask)
    flat = np.full((64, 64, 3), 150, np.uint8)
    assert outline_contrast(flat, mask) == pytest.approx(0, abs=1e-4)


def test_the_step_takes_any_value_above_zero_as_lesion_and_has_none_without_a_border() -> None:
    mask = disc()
    assert outline_contrast(photo(mask), mask * 255) == outline_contrast(photo(mask), mask.astype(bool))
    empty = np.zeros_like(mask)
    assert np.isnan(outline_contrasts([photo(mask)] * 2, [empty, empty + 1])).all()


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(ShapeError, match="Expected .* of the same size"):
        outline_contrast(photo(disc()), disc(32))


def test_pairs_are_described_without_the_truth() -> None:
    samples = list(SyntheticLesions(8, size=64, seed=3))
    images = np.stack([s.image for s in samples])
    masks = np.stack([s.mask for s in samples]).astype(np.uint8)
    right, mirrored = describe_pairs(images, masks), describe_pairs(images, masks[:, ::-1, ::-1])
    assert right["step"] > mirrored["step"]
    assert right["beats next mask"] >= 0.75
    assert right["red - blue"] > 0 > describe_pairs(images[..., ::-1].copy(), masks)["red - blue"]
    assert right["mask max"] == 1 and describe_pairs(images, masks * np.uint8(255))["mask max"] == 255
    assert right["lesion"] == pytest.approx(masks.mean())


def turn(image, mask, rng):
    quarters, mirrored = rng.integers(4), rng.random() < 0.5
    image, mask = np.rot90(image, quarters), np.rot90(mask, quarters)
    return (image[:, ::-1], mask[:, ::-1]) if mirrored else (image, mask)


def two_draws(image, mask, rng):
    return np.rot90(image, rng.integers(4)), np.rot90(mask, rng.integers(4))


def image_alone(image, mask, rng):
    return turn(image, image[..., 0], rng)[0], mask


def coupled(image, mask, rng):
    both = rng.random() < 0.5
    return (image[::-1, ::-1], mask[::-1, ::-1]) if both else (image, mask)


def no_mirror(image, mask, rng):
    quarters = rng.integers(4)
    return np.rot90(image, quarters), np.rot90(mask, quarters)


def uneven(image, mask, rng):
    quarters = rng.integers(4) if rng.random() < 0.2 else 0
    image, mask = np.rot90(image, quarters), np.rot90(mask, quarters)
    return (image[:, ::-1], mask[:, ::-1]) if rng.random() < 0.5 else (image, mask)


def global_draws(image, mask, rng):
    return turn(image, mask, np.random.default_rng())


def in_place(image, mask, rng):
    image[:], mask[:] = image[::-1], mask[::-1]
    return image, mask


def bytes_out(image, mask, rng):
    image, mask = turn(image, mask, rng)
    return image, mask * np.uint8(255)


def floats_out(image, mask, rng):
    image, mask = turn(image, mask, rng)
    return image / 255, mask


def wrong_axes(image, mask, rng):
    quarters = rng.integers(1, 4)
    return np.rot90(image, quarters, axes=(1, 0)), np.rot90(mask, quarters)


def forgets(image, mask, rng):
    return None


def test_a_right_transform_passes() -> None:
    assert transform_fault(turn) is None


@pytest.mark.parametrize(
    ("transform", "says"),
    [
        (two_draws, "not where the mask says"),
        (image_alone, "not where the mask says"),
        (wrong_axes, "not where the mask says"),
        (coupled, "2 came"),
        (no_mirror, "4 came"),
        (uneven, "8 came"),
        (global_draws, "rng"),
        (in_place, "read-only"),
        (bytes_out, "not 0 and 1"),
        (floats_out, "should stay"),
        (forgets, "It stopped"),
    ],
)
def test_what_people_write_is_refused_with_its_reason(transform, says: str) -> None:
    verdict = transform_fault(transform)
    assert not verdict.startswith("Right") and says in verdict


def test_a_mask_that_is_no_orientation_is_refused() -> None:
    verdict = transform_fault(lambda image, mask, rng: (np.roll(image, 2, axis=1), np.roll(mask, 2, axis=1)))
    assert "none of the eight orientations" in verdict
