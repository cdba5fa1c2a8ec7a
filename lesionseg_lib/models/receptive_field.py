"""How far a cell can see, by arithmetic, and how far it does see, by gradients."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.utils.checks import Need, check_arrays, check_number

GRADIENT_BATCH = 16
Pair = tuple[float, float]

# Layers that look at more than one cell, or move cells, in ways that no kernel and stride describe.
OPAQUE = (
    nn.Upsample, nn.PixelShuffle, nn.PixelUnshuffle, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.FractionalMaxPool2d,
    nn.MaxUnpool2d, nn.Fold, nn.Unfold, nn.Linear, nn.MultiheadAttention, nn.Conv1d, nn.Conv3d, nn.ConvTranspose1d,
    nn.ConvTranspose3d, nn.GroupNorm, nn.InstanceNorm2d, nn.LayerNorm,
)  # fmt: skip
KERNELS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.LPPool2d)


@dataclass(frozen=True, init=False)
class Field:
    """What one cell of a map can see: a rectangle of the input, mostly a square.

    Attributes:
        sides: its height and width in input pixels.
        distances: input pixels from one cell of the map to the next, down and across; the stride, while nothing has
            enlarged the map.
    """

    sides: Pair
    distances: Pair

    def __init__(self, side: float | Pair = 1, distance: float | Pair = 1) -> None:
        """One number for a square, two (down, across) for what differs."""
        object.__setattr__(self, "sides", _pair(side))
        object.__setattr__(self, "distances", _pair(distance))

    @property
    def side(self) -> float:
        """Width of the square in input pixels. Raises ``ShapeError`` where it is none."""
        return _common("side", self.sides)

    @property
    def distance(self) -> float:
        """Input pixels from one cell to the next. Raises ``ShapeError`` where they differ down and across."""
        return _common("distance", self.distances)

    def through(self, module: nn.Module) -> "Field":
        """The field behind the convolutions of ``module``, one after the other in the order they were registered.

        A kernel of k cells at rate a reaches (k - 1) * a * distance further; then a stride s multiplies the distance.
        Pooling counts as a convolution. A transposed convolution of stride s divides the distance: of its k cells a
        new cell meets those whose place leaves the same rest by s, at most ceil(k / s) without a rate. A residual
        connection changes nothing, and what ``forward`` does besides its layers, as an enlargement, is not seen: see
        ``doubled``. Raises ``ShapeError`` for a layer that has no closed form, such as ``nn.Upsample``.
        """
        field = self
        for layer in module.modules():
            if isinstance(layer, OPAQUE):
                raise ShapeError(
                    f"{layer} has no kernel and stride that tell its field. Expected convolutions and pooling; walk "
                    f"the parts before and behind it one by one (`doubled` is a bilinear doubling), or measure with "
                    f"`influence`."
                )
            if isinstance(layer, KERNELS):
                field = field._widened(
                    *(_pair(getattr(layer, n, 1) or 1) for n in ("kernel_size", "dilation", "stride"))
                )
            elif isinstance(layer, nn.ConvTranspose2d):
                kernel, rate, stride = layer.kernel_size, layer.dilation, layer.stride
                reach = [_met(k, a, s) for k, a, s in zip(kernel, rate, stride, strict=True)]
                sides = [side + r * d for side, r, d in zip(field.sides, reach, field.distances, strict=True)]
                distances = [d / s for d, s in zip(field.distances, stride, strict=True)]
                field = Field((sides[0], sides[1]), (distances[0], distances[1]))
        return field

    def doubled(self) -> "Field":
        """The field behind a bilinear doubling: each new cell reads two old neighbours, cells get half as far apart."""
        (height, width), (down, across) = self.sides, self.distances
        return Field((height + down, width + across), (down / 2, across / 2))

    def _widened(self, kernel: Pair, rate: Pair, stride: Pair) -> "Field":
        (height, width), (down, across) = self.sides, self.distances
        reach = (kernel[0] - 1) * rate[0] * down, (kernel[1] - 1) * rate[1] * across
        return Field((height + reach[0], width + reach[1]), (down * stride[0], across * stride[1]))


def _pair(value: float | Pair) -> Pair:
    return (value[0], value[1]) if isinstance(value, tuple) else (value, value)


def _common(name: str, pair: Pair) -> float:
    if pair[0] != pair[1]:
        raise ShapeError(
            f"This field's {name} is {pair[0]:g} down and {pair[1]:g} across. Read `{name}s`, which has both."
        )
    return pair[0]


def _met(kernel: int, rate: int, stride: int) -> int:
    """How many cells lie between the first and the last that a cell behind a transposed convolution can meet.

    Weight j of the kernel spreads a cell to the place stride * cell + rate * j. Weights meet at one place whose
    rate * j leave the same rest by the stride: every (stride / gcd)th.
    """
    every = stride // math.gcd(rate, stride)
    return (kernel - 1) // every * every * rate // stride


def influence(
    function: Callable[[Tensor], Tensor], images: Tensor, batch_size: int = GRADIENT_BATCH
) -> NDArray[np.float64]:
    """What the middle cell of a map depends on: images (N, C, H, W) -> shares (H, W) that sum to 1.

    ``function`` maps images to a map (N, K, h, w). The K numbers of its cell (h // 2, w // 2) are added up, and the
    absolute gradient of that sum is taken with respect to every number of an image, added over its C channels. Each
    image's gradients are scaled to sum 1, then averaged; zero everywhere if no gradient reaches the images.

    Raises ``ShapeError``.

    Source: Luo et al., *Understanding the Effective Receptive Field in Deep Convolutional Neural Networks*, 2016.
    """
    check_arrays(images=Need(images, "N C H W", "float"))
    total = torch.zeros(images.shape[-2:], dtype=torch.float64)
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size].detach().clone().requires_grad_()
        cells = function(batch)
        check_arrays(map=Need(cells, "N K H W", "float"))
        middle = cells[:, :, cells.shape[2] // 2, cells.shape[3] // 2].sum()
        (gradient,) = torch.autograd.grad(middle, batch)
        strength = gradient.abs().sum(1).cpu().double()  # (n, H, W)
        total += (strength / strength.sum((1, 2), keepdim=True).clamp(min=1e-300)).sum(0)
    return np.asarray((total / len(images)).numpy())


def side_of(shares: NDArray[np.float64], part: float) -> int:
    """Width of the smallest square around the middle pixel, (H // 2, W // 2), that holds ``part`` of all shares.

    As wide as the image, or one pixel wider, if no smaller one does: the square is odd and may stand over the rim.
    Raises ``ShapeError``.
    """
    check_arrays(shares=Need(shares, "H W", "float"))
    check_number("part", part, 0, 1)
    height, width = shares.shape
    row, column = np.indices(shares.shape)
    distance = np.maximum(abs(row - height // 2), abs(column - width // 2))  # of the square whose rim a pixel is on
    held = np.cumsum(np.bincount(distance.ravel(), shares.ravel()))
    return 2 * int(np.searchsorted(held, part * held[-1])) + 1
