"""The additive attention gate."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class AttentionGate(nn.Module):
    """Weigh a skip by where the decoder, which has seen more of the image, says that it matters.

    After Oktay et al., *Attention U-Net: Learning Where to Look for the Pancreas*, MIDL 2018, equations 1 and 2, and
    the authors' published code (``GridAttentionBlock``), for images::

        skip  x (N, C_x, 2h, 2w)  -- 2 x 2 convolution, stride 2 --+
                                                                   (+) -> ReLU -> 1 x 1 -> sigmoid -> alpha (N, 1, h, w)
        gate  g (N, C_g,  h,  w)  -- 1 x 1 convolution ------------+

        out = x * alpha, enlarged to 2h x 2w

    One coefficient a place, between 0 and 1, shared by all channels of the skip, computed at the gate's size and
    enlarged linearly, as in the paper. Of the code, not of the paper, are the 2 x 2 kernel on the skip (in the paper
    all kernels are 1 x 1 and the skip is downsampled) and the 1 x 1 convolution with batch norm behind the product.
    """

    def __init__(self, skip_channels: int, gate_channels: int) -> None:
        super().__init__()
        inner = max(skip_channels // 2, 8)
        self.of_skip = nn.Conv2d(skip_channels, inner, 2, stride=2, bias=False)
        self.of_gate = nn.Conv2d(gate_channels, inner, 1)
        self.to_coefficient = nn.Conv2d(inner, 1, 1)
        self.out = nn.Sequential(nn.Conv2d(skip_channels, skip_channels, 1, bias=False), nn.BatchNorm2d(skip_channels))

    def forward(self, skip: Tensor, gate: Tensor) -> tuple[Tensor, Tensor]:
        """The weighed skip, of the skip's shape, and its coefficients (N, 1, 2h, 2w)."""
        alpha = torch.sigmoid(self.to_coefficient(F.relu(self.of_skip(skip) + self.of_gate(gate))))
        alpha = F.interpolate(alpha, size=skip.shape[-2:], mode="bilinear", align_corners=False)
        return self.out(skip * alpha), alpha
