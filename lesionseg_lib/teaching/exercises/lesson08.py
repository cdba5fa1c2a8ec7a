"""Exercises of lesson 08: shapes of what is joined, a decoder that adds, and errors without the finest skip."""

import copy
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.evaluation.boundaries import errors_by_distance
from lesionseg_lib.models.cost import parameters_of
from lesionseg_lib.models.decoders import UNetDecoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.teaching.exercises.answers import Slip, Wrong, agree, ask, demand, is_blank, numbers

SIZE = (160, 96)


def another_format(joined: Any, network: Segmenter) -> None:
    """five maps, each twice as high and wide as the one before; only their channels depend on the skips.

    ``joined``: (channels, height, width) of the map that goes into each step's convolutions, for a photo of 160 x 96.
    """
    seen: list[tuple[int, ...]] = []
    decoder: Any = network.decoder
    hooks = [c[0].register_forward_hook(lambda _, got, __: seen.append(tuple(got[0].shape[1:]))) for c in decoder.convs]
    with torch.no_grad():
        network(torch.zeros(2, 3, *SIZE, device=network.device))
    for hook in hooks:
        hook.remove()
    demand(isinstance(joined, list | tuple), "expected a list of five (channels, height, width).")
    demand(len(joined) == len(seen), f"there are {len(seen)} joined maps; found {len(joined)}.")
    ups = [up.out_channels for up in decoder.up]
    for step, (mine, real, up) in enumerate(zip(joined, seen, ups, strict=True), start=1):
        demand(not is_blank(mine), f"step {step} is still missing.")
        mine = tuple(mine)
        demand(len(mine) == 3, f"step {step}: expected (channels, height, width), found {mine}.")
        if mine == real:
            continue
        demand(mine != (real[0], real[2], real[1]), f"step {step}: height comes before width; the photo is 160 high.")
        demand(mine[1:] == real[1:], f"step {step} works at stride {SIZE[0] // real[1]}: divide 160 and 96 by that.")
        demand(mine[0] != up, f"step {step}: {up} channels come up from below; those of the skip join them.")
        demand(
            mine[0] != real[0] - up, f"step {step}: these are the skip's channels alone; those from below join them."
        )
        raise Wrong(
            f"step {step}: {mine[0]} channels? Add what comes up and what the skip brings. A size changes none."
        )


def add(decoder: Any, encoder: MobileNetV2Encoder) -> None:
    """as many weights as the table foretold, a mask of the right size, and every skip has a say in it.

    ``decoder``: a class, built as decoder(channels, strides) and called with a pyramid and a size.
    """
    demand(isinstance(decoder, type), "pass the class itself, AddUNet, not one of its objects.")
    mine = ask(decoder, encoder.channels, encoder.strides).eval()
    plain = parameters_of(UNetDecoder(encoder.channels, encoder.strides, skips=False))
    *skips, _ = encoder.channels
    pairs = list(zip(reversed(skips), UNetDecoder.widths, strict=False))  # channels of a skip, and of where it is added
    wanted = plain + sum(c * width + width for c, width in pairs)
    counted, biases = parameters_of(mine), sum(width for _, width in pairs)
    demand(counted != plain, "as many weights as without skips: are the four convolutions in a ModuleList?")
    demand(
        counted != parameters_of(UNetDecoder(encoder.channels, encoder.strides)),
        "as many weights as the U-Net that concatenates. Start from skips=False.",
    )
    demand(counted != wanted - biases, f"{biases} weights are missing: the 1 x 1 convolutions have a bias.")
    demand(
        counted == wanted,
        f"{counted:,} parameters; without skips there are {plain:,}, and four 1 x 1 convolutions with bias bring "
        f"{wanted - plain:,}.",
    )
    size = (64, 64)
    pyramid = [torch.rand(2, c, 64 // s, 64 // s) for c, s in zip(encoder.channels, encoder.strides, strict=True)]
    with torch.no_grad():
        drawn = mine(list(pyramid), size)
        demand(
            isinstance(drawn, Tensor) and drawn.shape == (2, 1, *size),
            f"expected logits of the shape {(2, 1, *size)}, found {getattr(drawn, 'shape', type(drawn).__name__)}.",
        )
        for level, stride in enumerate(encoder.strides[:-1]):
            other = [3 * x + 1 if i == level else x for i, x in enumerate(pyramid)]
            demand(
                not torch.equal(mine(other, size), drawn),
                f"the skip at stride {stride} changes nothing in the mask. Is it added before the convolutions?",
            )


def the_finest_skip(rates: Any, model: Segmenter, data: CachedDataset, edges: Sequence[float]) -> None:
    """as many pixels of every band are wrong as you say, with all skips, without the finest, and without any.

    ``rates``: "all skips", "without stride 2" and "without strides 2 to 16", each with the % of pixels that are wrong
    in the bands between ``edges``, nearest first.
    """
    rows: dict[str, tuple[int, ...]] = {
        "all skips": (),
        "without stride 2": (0,),
        "without strides 2 to 16": (0, 1, 2, 3),
    }
    demand(isinstance(rates, Mapping), f"expected a row for each of {', '.join(rows)}.")
    masks, model = np.array(data.masks) == 1, copy.deepcopy(model).eval()
    with torch.no_grad():
        pyramid = model.encoder(model.normalise(np.array(data.images)))
    bands = [f"band {n}" for n in range(1, len(edges))]

    def share(levels: Sequence[int], instead: str = "mean", of: str = "band", scale: float = 100) -> dict[Any, float]:
        """Wrong pixels of each band, by default in % of the band's pixels, without these levels."""
        robbed = list(pyramid)
        for i in levels:
            mean = robbed[i].mean((2, 3) if instead == "own mean" else (0, 2, 3), keepdim=True)
            robbed[i] = (0 * mean if instead == "nothing" else mean).expand_as(robbed[i])
        with torch.no_grad():
            wrong, pixels = errors_by_distance(model(robbed)[:, 0].cpu().numpy() > 0, masks, edges)
        every = pixels.sum(0) if of == "band" else wrong.sum()
        return dict(zip(bands, scale * wrong.sum(0) / np.maximum(every, 1), strict=True))

    for name, levels in rows.items():
        demand(name in rates, f"there is no row {name!r}; found {', '.join(map(str, rates))}.")
        row = rates[name]
        found = numbers(list(row.values()) if isinstance(row, Mapping) else row, bands, name)
        slips: list[Slip] = [
            ("these are shares from 0 to 1; percent, please.", partial(share, levels, scale=1)),
            (
                "this is where the errors are; wanted is how many pixels of each band are wrong.",
                partial(share, levels, of="all errors"),
            ),
            (
                "these levels became 0. Replace them by their average, which the layers behind expect.",
                partial(share, levels, "nothing"),
            ),
            (
                "each photo kept an average of its own. Average over the photos too, so that nothing of them is left.",
                partial(share, levels, "own mean"),
            ),
            ("this is the network with all skips: was anything taken away?", partial(share, ())),
            ("this is the network without the coarsest skip. Level 0 is the finest.", partial(share, (3,))),
        ]
        agree(found, share(levels), slips, within=0.05, of=name)
