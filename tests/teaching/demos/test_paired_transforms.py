"""Transforms of a photo and its mask, and what goes wrong when people write them."""

from __future__ import annotations

import numpy as np
import pytest

from lesionseg_lib.teaching.demos.paired_transforms import transform_fault


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
