"""Answers to the exercises of lesson 08."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from torch import nn

from lesionseg_lib.evaluation import boundaries
from lesionseg_lib.models.decoders import UNetDecoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.segmenter import Segmenter
from tests.helpers.exercises.registry import case
from tests.helpers.stand_ins import EDGES, centred, lesson

JOINED = [(224, 10, 6), (96, 20, 12), (56, 40, 24), (32, 80, 48), (8, 160, 96)]


@cache
def unet() -> Segmenter:
    return centred("unet-finetuned", "head")


@case("08.1")
def _() -> Any:
    return (JOINED, unet()), [
        (([(c, w, h) for c, h, w in JOINED], unet()), "height comes before width"),
        (([(128, 10, 6), *JOINED[1:]], unet()), "those of the skip join"),
        (([(96, 10, 6), *JOINED[1:]], unet()), "those from below join"),
        (([(224, 5, 3), *JOINED[1:]], unet()), "stride 16"),
        (([(300, 10, 6), *JOINED[1:]], unet()), "is not right in channels"),
        ((JOINED[:4], unet()), "there are 5 joined maps"),
    ]


class Adds(UNetDecoder):
    bias = True

    def __init__(self, channels: Any, strides: Any) -> None:
        super().__init__(channels, strides, skips=False)
        self.prepare = nn.ModuleList(
            nn.Conv2d(c, w, 1, bias=self.bias) for c, w in zip(reversed(channels[:-1]), self.widths, strict=False)
        )

    def forward(self, pyramid: Any, size: Any) -> Any:
        *skips, x = pyramid
        for i, (up, convs) in enumerate(zip(self.up, self.convs, strict=True)):
            x = convs(up(x) + self.prepare[i](skips.pop()) if skips else up(x))
        return self.head(x)


class AddsWithoutBias(Adds):
    bias = False


class AddsNothing(Adds):
    def forward(self, pyramid: Any, size: Any) -> Any:
        return UNetDecoder.forward(self, pyramid, size)


class Hidden(Adds):
    def __init__(self, channels: Any, strides: Any) -> None:
        super().__init__(channels, strides)
        self.prepare = None  # type: ignore[assignment]


class Unfinished(UNetDecoder):
    def __init__(self, channels: Any, strides: Any) -> None:
        raise NotImplementedError


@case("08.2")
def _() -> Any:
    encoder = MobileNetV2Encoder(None)
    return (Adds, encoder), [
        ((AddsWithoutBias, encoder), "have a bias"),
        ((UNetDecoder, encoder), "that concatenates"),
        ((Hidden, encoder), "ModuleList"),
        ((AddsNothing, encoder), "changes nothing"),
        ((Adds(encoder.channels, encoder.strides), encoder), "pass the class itself"),
    ]


@case("08.3")
def _() -> Any:
    model, data = unet(), lesson().decoded.validation
    pyramid = model.encoder(model.normalise(data.images))

    def count(levels: Any, axes: Any = (0, 2, 3), factor: float = 1) -> Any:
        robbed = list(pyramid)
        for i in levels:
            robbed[i] = (factor * robbed[i].mean(axes, keepdim=True)).expand_as(robbed[i])
        return boundaries.errors_by_distance(model(robbed)[:, 0].numpy() > 0, data.masks == 1, EDGES)

    def rates(finest: Any = (0,), axes: Any = (0, 2, 3), factor: float = 1, scale: float = 100) -> Any:
        rows = {"all skips": (), "without stride 2": finest, "without strides 2 to 16": (0, 1, 2, 3)}
        counts = {name: count(levels, axes, factor) for name, levels in rows.items()}
        return {name: scale * wrong.sum(0) / np.maximum(of.sum(0), 1) for name, (wrong, of) in counts.items()}

    wrong, _ = count(())
    where = {name: 100 * wrong.sum(0) / wrong.sum() for name in rates()}
    rest = model, data, EDGES
    named = {name: dict(zip("abcdef", row, strict=True)) for name, row in rates().items()}
    return (named, *rest), [
        ((rates(scale=1), *rest), "percent"),
        ((rates(axes=(2, 3)), *rest), "an average of its own"),
        ((rates(factor=0), *rest), "became 0"),
        ((rates(finest=()), *rest), "was anything taken away"),
        ((rates(finest=(3,)), *rest), "Level 0 is the finest"),
        ((where, *rest), "where the errors are"),
        (({"all skips": named["all skips"]}, *rest), "no row 'without stride 2'"),
    ]
