"""Exercises of lesson 10: rates without holes, the holes of family C, and weights that never learn."""

from collections.abc import Sequence
from itertools import combinations_with_replacement, product
from typing import Any

import torch
from torch import nn

from lesionseg_lib.models.decoders.aspp import ASPP
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.teaching.exercises.answers import Wrong, agree, demand, is_blank, numbers
from lesionseg_lib.training.build import build_segmenter
from lesionseg_lib.training.recipes import get_recipe


def three_rates(rates: Any) -> None:
    """no hole, and no three rates see further: each pixel is read by exactly one path.

    ``rates``: those of three 3 x 3 layers.
    """
    demand(isinstance(rates, list | tuple) and len(rates) == 3, "three layers, three rates: for example (1, 1, 1).")
    demand(all(rate == int(rate) and rate > 0 for rate in rates), "a rate is a whole number, 1 or more.")
    side = 1 + 2 * sum(rates)
    read = _reached(rates)
    if read < side:
        if 1 not in rates:
            raise Wrong(f"holes: {side**2 - read**2:,} of {side**2:,} pixels are never read. Without a rate of 1 the "
                        "pixel next to the rim is lost.")  # fmt: skip
        raise Wrong(f"holes: {side**2 - read**2:,} of {side**2:,} pixels are never read. One of the steps is too wide.")
    widest = max(
        1 + 2 * sum(r) for r in combinations_with_replacement(range(1, 28), 3) if _reached(r) == 1 + 2 * sum(r)
    )
    demand(side == widest, f"no hole in {side} x {side}, but there are three rates that see further without one.")


def _reached(rates: Sequence[int]) -> int:
    """Pixels of one row that some path reads. Kernels are square, so in both directions the same rows are read."""
    return len(
        {sum(step * rate for step, rate in zip(way, rates, strict=True)) for way in product((-1, 0, 1), repeat=3)}
    )


def holes_of_family_c(cells: Any, encoder: MobileNetV2Encoder) -> None:
    """only the finest skip is read through a grid; the enlargements close the others' holes.

    ``cells``: how many cells of the skips at strides 16, 8 and 4 reach one cell of the decoder's last map.
    """
    found = numbers(cells, [16, 8, 4], "cells read")
    decoder: Any = build_segmenter(get_recipe("dilated-frozen"), None).decoder.eval()
    end, decoder.upsample_to_target = decoder.upsample_to_target, nn.Identity()
    for parameter in decoder.parameters():
        parameter.data.abs_()  # so that no two paths cancel, and no ReLU stops one
    pyramid = [torch.ones(1, c, 256 // s, 256 // s) for c, s in zip(encoder.channels, encoder.strides, strict=True)]

    def read() -> tuple[dict[Any, float], dict[Any, float]]:
        """Cells of each skip that are read, and of the square around them."""
        levels = [level.clone().requires_grad_() for level in pyramid]
        last = decoder(levels, None)
        last[0, 0, last.shape[2] // 2, last.shape[3] // 2].backward()
        count, around = {}, {}
        for stride, level in zip(encoder.strides[1:4], levels[1:4], strict=True):
            assert level.grad is not None
            places = torch.nonzero(level.grad.abs().sum(1)[0])
            high, wide = (places.max(0).values - places.min(0).values + 1).tolist()
            count[stride], around[stride] = float(len(places)), float(high * wide)
        return count, around

    expected, squares = read()
    decoder.upsample_to_target = end
    slips = [
        ("these are whole squares. A kernel with holes reads only some of their cells; count those.", lambda: squares),
        ("this is what one *pixel of the mask* reads: take the enlargement at the end away.", lambda: read()[0]),
        (
            "these are the sides of the squares; how many cells are read inside?",
            lambda: {stride: cells**0.5 for stride, cells in squares.items()},
        ),
        ("strides are mixed up: the finest skip is at stride 4.", lambda: {16: expected[4], 4: expected[16]}),
    ]
    agree(found, expected, slips, within=0.1, hint="(Cells of the skip at this stride that reach one cell.)")


def weights_that_never_learn(dead: Any, rates: Sequence[int], side: int) -> None:
    """they keep the random values they began with, until the network meets a larger photo.

    ``dead``: for each rate the share of a branch's 3 x 3 weights that get no gradient on a map of ``side`` x ``side``.
    """
    demand(not is_blank(dead), "three shares are missing.")
    found = numbers(dead, list(rates), "share of dead weights")
    demand(max(found.values()) <= 1, "a share runs from 0 to 1; yours look like percent or numbers of weights.")
    pyramid: Any = ASPP(4, 4, rates)
    pyramid(torch.randn(4, 4, side, side)).square().sum().backward()
    expected = {
        rate: float((branch[0].weight.grad == 0).float().mean())
        for rate, branch in zip(pyramid.rates, pyramid.atrous, strict=True)
    }
    slips = [
        ("these are the weights that live. Wanted are the others.", lambda: {r: 1 - x for r, x in expected.items()}),
        (
            "a weight learns if it reaches the map from a single cell; try the corners too.",
            lambda: {r: 8 / 9 if r > side // 2 else 0.0 for r in rates},
        ),
        (
            "count in both directions: at such a rate neither the corners nor the sides of the kernel reach the map.",
            lambda: {r: 4 / 9 if r >= side else 0.0 for r in rates},
        ),
    ]
    agree(
        found, expected, slips, within=0.02, hint="(A rate; from which cells does each of the nine still read the map?)"
    )
