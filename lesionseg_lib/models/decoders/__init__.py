"""Decoders: pyramid of an encoder -> logits at the input's size. One file a family."""

from collections.abc import Callable, Sequence

from torch import nn

from lesionseg_lib.models.decoders.attention import AttentionGate
from lesionseg_lib.models.decoders.conv5 import Conv5Decoder
from lesionseg_lib.models.decoders.dilated import DilatedDecoder
from lesionseg_lib.models.decoders.light import LightDecoder
from lesionseg_lib.models.decoders.refine import RefineDecoder
from lesionseg_lib.models.decoders.segnet import SegNetAttentionAtrousDecoder, SegNetAttentionDecoder, SegNetDecoder
from lesionseg_lib.models.decoders.smp import SmpDeepLabV3PlusDecoder, SmpFpnDecoder, SmpUnetDecoder
from lesionseg_lib.models.decoders.transposed import TransposedDecoder
from lesionseg_lib.models.decoders.unet import UNetDecoder, UNetWithoutSkips
from lesionseg_lib.utils.lookup import look_up

DECODERS: dict[str, Callable[[Sequence[int], Sequence[int]], nn.Module]] = {
    "unet": UNetDecoder,
    "segnet-attention": SegNetAttentionDecoder,
    "segnet-attention-atrous": SegNetAttentionAtrousDecoder,
    "transposed": TransposedDecoder,
    "dilated": DilatedDecoder,
    "refine": RefineDecoder,
    "conv5": Conv5Decoder,
    "light": LightDecoder,
    "unet-without-skips": UNetWithoutSkips,
    "segnet": SegNetDecoder,
    "smp-unet": SmpUnetDecoder,
    "smp-fpn": SmpFpnDecoder,
    "smp-deeplabv3plus": SmpDeepLabV3PlusDecoder,
}


def build_decoder(name: str, channels: Sequence[int], strides: Sequence[int]) -> nn.Module:
    """A fresh decoder for an encoder with these channels and strides (finest level first).

    The module maps ``(pyramid, size)`` to logits ``(N, 1, *size)``. Raises ``UnknownNameError``.
    """
    return look_up(DECODERS, name, "decoder")(channels, strides)


__all__ = [
    "DECODERS",
    "AttentionGate",
    "Conv5Decoder",
    "DilatedDecoder",
    "LightDecoder",
    "RefineDecoder",
    "SegNetAttentionAtrousDecoder",
    "SegNetAttentionDecoder",
    "SegNetDecoder",
    "SmpDeepLabV3PlusDecoder",
    "SmpFpnDecoder",
    "SmpUnetDecoder",
    "TransposedDecoder",
    "UNetDecoder",
    "UNetWithoutSkips",
    "build_decoder",
]
