"""Family A: SegNet-style decoder with attention gates and atrous convolutions at several rates."""

from collections.abc import Sequence

from lesionseg_lib.models.decoders.segnet import SegNetDecoder


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
