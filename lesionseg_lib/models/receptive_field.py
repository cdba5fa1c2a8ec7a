"""How far a cell can see, by arithmetic, and how far it does see, by gradients."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

GRADIENT_BATCH = 16


@dataclass(frozen=True)
class Field:
    """What one cell of a map can see: a square of the input.

    Attributes:
        side: its width in input pixels.
        distance: input pixels from one cell of the map to the next; the stride, while nothing has enlarged the map.
    """

    side: float = 1
    distance: float = 1

    def through(self, module: nn.Module) -> "Field":
        """The field behind the convolutions of ``module``, one after the other in the order they were registered.

        A k x k kernel of rate a reaches (k - 1) * a * distance further; then a stride s multiplies the distance. A
        residual connection changes nothing, a pooling or an enlargement is not seen: see ``doubled``.
        """
        field = self
        for conv in module.modules():
            if isinstance(conv, nn.Conv2d):
                (kernel, _), (rate, _), (stride, _) = conv.kernel_size, conv.dilation, conv.stride
                field = Field(field.side + (kernel - 1) * rate * field.distance, field.distance * stride)
        return field

    def doubled(self) -> "Field":
        """The field behind a bilinear doubling: each new cell reads two old neighbours, cells get half as far apart."""
        return Field(self.side + self.distance, self.distance / 2)


def influence(function: Callable[[Tensor], Tensor], images: Tensor) -> NDArray[np.float64]:
    """What the middle cell of a map depends on: images (N, C, H, W) -> shares (H, W) that sum to 1.

    ``function`` maps images to a map (N, K, h, w). The K numbers of its cell (h // 2, w // 2) are added up, and the
    absolute gradient of that sum is taken with respect to every number of an image, added over its C channels. Each
    image's gradients are scaled to sum 1, then averaged; zero everywhere if no gradient reaches the images.

    Source: Luo et al., *Understanding the Effective Receptive Field in Deep Convolutional Neural Networks*, 2016.
    """
    total = torch.zeros(images.shape[-2:], dtype=torch.float64)
    for start in range(0, len(images), GRADIENT_BATCH):
        batch = images[start : start + GRADIENT_BATCH].detach().clone().requires_grad_()
        cells = function(batch)
        middle = cells[:, :, cells.shape[2] // 2, cells.shape[3] // 2].sum()
        (gradient,) = torch.autograd.grad(middle, batch)
        strength = gradient.abs().sum(1).cpu().double()  # (n, H, W)
        total += (strength / strength.sum((1, 2), keepdim=True).clamp(min=1e-300)).sum(0)
    return np.asarray((total / len(images)).numpy())


def side_of(shares: NDArray[np.float64], part: float) -> int:
    """Width of the smallest square around the middle pixel, (H // 2, W // 2), that holds ``part`` of all shares.

    As wide as the image, or one pixel wider, if no smaller one does: the square is odd and may stand over the rim.
    """
    height, width = shares.shape
    row, column = np.indices(shares.shape)
    distance = np.maximum(abs(row - height // 2), abs(column - width // 2))  # of the square whose rim a pixel is on
    held = np.cumsum(np.bincount(distance.ravel(), shares.ravel()))
    return 2 * int(np.searchsorted(held, part * held[-1])) + 1
