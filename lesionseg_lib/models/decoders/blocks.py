"""What several decoders are built from."""

from torch import Tensor, nn
from torch.nn import functional as F


class ConvBlock(nn.Sequential):
    """3 x 3 convolution, batch norm, ReLU; keeps height and width. No bias: batch norm has one."""

    def __init__(self, in_channels: int, out_channels: int, dilation: int = 1) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
        )


def point(in_channels: int, out_channels: int) -> nn.Sequential:
    """1 x 1 convolution, batch norm, ReLU."""
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU())


def double(x: Tensor) -> Tensor:
    """(N, C, h, w) -> (N, C, 2h, 2w), bilinear; nothing to learn."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
