"""Family B: four transposed convolutions on the deepest feature map, no skips."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F


class TransposedDecoder(nn.Module):
    """Four learned doublings, then bilinear interpolation to the input's size.

    For a 128 x 128 input::

        pyramid[-1]   1280 x  4 x  4
        up 1           128 x  8 x  8    ReLU
        up 2            64 x 16 x 16    ReLU
        up 3            32 x 32 x 32    ReLU, dropout p = .5
        up 4             1 x 64 x 64
        interpolate      1 x 128 x 128

    The write-up names the four layers, p = .5 and the interpolation; widths, kernel and the place of the dropout are
    ours. Kernel 4 with stride 2 covers every output pixel equally often, which kernel 3 does not: no checkerboard
    (Odena et al., *Deconvolution and Checkerboard Artifacts*, Distill 2016).
    """

    def __init__(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        del strides  # whatever size four doublings reach, the last interpolation leads to the input's
        self.up = nn.Sequential(
            nn.ConvTranspose2d(channels[-1], 128, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1),
        )

    def forward(self, pyramid: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Logits ``(N, 1, *size)`` of a pyramid of maps, finest first."""
        logits = self.up(pyramid[-1])  # (N, 1, H/2, W/2)
        return F.interpolate(logits, size=size, mode="bilinear", align_corners=False)
