"""Atrous spatial pyramid pooling: the same map looked at through several widths at once."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lesionseg_lib.models.decoders.blocks import ConvBlock, point


class ASPP(nn.Module):
    r"""Parallel 3 x 3 convolutions with holes, a 1 x 1 convolution and the mean of the whole map; then one projection.

    Chen et al., *Rethinking Atrous Convolution*, 2017 (DeepLabv3), section 3.3::

        x (N, C, h, w) -> 1 x 1             \\
                       -> 3 x 3, rates[0]    |
                       -> 3 x 3, rates[1]    |  each width x h x w, concatenated -> 1 x 1 -> (N, width, h, w)
                       -> 3 x 3, rates[2]    |
                       -> mean over h, w    /

    DeepLabv3's rates 6, 12 and 18 are for maps of 65 x 65. A rate as large as the map leaves only the centre weight on
    the image and the other eight on padding, so the rates have to follow the size of the map.
    """

    def __init__(self, in_channels: int, width: int, rates: Sequence[int]) -> None:
        super().__init__()
        self.rates = tuple(rates)
        self.point = point(in_channels, width)
        self.atrous = nn.ModuleList(ConvBlock(in_channels, width, dilation=rate) for rate in rates)
        # No batch norm behind the mean: with one value a channel, a batch of one image would have no variance.
        self.whole = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(in_channels, width, 1), nn.ReLU())
        self.project = point(width * (len(rates) + 2), width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C_in, h, w) -> (N, C_out, h, w)."""
        whole = self.whole(x).expand(-1, -1, *x.shape[-2:])
        branches = [self.point(x), *(branch(x) for branch in self.atrous), whole]
        return self.project(torch.cat(branches, dim=1))  # type: ignore[no-any-return]
