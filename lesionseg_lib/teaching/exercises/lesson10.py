"""Exercises of lesson 10: rates without holes, the holes of family C, and weights that never learn."""

from collections.abc import Sequence
from itertools import combinations_with_replacement, product
from typing import Any

import numpy as np
import torch
from torch import nn

from lesionseg_lib.models.decoders.aspp import ASPP
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.teaching.diagnosis.causes import cause
from lesionseg_lib.teaching.diagnosis.reading import Wrong, demand, is_blank, numbers, opened, refuse
from lesionseg_lib.teaching.diagnosis.tables import Base, judge
from lesionseg_lib.teaching.exercises.registry import exercise
from lesionseg_lib.training.build import build_segmenter
from lesionseg_lib.training.recipes import get_recipe

_FALLS, _REALLY = "10: What falls through the holes?", "10: How far does a cell see, really?"
_LARGE = "10: How large may a rate be?"

WITHOUT_ONE = cause("no-rate-of-one")
TOO_WIDE = cause("step-too-wide")
NOT_WIDEST = cause("not-the-widest")
NO_HOLES_AT_ALL = cause("all-rates-one")


@exercise(
    "10.1",
    _FALLS,
    "After the first layer the field is a full square. How far apart may copies of it stand without a gap?",
    "In one direction three layers have 3 x 3 x 3 = 27 paths. What is the best that each pixel can hope for, if none "
    "is to be missed?",
)
def three_rates(rates: Any) -> None:
    """no hole, and no three rates see further: each pixel is read by exactly one path.

    ``rates``: those of three 3 x 3 layers.
    """
    rates = opened(rates)
    if isinstance(rates, dict):
        rates = list(rates.values())
    if hasattr(rates, "to_numpy"):
        rates = rates.to_numpy()
    if isinstance(rates, np.ndarray):
        rates = rates.reshape(-1).tolist()
    demand(
        isinstance(rates, list | tuple | set) and len(rates) == 3, "three layers, three rates: for example (1, 1, 1)."
    )
    rates = list(rates)
    missing = [number for number, rate in enumerate(rates, start=1) if is_blank(rate)]
    demand(not missing, f"rate number {', '.join(map(str, missing))} is still missing.")
    if all(isinstance(rate, tuple | list) and len(set(rate)) == 1 for rate in rates):
        rates = [rate[0] for rate in rates]
    try:
        whole = [int(float(rate)) for rate in rates]
        fine = all(float(rate) == int(float(rate)) and float(rate) > 0 for rate in rates)
    except (TypeError, ValueError, OverflowError):
        raise Wrong(f"a rate is a whole number, 1 or more; found {rates}.") from None
    demand(fine, f"a rate is a whole number, 1 or more; found {', '.join(map(str, rates))}.")
    demand(max(whole) < 10_000, "a rate that large looks past any photo.")
    side = 1 + 2 * sum(whole)
    read = _reached(whole)
    if read < side:
        lost = f"holes: {side**2 - read**2:,} of {side**2:,} pixels are never read."
        refuse(lost, WITHOUT_ONE if 1 not in whole else TOO_WIDE)
    widest = max(
        1 + 2 * sum(r) for r in combinations_with_replacement(range(1, 28), 3) if _reached(r) == 1 + 2 * sum(r)
    )
    if side != widest:
        observed = f"no hole in {side} x {side}, but there are three rates that see further without one."
        refuse(observed, NO_HOLES_AT_ALL if set(whole) == {1} else NOT_WIDEST)


def _reached(rates: Sequence[int]) -> int:
    """Pixels of one row that some path reads. Kernels are square, so in both directions the same rows are read."""
    return len(
        {sum(step * rate for step, rate in zip(way, rates, strict=True)) for way in product((-1, 0, 1), repeat=3)}
    )


SQUARES = cause("whole-squares")
OF_A_PIXEL = cause("of-one-pixel")
SIDES = cause("sides-of-squares")
MIXED_UP = cause("strides-mixed-up")
ONE_KERNEL = cause("one-kernel")
ROW = cause("cells-of-a-row")
HOLES = cause("cells-in-holes")
WITHOUT_ENLARGING = cause("enlargement-forgotten")
AS_ONE_RESOLUTION = cause("one-resolution")
ALL_CELLS = cause("all-cells")
IN_PIXELS = cause("cells-in-pixels")
ENTRIES = cause("entries-with-channels")
ONE_AT_RIM = cause("cell-at-the-rim")


@exercise(
    "10.2",
    _REALLY,
    "One layer of rate 2 reads nine cells of a 5 x 5 square. What does an enlargement behind it do with the gaps?",
    "Let the computer count: hold all levels but one, vary that one, and look which of its cells reach one cell of "
    "the last map, with the enlargement at the end taken away.",
)
def holes_of_family_c(cells: Any, encoder: MobileNetV2Encoder) -> None:
    """only the finest skip is read through a grid; the enlargements close the others' holes.

    ``cells``: how many cells of the skips at strides 16, 8 and 4 reach one cell of the decoder's last map.
    """
    strides = [16, 8, 4]
    found = numbers(cells, strides, "cells read")
    decoder: Any = build_segmenter(get_recipe("dilated-frozen"), None).decoder.eval()
    end, decoder.upsample_to_target = decoder.upsample_to_target, nn.Identity()
    for parameter in decoder.parameters():
        parameter.data.abs_()  # so that no two paths cancel, and no ReLU stops one
    pyramid = [torch.ones(1, c, 256 // s, 256 // s) for c, s in zip(encoder.channels, encoder.strides, strict=True)]

    def read(rim: bool = False) -> list[dict[Any, float]]:
        """Cells of each skip that are read, and of the square around them, its height and width."""
        levels = [level.clone().requires_grad_() for level in pyramid]
        last = decoder(levels, None)
        place = (0, 0) if rim else (last.shape[2] // 2, last.shape[3] // 2)
        last[0, 0, place[0], place[1]].backward()
        count, around, side, every = {}, {}, {}, {}
        for stride, level in zip(encoder.strides[1:4], levels[1:4], strict=True):
            assert level.grad is not None
            places = torch.nonzero(level.grad.abs().sum(1)[0])
            high, wide = (places.max(0).values - places.min(0).values + 1).tolist()
            count[stride], around[stride], side[stride] = float(len(places)), float(high * wide), float(high)
            every[stride] = float((level.grad != 0).sum())
        return [count, around, side, every]

    expected, squares, sides, entries = read()
    decoder.upsample_to_target = end
    bases: list[Base] = [
        (SQUARES, lambda: squares),
        (SIDES, lambda: sides),
        (SIDES, lambda: {s: cells**0.5 for s, cells in expected.items()}),
        (ONE_KERNEL, lambda: dict.fromkeys(strides, 9.0)),
        (ONE_KERNEL, lambda: {16: 9.0}),
        (ONE_KERNEL, lambda: {8: 9.0}),
        (ONE_KERNEL, lambda: dict.fromkeys(strides, 25.0)),
        *((OFF_BY_ONE, lambda d=d: {s: float((round(c**0.5) + d) ** 2) for s, c in expected.items()}) for d in (-1, 1)),
        (ROW, lambda: {s: float(round(cells**0.5)) for s, cells in expected.items()}),
        (HOLES, lambda: {s: squares[s] - expected[s] for s in strides}),
        (MIXED_UP, lambda: {16: expected[4], 8: expected[8], 4: expected[16]}),
        (WITHOUT_ENLARGING, lambda: {16: 49.0, 8: 25.0, 4: 9.0}),
        (AS_ONE_RESOLUTION, lambda: {16: 49.0}),
        (AS_ONE_RESOLUTION, lambda: {16: 27.0**2 / 27 * 13, 8: 81.0, 4: 25.0}),
        (WITHOUT_ENLARGING, lambda: {16: 169.0, 8: 81.0, 4: 25.0}),
        (WITHOUT_ENLARGING, lambda: {16: 9.0**3, 8: 81.0, 4: 9.0}),
        (ALL_CELLS, lambda: {s: float((256 // s) ** 2) for s in strides}),
        (ALL_CELLS, lambda: {s: float((128 // s) ** 2) for s in strides}),
        (IN_PIXELS, lambda: {s: cells * s**2 for s, cells in expected.items()}),
        (ENTRIES, lambda: entries),
        (OF_A_PIXEL, lambda: read()[0]),
        (OF_A_PIXEL, lambda: read()[1]),
        (ONE_AT_RIM, lambda: _at_rim(decoder, read)),
    ]
    judge(
        found,
        expected,
        bases,
        within=0.1,
        kind="count",
        hint="(Cells of the skip at this stride that reach one cell.)",
    )


def _at_rim(decoder: Any, read: Any) -> dict[Any, float]:
    end, decoder.upsample_to_target = decoder.upsample_to_target, nn.Identity()
    try:
        return dict(read(True)[0])
    finally:
        decoder.upsample_to_target = end


OFF_BY_ONE = cause("side-off-by-one")
LIVE = cause("weights-that-live")
CORNERS = cause("corner-cells-forgotten")
ONE_DIRECTION = cause("one-direction")
NUMBERS = cause("numbers-of-weights")
CENTRE_TOO = cause("centre-forgotten")
ONLY_CORNERS = cause("only-corners-dead")
OF_PIXELS = cause("of-the-photo")
MEAN_PADDING = cause("share-of-padding")


@exercise(
    "10.3",
    _LARGE,
    "Stand in a corner of the map. Which of the nine weights still read a cell of it?",
    "A weight off the middle looks one rate away. From how many cells of a row of `side` cells does that end on the "
    "map?",
)
def weights_that_never_learn(dead: Any, rates: Sequence[int], side: int) -> None:
    """they keep the random values they began with, until the network meets a larger photo.

    ``dead``: for each rate the share of a branch's 3 x 3 weights that get no gradient on a map of ``side`` x ``side``.
    """
    demand(not is_blank(dead), "three shares are missing.")
    found = numbers(dead, list(rates), "share of dead weights")
    pyramid: Any = ASPP(4, 4, rates)
    pyramid(torch.randn(4, 4, side, side)).square().sum().backward()
    expected = {
        rate: float((branch[0].weight.grad == 0).float().mean())
        for rate, branch in zip(pyramid.rates, pyramid.atrous, strict=True)
    }
    judge(
        found,
        expected,
        _dead(expected, rates, side),
        within=0.006,
        hint="(A rate; from which cells does each of the nine still read the map?)",
    )


def _dead(expected: dict[Any, float], rates: Sequence[int], side: int) -> list[Base]:
    def where(beyond: float, share: float, below: float = 0.0) -> Any:
        return lambda: {r: share if r >= beyond else below for r in rates}

    def padded(rate: int) -> float:
        inside = max(side - rate, 0) / side
        return 1 - (1 + 2 * inside) ** 2 / 9

    return [
        (LIVE, lambda: {r: 1 - x for r, x in expected.items()}),
        (CORNERS, where(side // 2, 8 / 9)),
        (CORNERS, where(side // 2, 4 / 9)),
        (CORNERS, where(side / 2 + 1, 4 / 9, 0.0)),
        (CORNERS, lambda: {r: 8 / 9 if r >= side else 4 / 9 for r in rates}),
        (CORNERS, lambda: dict.fromkeys(rates, 8 / 9)),
        (CORNERS, lambda: {r: 8 / 9 if r >= side else 5 / 9 for r in rates}),
        (CORNERS, lambda: {r: 8 / 9 if r >= side else 3 / 9 for r in rates}),
        (ONLY_CORNERS, where(side, 4 / 9)),
        (ONE_DIRECTION, where(side, 2 / 3)),
        (ONE_DIRECTION, where(side, 6 / 9)),
        (CENTRE_TOO, where(side, 1.0)),
        (CENTRE_TOO, lambda: dict.fromkeys(rates, 1.0)),
        (NUMBERS, lambda: {r: 9 * x for r, x in expected.items()}),
        (NUMBERS, lambda: {r: 16 * 9 * x for r, x in expected.items()}),
        (MEAN_PADDING, lambda: {r: padded(r) for r in rates}),
        (OF_PIXELS, lambda: dict.fromkeys(rates, 0.0)),
        (ONE_DIRECTION, where(side, 1 / 3)),
        (ONE_DIRECTION, where(side, 5 / 9)),
    ]
