"""Family E: five convolutions, then five transposed convolutions, exactly as its write-up lists them."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn


class Conv5Decoder(nn.Module):
    """Ten layers on the deepest feature map, no skips.

    For a 128 x 128 input::

        pyramid[-1]                             1280 x 4 x 4
        5 x Conv2d(3, padding 1)                64, 128, 256, 512, 512   x 4 x 4
        5 x ConvTranspose2d(3, stride 2, ...)   512 x 8 x 8, 256 x 16 x 16, 128 x 32 x 32, 64 x 64 x 64, 1 x 128 x 128

    ReLU between all layers, Xavier initialisation of every convolution (Glorot & Bengio, AISTATS 2010), biases zero.
    The write-up calls the first five "downsampling"; with stride 1 they only change the channels.

    It ends in a sigmoid there. Here, as in every decoder, the output are logits, and the sigmoid is the first step of
    the loss ``bce-probabilities`` and of every prediction: the same function, written once.
    """

    def __init__(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        del strides  # five doublings undo stride 32
        layers: list[nn.Module] = []
        for c_in, c_out in pairwise([channels[-1], 64, 128, 256, 512, 512]):
            layers += [nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU()]
        for c_in, c_out in pairwise([512, 512, 256, 128, 64, 1]):
            layers += [nn.ConvTranspose2d(c_in, c_out, 3, stride=2, padding=1, output_padding=1), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])  # no ReLU behind the logits
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.xavier_uniform_(layer.weight)
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)

    def forward(self, pyramid: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Logits ``(N, 1, *size)`` of a pyramid of maps, finest first."""
        del size
        return self.layers(pyramid[-1])  # type: ignore[no-any-return]
