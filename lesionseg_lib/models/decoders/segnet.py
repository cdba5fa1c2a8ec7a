"""SegNet-style decoder: the encoder's stages in reverse. The course's control for family A's attention gates."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lesionseg_lib.models.decoders.aspp import ASPP
from lesionseg_lib.models.decoders.attention import AttentionGate
from lesionseg_lib.models.decoders.blocks import ConvBlock, double, point


class SegNetDecoder(nn.Module):
    """A mirror of the encoder: its widths and its doublings in reverse order, two convolutions a step.

    After Badrinarayanan et al., *SegNet*, PAMI 2017. SegNet unpools to the places where the encoder's max pooling
    found its maxima. MobileNetV2 has no max pooling (it halves by strided convolution), so there are no such indices:
    here the map is doubled bilinearly, and what the indices carried, where things were before halving, comes with a
    skip, the encoder's own map of that size. 929,393 parameters on MobileNetV2's pyramid. For a 128 x 128 input::

        pyramid[4] 1280 x 4 x 4 -> 1 x 1 convolution 320 x 4 x 4   (mirrors the encoder's last layer, 320 -> 1280)
          -> double  8 x   8  ++ pyramid[3] 96 x  8 x  8 -> 2 x conv 96 x   8 x   8
          -> double 16 x  16  ++ pyramid[2] 32 x 16 x 16 -> 2 x conv 32 x  16 x  16
          -> double 32 x  32  ++ pyramid[1] 24 x 32 x 32 -> 2 x conv 24 x  32 x  32
          -> double 64 x  64  ++ pyramid[0] 16 x 64 x 64 -> 2 x conv 16 x  64 x  64
          -> double 128 x 128                            -> 2 x conv 16 x 128 x 128
          -> head 1 x 128 x 128

    ``attention`` puts an ``AttentionGate`` on each skip; ``rates`` an ``ASPP`` with these rates behind the first step,
    on the 8 x 8 map.
    """

    def __init__(
        self,
        channels: Sequence[int],
        strides: Sequence[int],
        attention: bool = False,
        rates: Sequence[int] = (),
    ) -> None:
        super().__init__()
        del strides  # one doubling for each level of the pyramid
        deepest = channels[-1] // 4
        self.bridge = point(channels[-1], deepest)
        skips = [*reversed(channels[:-1]), 0]
        widths = [*skips[:-1], channels[0]]
        inputs = [deepest, *widths[:-1]]
        self.convs = nn.ModuleList(
            nn.Sequential(ConvBlock(c_in + c_skip, c_out), ConvBlock(c_out, c_out))
            for c_in, c_skip, c_out in zip(inputs, skips, widths, strict=True)
        )
        self.gates = nn.ModuleList(
            AttentionGate(c_skip, c_gate) for c_skip, c_gate in zip(skips[:-1], inputs[:-1], strict=True) if attention
        )
        self.context = ASPP(widths[0], widths[0], rates) if rates else None
        self.head = nn.Conv2d(widths[-1], 1, 1)

    def forward(self, pyramid: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Logits ``(N, 1, *size)`` of a pyramid of maps, finest first."""
        return self.attend(pyramid, size)[0]

    def attend(self, pyramid: list[Tensor], size: tuple[int, int]) -> tuple[Tensor, list[Tensor]]:
        """Logits ``(N, 1, *size)``, and the coefficients (N, 1, h, w) of every gate, finest first ([] without)."""
        del size  # five doublings undo stride 32 exactly
        *skips, x = pyramid
        x = self.bridge(x)
        coefficients: list[Tensor] = []
        for step, convs in enumerate(self.convs):
            finer = [double(x)]
            if skips:
                skip = skips.pop()
                if self.gates:
                    skip, alpha = self.gates[step](skip, x)
                    coefficients.insert(0, alpha)
                finer.append(skip)
            x = convs(torch.cat(finer, dim=1))
            if step == 0 and self.context is not None:
                x = self.context(x)
        return self.head(x), coefficients


class SegNetAttentionDecoder(SegNetDecoder):
    """``SegNetDecoder`` whose four skips pass an ``AttentionGate`` each. 980,589 parameters on MobileNetV2's pyramid.

    For a 128 x 128 input the gates look from one level at the next finer one::

        gate  320 x  4 x  4  ->  skip 96 x  8 x  8      gate 32 x 16 x 16  ->  skip 24 x 32 x 32
        gate   96 x  8 x  8  ->  skip 32 x 16 x 16      gate 24 x 32 x 32  ->  skip 16 x 64 x 64

    ``attend`` returns the coefficients for plotting: maps of 64, 32, 16 and 8 pixels a side.
    """

    def __init__(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__(channels, strides, attention=True)


class SegNetAttentionAtrousDecoder(SegNetDecoder):
    """``SegNetAttentionDecoder`` with an ``ASPP`` of rates 1, 2 and 3 behind its first step.

    1,294,989 parameters on MobileNetV2's pyramid. For a 128 x 128 input::

        96 x 8 x 8 -> 1 x 1, 3 x 3 at rates 1, 2, 3, mean of the map -> 5 x 96 x 8 x 8 -> 1 x 1 -> 96 x 8 x 8

    The write-up gives no rates. At rate 3 the nine weights span 7 of the map's 8 places; the usual 6, 12 and 18 would
    lie on padding almost everywhere.
    """

    rates = (1, 2, 3)

    def __init__(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__(channels, strides, attention=True, rates=self.rates)
