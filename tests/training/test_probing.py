"""The linear probe reads what is there, and only that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.errors import UnknownNameError
from lesionseg_lib.evaluation.metrics import confusion, reduce
from lesionseg_lib.training.probing import (
    best_cover,
    channel_auc,
    cover,
    linear_head,
    linear_probe,
    linear_readout,
    stack_levels,
)


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


def test_cover_is_the_share_of_each_cell() -> None:
    mask = np.array([[1, 1, 0, 0], [1, 1, 0, 1]], np.uint8)
    assert cover(mask[None], 2).tolist() == [[[1.0, 0.25]]]


@pytest.mark.parametrize(
    ("values", "inside", "expected"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([1, 2, 3, 4], [1, 1, 0, 0], 0.0),
        ([1, 2, 3, 4], [1, 0, 0, 1], 0.5),
        ([1, 3, 2, 4], [0, 0, 1, 1], 0.75),  # of the four pairs one is in the wrong order
        ([5, 5, 5, 5], [0, 1, 0, 1], 0.5),
        ([1, 2, 3, 4], [0, 0, 0, 0], 0.5),
        ([1, 2, 3, 4], [1, 1, 1, 1], 0.5),
    ],
)
def test_auc_is_the_share_of_pairs_in_order(values: list[int], inside: list[int], expected: float) -> None:
    level = torch.tensor(values).float().reshape(2, 1, 1, 2)
    both = torch.cat([level, -level], dim=1)  # (2, 2, 1, 2): the second channel is the first, backwards
    found = channel_auc(both, torch.tensor(inside).bool().reshape(2, 1, 2))
    assert found.tolist() == pytest.approx([expected, 1 - expected])


def test_a_linear_relation_is_read_off_whatever_the_scale_of_its_channels() -> None:
    known, new = torch.randn(2, 50, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    scale = torch.tensor([1.0, 1e-6, 1e3])[:, None, None]

    def truth(x: Tensor) -> Tensor:
        return 0.3 * x[:, 0] - 0.2 * x[:, 1] + 0.5  # the third channel does not matter

    found = linear_readout(known * scale, truth(known), new * scale)
    assert found.shape == (50, 4, 4)
    assert torch.allclose(found, truth(new), atol=2e-3)


def test_free_numbers_carry_a_lesion_that_is_smaller_than_a_cell() -> None:
    mask = np.zeros((1, 32, 32), np.uint8)
    mask[0, 10:14, 9:13] = 1  # a quarter of a cell at stride 8: its average is never above one half
    drawn = best_cover(mask, 8)
    assert drawn.shape == (1, 32, 32)
    assert cover(mask, 8).max() < 0.5
    assert reduce(confusion(drawn.numpy() > 0.5, mask > 0), "jaccard") > 0.3


def maps(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Channel 1 of three is high inside the mask; masks are twice as large as the maps."""
    random = torch.Generator().manual_seed(seed)
    masks = torch.zeros(n, 16, 16, dtype=torch.uint8)
    masks[:, 4:12, 2:8] = 1
    masks[n // 2 :] = masks[n // 2 :].flip(2)
    known = torch.randn(n, 3, 8, 8, generator=random)
    known[:, 1] += 5 * masks[:, ::2, ::2]
    return known, masks


@pytest.mark.parametrize("loss", ["bce", "dice+bce", "iou"])
def test_the_mask_is_found_with_every_loss(loss: str) -> None:
    known, masks = maps(40, 0)
    new, truth = maps(10, 1)
    drawn = linear_head(known, masks, new, loss) > 0
    assert drawn.shape == truth.shape
    assert (drawn == (truth == 1)).float().mean() > 0.9


def test_start_and_batches_depend_on_the_seed_alone() -> None:
    known, masks = maps(12, 0)
    torch.manual_seed(1)
    one = linear_head(known, masks, known, "bce", steps=5)
    torch.manual_seed(2)
    assert torch.equal(one, linear_head(known, masks, known, "bce", steps=5))
    assert not torch.equal(one, linear_head(known, masks, known, "bce", steps=5, seed=1))
    assert not torch.equal(one, linear_head(known, masks, known, "iou", steps=5))


def test_levels_meet_at_the_size_asked_for() -> None:
    levels = [torch.zeros(2, c, s, s) for c, s in ((4, 16), (5, 8), (6, 4))]
    assert stack_levels(levels).shape == (2, 15, 8, 8)
    assert stack_levels(levels, at=0).shape == (2, 15, 16, 16)
    assert torch.equal(stack_levels([torch.arange(16.0).reshape(1, 1, 4, 4)], at=0)[0, 0, 3], torch.arange(12.0, 16.0))


def test_an_unknown_loss_is_named() -> None:
    with pytest.raises(UnknownNameError, match="bse"):
        linear_head(*maps(4, 0), torch.zeros(1, 3, 8, 8), "bse")
