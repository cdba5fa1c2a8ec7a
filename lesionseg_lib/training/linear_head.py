"""The simplest decoder that a loss can train: one weight a channel. For trials in which only the loss differs."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from lesionseg_lib.training.losses import get_loss

BATCH = 32


def stack_levels(levels: list[Tensor], at: int = 1) -> Tensor:
    """Levels of a pyramid (N, C, h, w), brought to the size of number ``at`` and stacked: (N, sum of C, h, w)."""
    size = levels[at].shape[-2:]
    return torch.cat([interpolate(level, size, mode="bilinear", antialias=True) for level in levels], dim=1)


def linear_head(
    known: Tensor, masks: Tensor, new: Tensor, loss: str, steps: int = 200, rate: float = 0.01, seed: int = 0
) -> Tensor:
    """Logits (M, H, W) for the maps ``new`` (M, C, h, w) by one weight a channel, trained with a loss of that name.

    Trained on ``known`` (N, C, h, w) and ``masks``, 0 or 1 (N, H, W): channels scaled to variance 1, a 1 x 1
    convolution, bilinear enlargement, Adam on batches of 32. Start and batches depend on ``seed`` alone, so two losses
    differ in nothing else. Raises ``UnknownNameError``.
    """
    function, size = get_loss(loss), masks.shape[1:]
    mean, scale = known.mean((0, 2, 3), keepdim=True), known.std((0, 2, 3), keepdim=True).clamp(min=1e-6)
    random = torch.Generator().manual_seed(seed)
    head = nn.Conv2d(known.shape[1], 1, kernel_size=1)
    with torch.no_grad():
        head.weight.normal_(std=0.01, generator=random)
        head.bias.zero_()  # type: ignore[union-attr]
    optimizer = torch.optim.Adam(head.parameters(), lr=rate)

    def draw(maps: Tensor) -> Tensor:
        logits: Tensor = interpolate(head((maps - mean) / scale), size, mode="bilinear")
        return logits  # (N, 1, H, W)

    for _ in range(steps):
        batch = torch.randint(len(known), (BATCH,), generator=random)
        optimizer.zero_grad()
        function(draw(known[batch]), masks[batch, None].float()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.no_grad():
        return draw(new)[:, 0]
