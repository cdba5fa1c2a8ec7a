"""A decoder that adds its skips, built wrongly."""

from typing import Any

import torch
from torch import Tensor, nn

from lesionseg_lib.models.decoders import UNetDecoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.teaching.diagnosis.causes import Cause, cause
from lesionseg_lib.teaching.diagnosis.reading import ask, demand, refuse

SKIPLESS = cause("convolutions-not-registered")

CONCATENATES = cause("still-concatenates")

NO_BIAS = cause("bias-missing")

LARGE_KERNEL = cause("kernel-three")

WITH_NORM = cause("norm-added")

THREE_ONLY = cause("one-convolution-missing")

FIVE = cause("one-convolution-too-many")

SKIPS_BACKWARDS = cause("widths-backwards")

WRONG_WIDTH = cause("width-of-convolution")

TWICE = cause("convolutions-twice")

DEPTHWISE = cause("one-weight-a-channel")

NOT_ADDED = cause("skip-not-added")

IN_PLACE = cause("pyramid-changed")


def by_kernels(mine: nn.Module) -> Cause | None:
    """By looking at the layers themselves."""
    plain = {name for name, _ in UNetDecoder((16, 24, 32, 96, 1280), (2, 4, 8, 16, 32), skips=False).named_modules()}
    new = [module for name, module in mine.named_modules() if name not in plain]
    if any(isinstance(module, nn.BatchNorm2d | nn.GroupNorm) for module in new):
        return WITH_NORM
    convs = [module for module in new if isinstance(module, nn.Conv2d)]
    if any(conv.kernel_size != (1, 1) for conv in convs):
        return LARGE_KERNEL
    if any(conv.bias is None for conv in convs):
        return NO_BIAS
    return THREE_ONLY if 0 < len(convs) < 4 else FIVE if len(convs) > 4 else WRONG_WIDTH if convs else None


def check_drawn(mine: Any, encoder: MobileNetV2Encoder) -> None:
    size = (64, 96)
    generator = torch.Generator().manual_seed(0)
    pyramid = [torch.rand(2, c, size[0] // s, size[1] // s, generator=generator)
               for c, s in zip(encoder.channels, encoder.strides, strict=True)]  # fmt: skip
    with torch.no_grad():
        given = list(pyramid)
        kept = [level.clone() for level in pyramid]
        drawn = ask(mine, given, size)
        if len(given) != len(pyramid) or any(not torch.equal(a, b) for a, b in zip(pyramid, kept, strict=True)):
            refuse("after the call the pyramid is not what it was.", IN_PLACE)
        demand(
            isinstance(drawn, Tensor) and drawn.shape == (2, 1, *size),
            f"expected logits of the shape {(2, 1, *size)}, found {getattr(drawn, 'shape', type(drawn).__name__)}.",
        )
        dead = []
        for level, stride in enumerate(encoder.strides[:-1]):
            other = [3 * x + 1 if i == level else x for i, x in enumerate(pyramid)]
            if torch.equal(mine(other, size), drawn):
                dead.append(stride)
    if dead:
        refuse(f"the skip at stride {', '.join(map(str, dead))} changes nothing in the mask.", NOT_ADDED)
