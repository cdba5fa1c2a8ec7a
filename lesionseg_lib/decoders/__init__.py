"""Decoders: pyramid of an encoder -> logits at the input's size. One file a family."""

from collections.abc import Callable, Sequence

from torch import nn

from lesionseg_lib.decoders.conv5 import Conv5Decoder
from lesionseg_lib.decoders.dilated import DilatedDecoder
from lesionseg_lib.decoders.transposed import TransposedDecoder
from lesionseg_lib.names import look_up

DECODERS: dict[str, Callable[[Sequence[int], Sequence[int]], nn.Module]] = {
    "transposed": TransposedDecoder,
    "dilated": DilatedDecoder,
    "conv5": Conv5Decoder,
}


def build_decoder(name: str, channels: Sequence[int], strides: Sequence[int]) -> nn.Module:
    """A fresh decoder for an encoder with these channels and strides (finest level first).

    The module maps ``(pyramid, size)`` to logits (N, 1, *size). Raises ``UnknownNameError``.
    """
    return look_up(DECODERS, name, "decoder")(channels, strides)


__all__ = ["DECODERS", "Conv5Decoder", "DilatedDecoder", "TransposedDecoder", "build_decoder"]
