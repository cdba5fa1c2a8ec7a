"""Family C: three steps of up-convolution, skip and dilated convolution. Recovered from its parameter counts."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class DilatedConvBlock(nn.Module):
    """3 x 3 convolution with holes, batch norm, ReLU; keeps the size.

    Dilation 2 sees 5 x 5 pixels with the nine weights of a 3 x 3 (Yu & Koltun, *Multi-Scale Context Aggregation by
    Dilated Convolutions*, ICLR 2016).
    """

    def __init__(self, in_channels: int, out_channels: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation)
        self.bn = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(N, C_in, h, w) -> (N, C_out, h, w)."""
        return self.relu(self.bn(self.conv(x)))  # type: ignore[no-any-return]


class DilatedDecoder(nn.Module):
    """Up, concatenate the skip, convolve; three times. 4,771,585 parameters on MobileNetV2's pyramid.

    For a 128 x 128 input::

        pyramid[4]  1280 x  4 x  4 -> up1 512 x  8 x  8  ++ pyramid[3]  96 x  8 x  8 -> conv1 256 x  8 x  8
                                   -> up2 256 x 16 x 16  ++ pyramid[2]  32 x 16 x 16 -> conv2 128 x 16 x 16
                                   -> up3 128 x 32 x 32  ++ pyramid[1]  24 x 32 x 32 -> conv3  64 x 32 x 32
                                   -> final_conv 1 x 32 x 32 -> bilinear x 4 -> 1 x 128 x 128

    The names of the layers are the write-up's. It does not give the dilation rate, which no count depends on: 2 here.
    """

    def __init__(self, channels: Sequence[int], strides: Sequence[int], dilation: int = 2) -> None:
        super().__init__()
        _, skip3, skip2, skip1, deepest = channels
        self.up1 = nn.ConvTranspose2d(deepest, 512, 2, stride=2)
        self.conv1 = DilatedConvBlock(512 + skip1, 256, dilation)
        self.up2 = nn.ConvTranspose2d(256, 256, 2, stride=2)
        self.conv2 = DilatedConvBlock(256 + skip2, 128, dilation)
        self.up3 = nn.ConvTranspose2d(128, 128, 2, stride=2)
        self.conv3 = DilatedConvBlock(128 + skip3, 64, dilation)
        self.final_conv = nn.Conv2d(64, 1, 1)
        self.upsample_to_target = nn.Upsample(scale_factor=strides[1], mode="bilinear", align_corners=False)

    def forward(self, pyramid: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Logits ``(N, 1, *size)`` of a pyramid of maps, finest first."""
        del size  # three doublings and x 4 undo stride 32 exactly
        _, stride4, stride8, stride16, x = pyramid
        x = self.conv1(torch.cat([self.up1(x), stride16], dim=1))
        x = self.conv2(torch.cat([self.up2(x), stride8], dim=1))
        x = self.conv3(torch.cat([self.up3(x), stride4], dim=1))
        return self.upsample_to_target(self.final_conv(x))  # type: ignore[no-any-return]
