"""The linear probe reads what is there, and only that."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lesionseg_lib.cache import CachedDataset
from lesionseg_lib.probing import linear_probe


class Average(nn.Module):
    """Deepest map: the mean of each 4 x 4 cell, as a pretended encoder with dropout would give it when it is off."""

    strides = (4,)

    def __init__(self, blind: bool = False) -> None:
        super().__init__()
        self.blind, self.unused, self.dropout = blind, nn.Parameter(torch.zeros(1)), nn.Dropout(0.5)

    def forward(self, x: Tensor) -> list[Tensor]:
        deepest = nn.functional.avg_pool2d(x, 4)
        return [self.dropout(torch.zeros_like(deepest) if self.blind else deepest)]


def drawn(count: int, lesion: float, seed: int) -> CachedDataset:
    """Images of 2 x 3 cells, each cell all lesion (white) or all skin (black)."""
    cells = np.random.default_rng(seed).random((count, 2, 3)) < lesion
    masks = cells.repeat(4, axis=1).repeat(4, axis=2).astype(np.uint8)
    images = np.repeat(masks[..., None] * 255, 3, axis=3).astype(np.uint8)
    return CachedDataset(tuple(map(str, range(count))), images, masks, "", (8, 12), Path())


def test_masks_that_the_features_tell_are_drawn_exactly() -> None:
    assert linear_probe(Average(), drawn(400, 0.4, 0), drawn(20, 0.4, 1)) == 1


def test_location_is_paired_cell_by_cell() -> None:
    shifted = drawn(20, 0.4, 1)
    shifted.masks[:] = shifted.masks[:, :, ::-1]  # the truth mirrored, the images not
    assert linear_probe(Average(), drawn(400, 0.4, 0), shifted) < 0.7


@pytest.mark.parametrize(("lesion", "expected"), [(0.9, "everything"), (0.1, "nothing")])
def test_features_that_say_nothing_give_the_commoner_class(lesion: float, expected: str) -> None:
    validation = drawn(20, lesion, 1)
    shares = validation.masks.mean(axis=(1, 2))  # of all-lesion predictions, the Jaccard index
    score = linear_probe(Average(blind=True), drawn(400, lesion, 0), validation)
    assert score == pytest.approx(shares.mean() if expected == "everything" else (shares == 0).mean())


@pytest.mark.parametrize("training", [True, False])
def test_the_encoder_is_probed_in_evaluation_mode_and_keeps_its_own(training: bool) -> None:
    encoder = Average().train(training)
    assert linear_probe(encoder, drawn(400, 0.4, 0), drawn(20, 0.4, 1)) == 1
    assert encoder.training == training
