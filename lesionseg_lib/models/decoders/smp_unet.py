"""A decoder written by others, for comparison: the U-Net of segmentation_models.pytorch."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from lesionseg_lib.errors import MissingPackageError


class SmpUnetDecoder(nn.Module):
    """Decoder and head of ``segmentation_models_pytorch.Unet("mobilenet_v2")`` with its default widths, 256 to 16.

    On our encoder the segmenter computes what their whole ``Unet`` computes with the same weights (a test says so), so
    the peer goes through the same loop, data and scoring. For a 128 x 128 input::

        pyramid[4] 1280 x 4 x 4
          -> nearest x 2 ++ pyramid[3] 96 -> 2 x conv 256 x   8 x   8
          -> nearest x 2 ++ pyramid[2] 32 -> 2 x conv 128 x  16 x  16
          -> nearest x 2 ++ pyramid[1] 24 -> 2 x conv  64 x  32 x  32
          -> nearest x 2 ++ pyramid[0] 16 -> 2 x conv  32 x  64 x  64
          -> nearest x 2                  -> 2 x conv  16 x 128 x 128
          -> head 3 x 3                   ->            1 x 128 x 128

    Raises ``MissingPackageError`` where segmentation_models_pytorch is not installed.
    """

    def __init__(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        try:
            import segmentation_models_pytorch as smp
        except ImportError as error:
            raise MissingPackageError(
                "The decoder smp-unet belongs to segmentation_models_pytorch, which is not installed. It is the peer "
                "that the course compares itself with, and only that needs it: pip install segmentation-models-pytorch"
            ) from error
        whole: Any = smp.Unet("mobilenet_v2", encoder_weights=None)
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
