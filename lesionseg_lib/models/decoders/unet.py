"""Family A: a U-Net decoder with a skip at every stride of the encoder."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from lesionseg_lib.models.decoders.blocks import ConvBlock


class UNetDecoder(nn.Module):
    """Up-convolution, concatenate the skip, two convolutions; five times, the last without a skip.

    After Ronneberger et al., *U-Net*, MICCAI 2015: the 2 x 2 up-convolution brings the channels down before the skip
    joins, and every step halves the channels. 1,231,201 parameters on MobileNetV2's pyramid. For a 128 x 128 input::

        pyramid[4] 1280 x 4 x 4
          -> up 128 x   8 x   8  ++ pyramid[3] 96 x  8 x  8 -> 2 x conv 128 x   8 x   8
          -> up  64 x  16 x  16  ++ pyramid[2] 32 x 16 x 16 -> 2 x conv  64 x  16 x  16
          -> up  32 x  32 x  32  ++ pyramid[1] 24 x 32 x 32 -> 2 x conv  32 x  32 x  32
          -> up  16 x  64 x  64  ++ pyramid[0] 16 x 64 x 64 -> 2 x conv  16 x  64 x  64
          -> up   8 x 128 x 128                             -> 2 x conv   8 x 128 x 128
          -> head 1 x 128 x 128

    The write-up names the idea and no width; these make all five steps cost about the same. Convolutions are padded, so
    nothing is cropped, and batch norm follows each: both came after the paper. ``skips=False`` leaves the skips out and
    everything else as it is, to measure what they are worth.
    """

    widths = (128, 64, 32, 16, 8)

    def __init__(self, channels: Sequence[int], strides: Sequence[int], skips: bool = True) -> None:
        super().__init__()
        del strides  # one doubling for each level of the pyramid
        self.skips = skips
        joined = [*reversed(channels[:-1]), 0] if skips else [0] * len(channels)
        steps = list(pairwise([channels[-1], *self.widths]))
        self.up = nn.ModuleList(nn.ConvTranspose2d(c_in, c_out, 2, stride=2) for c_in, c_out in steps)
        self.convs = nn.ModuleList(
            nn.Sequential(ConvBlock(c_out + c_skip, c_out), ConvBlock(c_out, c_out))
            for (_, c_out), c_skip in zip(steps, joined, strict=True)
        )
        self.head = nn.Conv2d(self.widths[-1], 1, 1)

    def forward(self, pyramid: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Logits ``(N, 1, *size)`` of a pyramid of maps, finest first."""
        del size  # five doublings undo stride 32 exactly
        *skips, x = pyramid
        for up, convs in zip(self.up, self.convs, strict=True):
            x = up(x)
            if self.skips and skips:
                x = torch.cat([x, skips.pop()], dim=1)
            x = convs(x)
        return self.head(x)  # type: ignore[no-any-return]


class UNetWithoutSkips(UNetDecoder):
    """The control of ``UNetDecoder``: the same layers, but nothing joins from the encoder's finer levels."""

    def __init__(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__(channels, strides, skips=False)
