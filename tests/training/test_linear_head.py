"""One weight a channel: it finds the channel that knows, whichever the loss, and repeats itself exactly."""

from __future__ import annotations

import pytest
import torch

from lesionseg_lib.errors import UnknownNameError
from lesionseg_lib.training.probing import linear_head, stack_levels


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
