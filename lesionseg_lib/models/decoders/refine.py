"""Family D: upsample blocks, each followed by a refinement block; no skips."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from lesionseg_lib.models.decoders.blocks import ConvBlock


class RefineDecoder(nn.Module):
    """Transposed convolution, then two convolutions with batch norm; five times, on the deepest feature map alone.

    3,189,849 parameters on MobileNetV2's pyramid. For a 128 x 128 input::

        pyramid[4]  1280 x   4 x   4
        step 1       128 x   8 x   8
        step 2        64 x  16 x  16     each step: upsample block  ConvTranspose2d(4, stride 2, padding 1), BN, ReLU
        step 3        32 x  32 x  32                refine block    2 x (Conv2d(3, padding 1), BN, ReLU)
        step 4        16 x  64 x  64
        step 5         8 x 128 x 128
        head           1 x 128 x 128

    The write-up names the two blocks; number, widths and kernel are ours. Half the channels at twice the size: every
    refinement costs the same.
    """

    widths = (128, 64, 32, 16, 8)

    def __init__(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        del strides  # five doublings undo stride 32
        self.steps = nn.Sequential(
            *(
                nn.Sequential(_upsample(c_in, c_out), ConvBlock(c_out, c_out), ConvBlock(c_out, c_out))
                for c_in, c_out in pairwise([channels[-1], *self.widths])
            )
        )
        self.head = nn.Conv2d(self.widths[-1], 1, 1)

    def forward(self, pyramid: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Logits ``(N, 1, *size)`` of a pyramid of maps, finest first."""
        del size
        return self.head(self.steps(pyramid[-1]))  # type: ignore[no-any-return]


def _upsample(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )
