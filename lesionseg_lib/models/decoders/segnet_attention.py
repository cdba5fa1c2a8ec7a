"""Family A: SegNet-style decoder with an additive attention gate on every skip."""

from collections.abc import Sequence

from lesionseg_lib.models.decoders.segnet import SegNetDecoder


class SegNetAttentionDecoder(SegNetDecoder):
    """``SegNetDecoder`` whose four skips pass an ``AttentionGate`` each. 980,589 parameters on MobileNetV2's pyramid.

    For a 128 x 128 input the gates look from one level at the next finer one::

        gate  320 x  4 x  4  ->  skip 96 x  8 x  8      gate 32 x 16 x 16  ->  skip 24 x 32 x 32
        gate   96 x  8 x  8  ->  skip 32 x 16 x 16      gate 24 x 32 x 32  ->  skip 16 x 64 x 64

    ``attend`` returns the coefficients for plotting: maps of 64, 32, 16 and 8 pixels a side.
    """

    def __init__(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__(channels, strides, attention=True)
