"""The course's own decoder: as light as it goes with a skip at every stride."""

from collections.abc import Sequence

from torch import Tensor, nn

from lesionseg_lib.models.decoders.blocks import double


class LightDecoder(nn.Module):
    """Every level to 32 channels, added from coarse to fine, smoothed by depthwise separable convolutions.

    After Lin et al., *Feature Pyramid Networks*, CVPR 2017, with MobileNet's separable convolution (Howard et al.,
    2017) in place of the full one. 53,409 parameters on MobileNetV2's pyramid. For a 128 x 128 input::

        pyramid[4] 1280 x 4 x 4 -> 1 x 1 -> 32 x 4 x 4 -> separable
          -> double + 1 x 1 of pyramid[3] (96 x  8 x  8) -> separable 32 x  8 x  8
          -> double + 1 x 1 of pyramid[2] (32 x 16 x 16) -> separable 32 x 16 x 16
          -> double + 1 x 1 of pyramid[1] (24 x 32 x 32) -> separable 32 x 32 x 32
          -> double + 1 x 1 of pyramid[0] (16 x 64 x 64) -> separable 32 x 64 x 64
          -> head 1 x 64 x 64 -> bilinear x 2 -> 1 x 128 x 128
    """

    width = 32

    def __init__(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        del strides
        self.lateral = nn.ModuleList(nn.Conv2d(c, self.width, 1) for c in channels)
        self.smooth = nn.ModuleList(_separable(self.width) for _ in channels)
        self.head = nn.Conv2d(self.width, 1, 1)

    def forward(self, pyramid: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Logits ``(N, 1, *size)`` of a pyramid of maps, finest first."""
        del size
        levels = [lateral(level) for lateral, level in zip(self.lateral, pyramid, strict=True)]
        x = self.smooth[-1](levels[-1])
        for smooth, level in zip(reversed(self.smooth[:-1]), reversed(levels[:-1]), strict=True):
            x = smooth(double(x) + level)
        return double(self.head(x))


def _separable(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False),
        nn.Conv2d(width, width, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    )
