"""Decoders written by others, for comparison: U-Net, FPN and DeepLabV3+ of segmentation_models.pytorch.

On our encoder the segmenter computes what their whole network computes with the same weights (tests say so), so a peer
goes through the same loop, data and scoring.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor, nn

from lesionseg_lib.errors import MissingPackageError


class _SmpDecoder(nn.Module):
    """Decoder and head of one of their networks, with its default widths.

    Raises ``MissingPackageError`` where segmentation_models_pytorch is not installed, or has another MobileNetV2.
    """

    theirs: ClassVar[str]
    """Name of their class."""
    name: ClassVar[str]
    """Ours, for messages."""

    def __init__(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        try:
            import segmentation_models_pytorch as smp
        except ImportError as error:
            raise MissingPackageError(
                f"The decoder {self.name} belongs to segmentation_models_pytorch, which is not installed. It is a peer "
                f"that the course compares itself with, and only that needs it: pip install segmentation-models-pytorch"
            ) from error
        whole: Any = getattr(smp, self.theirs)("mobilenet_v2", encoder_weights=None)
        if list(whole.encoder.out_channels[1:]) != list(channels):
            raise MissingPackageError(
                f"segmentation_models_pytorch {smp.__version__}: its MobileNetV2 has levels of "
                f"{whole.encoder.out_channels[1:]} channels, ours of {list(channels)}. Install version 0.5 or 0.6."
            )
        del strides
        self.decoder = whole.decoder
        self.head = whole.segmentation_head

    def forward(self, pyramid: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Logits ``(N, 1, *size)`` of a pyramid of maps, finest first."""
        image = pyramid[0].new_empty(len(pyramid[0]), 0, *size)  # of their first level, the photo, only the size counts
        return self.head(self.decoder([image, *pyramid]))  # type: ignore[no-any-return]


class SmpUnetDecoder(_SmpDecoder):
    """``Unet("mobilenet_v2")`` with its default widths, 256 to 16.

    For a 128 x 128 input::

        pyramid[4] 1280 x 4 x 4
          -> nearest x 2 ++ pyramid[3] 96 -> 2 x conv 256 x   8 x   8
          -> nearest x 2 ++ pyramid[2] 32 -> 2 x conv 128 x  16 x  16
          -> nearest x 2 ++ pyramid[1] 24 -> 2 x conv  64 x  32 x  32
          -> nearest x 2 ++ pyramid[0] 16 -> 2 x conv  32 x  64 x  64
          -> nearest x 2                  -> 2 x conv  16 x 128 x 128
          -> head 3 x 3                   ->            1 x 128 x 128
    """

    theirs, name = "Unet", "smp-unet"


class SmpFpnDecoder(_SmpDecoder):
    """``FPN("mobilenet_v2")``: levels 1 to 4 in 256 channels, added from coarse to fine, then each in 128 at stride 4.

    Source: Lin et al., CVPR 2017, with the head of Kirillov et al., *Panoptic Feature Pyramid Networks*, CVPR 2019. For
    a 128 x 128 input: four maps 128 x 32 x 32, added -> dropout -> head 1 x 32 x 32 -> bilinear x 4.
    """

    theirs, name = "FPN", "smp-fpn"


class SmpDeepLabV3PlusDecoder(_SmpDecoder):
    """``DeepLabV3Plus("mobilenet_v2")``: an atrous pyramid on level 4, joined by level 1.

    For a 128 x 128 input::

        pyramid[4] 1280 x 8 x 8 -> rates 1, 12, 24, 36 and the mean -> 256 x 8 x 8 -> bilinear x 4
          ++ pyramid[1] 24 -> 1 x 1 -> 48 x 32 x 32 -> separable 256 x 32 x 32 -> head 1 x 32 x 32 -> bilinear x 4

    It wants the encoder's last stage dilated by 2 in place of strided, so that level 4 is at stride 16.

    Source: Chen et al., *Encoder-Decoder with Atrous Separable Convolution*, ECCV 2018.
    """

    theirs, name = "DeepLabV3Plus", "smp-deeplabv3plus"
    dilates_last_stage = True
