"""What an encoder's maps say about masks, as far as the simplest readers can tell, and what their grids can carry."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.functional import interpolate

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.evaluation.metrics import confusion, reduce
from lesionseg_lib.models.mode import evaluation_mode
from lesionseg_lib.models.preprocessing import default_preprocessing, normalise
from lesionseg_lib.training.losses import get_loss, soft_dice

RIDGE = 100.0
PROBE_BATCH = 32


def linear_probe(encoder: Any, train: CachedDataset, validation: CachedDataset) -> float:
    """Mean Jaccard on ``validation`` of the best linear map from deepest features to masks, fitted on ``train``.

    Each cell of the deepest map, stride s, has C numbers and lies over s x s pixels. Ridge regression fits one matrix
    (C + 1, s * s) for all cells; more than .5 is lesion. No depth, no neighbours, no skips: what comes out is what the
    C numbers say, scored at the network's size. The encoder is used in evaluation mode, and does not change.

    Source: Alain & Bengio, *Understanding intermediate layers using linear classifier probes*, 2016.
    """
    features, pixels = _cells(encoder, train)
    penalty = RIDGE * torch.eye(features.shape[1])
    weights = torch.linalg.solve(features.T @ features + penalty, features.T @ pixels)  # (C + 1, s * s)
    features, pixels = _cells(encoder, validation)
    images = len(validation.ids)
    drawn, truth = ((x > 0.5).reshape(images, -1, 1).numpy() for x in (features @ weights, pixels))
    return reduce(confusion(drawn, truth), "jaccard")


@torch.no_grad()
def _cells(encoder: Any, data: CachedDataset) -> tuple[Tensor, Tensor]:
    """Features and a constant 1, (N * h * w, C + 1), and the pixels of the mask below, (N * h * w, s * s)."""
    stride, device = encoder.strides[-1], next(encoder.parameters()).device
    parts = []
    with evaluation_mode(encoder):
        for start in range(0, len(data.ids), PROBE_BATCH):
            images = torch.tensor(np.asarray(data.images[start : start + PROBE_BATCH]), device=device)
            parts.append(encoder(normalise(images, default_preprocessing()))[-1].cpu())
    deepest = torch.cat(parts).permute(0, 2, 3, 1).flatten(0, 2)  # (N * h * w, C)
    masks = torch.tensor(np.asarray(data.masks)).float()  # (N, H, W)
    n, h, w = len(masks), data.size[0] // stride, data.size[1] // stride
    pixels = masks.reshape(n, h, stride, w, stride).transpose(2, 3).reshape(n * h * w, stride * stride)
    return torch.cat([deepest, torch.ones(len(deepest), 1)], dim=1), pixels


def cover(masks: NDArray[np.uint8], stride: int) -> Tensor:
    """Share of each cell that is lesion: masks 0/1 (N, H, W) -> float32 (N, H / stride, W / stride)."""
    return F.avg_pool2d(torch.tensor(np.asarray(masks))[:, None].float(), stride)[:, 0]


def channel_auc(level: Tensor, inside: Tensor) -> NDArray[np.float64]:
    """Area under the ROC curve of each channel of a level (N, C, h, w), over all cells of all images: (C,).

    The chance that a random cell of ``inside``, bool (N, h, w), has a larger value than a random other cell; ties
    count half. .5 where one of the two kinds is missing.
    """
    ranks = rankdata(level.transpose(0, 1).flatten(1).numpy(), axis=1)  # (C, cells)
    chosen = inside.flatten().numpy()
    lesion, skin = int(chosen.sum()), int((~chosen).sum())
    if lesion == 0 or skin == 0:
        return np.full(len(ranks), 0.5)
    return np.asarray((ranks[:, chosen].sum(1) - lesion * (lesion + 1) / 2) / (lesion * skin))


def linear_readout(known: Tensor, target: Tensor, new: Tensor) -> Tensor:
    """Lesion cover of each cell from its channels alone: one weight a channel, by least squares.

    Fitted on ``known`` (N, C, h, w) with ``target`` (N, h, w), applied to ``new`` (M, C, h, w); returns (M, h, w), not
    limited to [0, 1]. Channels are scaled to variance 1 and their weights lightly penalised (ridge).
    """
    mean, scale = known.mean((0, 2, 3), keepdim=True), known.std((0, 2, 3), keepdim=True).clamp(min=1e-12)
    features = ((known - mean) / scale).transpose(0, 1).flatten(1)  # (C, cells)
    gram = features @ features.T + torch.eye(len(features))
    weights = torch.linalg.solve(gram, features @ (target.flatten() - target.mean()))
    read: Tensor = torch.tensordot(weights, (new - mean) / scale, dims=([0], [1]))
    return read + target.mean()


def best_cover(masks: NDArray[np.uint8], stride: int, steps: int = 80) -> Tensor:
    """What a grid can carry with one number a cell, chosen freely: masks 0/1 (N, H, W) -> probabilities (N, H, W).

    The logits of the cells, enlarged bilinearly, are fitted to the masks themselves by gradient descent on soft Dice.
    """
    truth = torch.tensor(np.asarray(masks))[:, None].float()
    size = (truth.shape[2], truth.shape[3])
    grid = torch.logit(cover(masks, stride)[:, None], eps=0.02).requires_grad_()  # (N, 1, h, w)
    optimizer = torch.optim.Adam([grid], lr=0.3)
    for _ in range(steps):
        optimizer.zero_grad()
        soft_dice(F.interpolate(grid, size=size, mode="bilinear"), truth).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return torch.sigmoid(F.interpolate(grid.detach(), size=size, mode="bilinear"))[:, 0]


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
        batch = torch.randint(len(known), (PROBE_BATCH,), generator=random)
        optimizer.zero_grad()
        function(draw(known[batch]), masks[batch, None].float()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.no_grad():
        return draw(new)[:, 0]
