"""Whether a mask belongs to its photo: the checks find what they are made for."""

from __future__ import annotations

import numpy as np
import pytest

from lesionseg_lib.data.datasets import SyntheticLesions
from lesionseg_lib.data.pair_checks import describe_pairs, outline_contrast, outline_contrasts
from lesionseg_lib.errors import ShapeError


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
