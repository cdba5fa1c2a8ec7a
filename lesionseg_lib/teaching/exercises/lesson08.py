"""Exercises of lesson 08: shapes of what is joined, a decoder that adds, and errors without the finest skip."""

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.evaluation.boundaries import errors_by_distance
from lesionseg_lib.models.cost import parameters_of
from lesionseg_lib.models.decoders import UNetDecoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.teaching.diagnosis.added_skips import (
    CONCATENATES,
    DEPTHWISE,
    FIVE,
    LARGE_KERNEL,
    NO_BIAS,
    SKIPLESS,
    SKIPS_BACKWARDS,
    THREE_ONLY,
    TWICE,
    WITH_NORM,
    WRONG_WIDTH,
    by_kernels,
    check_drawn,
)
from lesionseg_lib.teaching.diagnosis.causes import Cause, cause
from lesionseg_lib.teaching.diagnosis.engine import Finding, explain
from lesionseg_lib.teaching.diagnosis.reading import Wrong, ask, demand, is_blank, numbers, opened, refuse, rows
from lesionseg_lib.teaching.diagnosis.shapes import SIZE, other_shapes
from lesionseg_lib.teaching.diagnosis.tables import Base, judge
from lesionseg_lib.teaching.exercises.registry import exercise

_PAPER, _ADD = "08: Every shape, on paper", "08: Concatenate, or add?"

_BORDER = "08: Does a skip mend the border?"


def _shapes(network: Segmenter) -> tuple[list[tuple[int, ...]], list[int], list[int]]:
    """What goes into each step's convolutions for a photo of ``SIZE``; channels that come up, and behind the step."""
    seen: list[tuple[int, ...]] = []
    decoder: Any = network.decoder
    hooks = [c[0].register_forward_hook(lambda _, got, __: seen.append(tuple(got[0].shape[1:]))) for c in decoder.convs]
    try:
        with torch.no_grad():
            network(torch.zeros(2, 3, *SIZE, device=network.device))
    finally:
        for hook in hooks:
            hook.remove()
    ups = [up.out_channels for up in decoder.up]
    below = [up.in_channels for up in decoder.up]
    return seen, ups, below


@exercise(
    "08.1",
    _PAPER,
    "At which stride does each step work? The map is as large as the photo divided by it.",
    "The channels do not depend on the photo: they are those of the lesson's table, what comes up plus what the skip "
    "brings. The last step has nothing to join.",
)
def another_format(joined: Any, network: Segmenter) -> None:
    """five maps, each twice as high and wide as the one before; only their channels depend on the skips.

    ``joined``: (channels, height, width) of the map that goes into each step's convolutions, for a photo of 160 x 96.
    """
    seen, ups, below = _shapes(network)
    joined = opened(joined)
    if isinstance(joined, Mapping):
        joined = list(joined.values())
    if hasattr(joined, "to_numpy"):
        joined = joined.to_numpy()
    demand(isinstance(joined, list | tuple | np.ndarray), "expected a list of five (channels, height, width).")
    demand(len(joined) == len(seen), f"there are {len(seen)} joined maps; found {len(joined)}.")
    mine: list[tuple[Any, ...]] = []
    for step, row in enumerate(joined, start=1):
        demand(not is_blank(row), f"step {step} is still missing.")
        demand(
            hasattr(row, "__len__") and not isinstance(row, str),
            f"step {step}: expected (channels, height, width); height and width are missing, found {row!r}.",
        )
        values = tuple(row.values()) if isinstance(row, Mapping) else tuple(row)
        if len(values) == 4 and values[0] in (1, 2):
            values = values[1:]
        demand(len(values) == 3, f"step {step}: expected (channels, height, width), found {values}.")
        demand(
            all(value is not None and value is not ... for value in values),
            f"step {step}: a number is still missing in {values}.",
        )
        try:
            mine.append(tuple(int(v) if float(v) == int(float(v)) else float(v) for v in values))
        except (TypeError, ValueError):
            raise Wrong(f"step {step}: expected three numbers, found {values}.") from None
    found = {step: values for step, values in enumerate(mine)}
    right = dict(enumerate(seen))
    if found == right:
        return
    finding = explain(found, right, other_shapes(seen, ups, below), lambda a, b: tuple(a) == tuple(b), partial=True)
    step = next(step for step in found if found[step] != right[step])
    c, h, w = found[step]
    part = [
        what for what, a, b in zip(("channels", "height", "width"), found[step], right[step], strict=True) if a != b
    ]
    well = [str(s + 1) for s in found if found[s] == right[s]]
    refuse(
        f"step {step + 1}: ({c}, {h}, {w}) is not right in {' and '.join(part)}.",
        finding,
        f"{'Steps ' + ', '.join(well) + ' are right. ' if well else ''}It works at stride {SIZE[0] // seen[step][1]}; "
        f"{ups[step]} channels come up from below."
        if "channels" not in part
        else f"Add what comes up and what the skip brings. {'Right: steps ' + ', '.join(well) + '.' if well else ''}",
    )


@exercise(
    "08.2",
    _ADD,
    "What must a skip's channels become before it can be added? And where does PyTorch look for the weights of a "
    "module?",
    "One 1 x 1 convolution a skip, from its channels to those that come up; the first meets the deepest skip. Count "
    "its weights and biases by hand.",
)
def add(decoder: Any, encoder: MobileNetV2Encoder) -> None:
    """as many weights as the table foretold, a mask of the right size, and every skip has a say in it.

    ``decoder``: a class, built as decoder(channels, strides) and called with a pyramid and a size.
    """
    demand(isinstance(decoder, type), "pass the class itself, AddUNet, not one of its objects.")
    mine = ask(decoder, encoder.channels, encoder.strides).eval()
    plain = parameters_of(UNetDecoder(encoder.channels, encoder.strides, skips=False))
    *skips, deepest = encoder.channels
    widths = UNetDecoder.widths
    pairs = list(zip(reversed(skips), widths, strict=False))  # channels of a skip, and of where it is added
    wanted = plain + sum(c * width + width for c, width in pairs)
    counted, biases = parameters_of(mine), sum(width for _, width in pairs)
    backwards = list(zip(skips, widths, strict=False))
    concatenating = parameters_of(UNetDecoder(encoder.channels, encoder.strides))
    counts: list[tuple[Cause, int]] = [
        (SKIPLESS, plain),
        (CONCATENATES, concatenating),
        (NO_BIAS, wanted - biases),
        (CONCATENATES, concatenating + wanted - plain),
        (LARGE_KERNEL, plain + sum(9 * c * w + w for c, w in pairs)),
        (LARGE_KERNEL, plain + sum(9 * c * w for c, w in pairs)),
        (WITH_NORM, wanted + 2 * biases),
        (WITH_NORM, wanted + biases),
        (TWICE, 2 * wanted - plain),
        (DEPTHWISE, plain + 2 * sum(skips)),
        (DEPTHWISE, plain + sum(skips)),
        (SKIPS_BACKWARDS, plain + sum(c * w + w for c, w in backwards)),
        (WRONG_WIDTH, plain + sum(c * c + c for c in skips)),
        (FIVE, wanted + deepest * widths[-1] + widths[-1]),
        (FIVE, wanted + widths[-1] ** 2 + widths[-1]),
        (FIVE, wanted + deepest**2 + deepest),
        *((FIVE, wanted + deepest * w + w) for w in widths),
        *((THREE_ONLY, wanted - c * w - w) for c, w in pairs),
    ]
    if counted != wanted:
        likely = tuple(dict.fromkeys(cause for cause, count in counts if count == counted))
        refuse(
            f"{counted:,} parameters; without skips there are {plain:,}, and four 1 x 1 convolutions with bias bring "
            f"{wanted - plain:,}.",
            Finding(tuple((cause,) for cause in likely)) if likely else by_kernels(mine),
            f"Yours bring {counted - plain:,}. Print `sum(p.numel() for p in m.parameters())` for each part.",
        )
    check_drawn(mine, encoder)


OF_ERRORS = cause("where-errors-are")
OF_ALL_PIXELS = cause("of-all-pixels")
COUNTS = cause("error-counts")
CUMULATED = cause("bands-cumulated")
BECAME_ZERO = cause("levels-zeroed")
OWN_MEAN = cause("own-average")
ONE_NUMBER = cause("one-average-for-all-channels")
NOT_ROBBED = cause("not-robbed")
COARSEST = cause("coarsest-robbed")
OTHER_LEVELS = cause("other-levels-robbed")
MEAN_OF_PHOTOS = cause("mean-of-photos-rates")
RIGHT_PIXELS = cause("right-pixels")
HALF_LIMIT = cause("bands-cut-at-half")
DIFFERENCES = cause("gain-in-errors")
SHUFFLED = cause("noise-for-average")


@exercise(
    "08.3",
    _BORDER,
    "What is a level replaced by, so that nothing of the photo is left in it? And what is each count divided by?",
    "Add up the rows' wrong pixels over all photos, and the bands' pixels over all photos, then divide: percent of "
    "*that* band.",
)
def the_finest_skip(rates: Any, model: Segmenter, data: CachedDataset, edges: Sequence[float]) -> None:
    """as many pixels of every band are wrong as you say, with all skips, without the finest, and without any.

    ``rates``: "all skips", "without stride 2" and "without strides 2 to 16", each with the % of pixels that are wrong
    in the bands between ``edges``, nearest first.
    """
    names: dict[str, tuple[int, ...]] = {
        "all skips": (),
        "without stride 2": (0,),
        "without strides 2 to 16": (0, 1, 2, 3),
    }
    given = rows(rates, list(names), "percent of wrong pixels")
    masks, model = np.array(data.masks) == 1, copy.deepcopy(model).eval()
    with torch.no_grad():
        pyramid = model.encoder(model.normalise(np.array(data.images)))
    bands = [f"band {n}" for n in range(1, len(edges))]

    @cache
    def counted(levels: tuple[int, ...], instead: str = "mean", limit: float = 0.0) -> tuple[Any, Any]:
        robbed = list(pyramid)
        for i in levels:
            axes = {"own mean": (2, 3), "one number": (0, 1, 2, 3)}.get(instead, (0, 2, 3))
            mean = robbed[i].mean(axes, keepdim=True)
            robbed[i] = (
                robbed[i].flip(0)
                if instead == "other"
                else ((0 * mean if instead == "nothing" else mean).expand_as(robbed[i]))
            )
        with torch.no_grad():
            return errors_by_distance(model(robbed)[:, 0].cpu().numpy() > limit, masks, edges)

    def named(values: Any) -> dict[Any, float]:
        return dict(zip(bands, map(float, values), strict=True))

    def share(levels: tuple[int, ...], *how: Any) -> dict[Any, float]:
        wrong, pixels = counted(levels, *how)
        return named(100 * wrong.sum(0) / np.maximum(pixels.sum(0), 1))

    def over(levels: tuple[int, ...], what: Callable[[Any, Any], Any]) -> Callable[[], dict[Any, float]]:
        return lambda: named(what(*counted(levels)))

    for name, levels in names.items():
        demand(name in given, f"there is no row {name!r}; found {', '.join(map(str, given))}.")
        row = given[name]
        found = numbers(list(row.values()) if isinstance(row, Mapping) else row, bands, name)
        bases: list[Base] = [
            (OF_ERRORS, over(levels, lambda wrong, pixels: 100 * wrong.sum(0) / max(wrong.sum(), 1))),
            (OF_ERRORS, over(levels, lambda wrong, pixels: wrong.sum(0) / max(wrong.sum(), 1))),
            (OF_ALL_PIXELS, over(levels, lambda wrong, pixels: 100 * wrong.sum(0) / pixels.sum())),
            (OF_ALL_PIXELS, over(levels, lambda wrong, pixels: wrong.sum(0) / pixels.sum())),
            (COUNTS, over(levels, lambda wrong, pixels: wrong.sum(0))),
            (COUNTS, over(levels, lambda wrong, pixels: wrong.mean(0))),
            (COUNTS, over(levels, lambda wrong, pixels: pixels.sum(0))),
            (CUMULATED, over(levels, lambda wrong, pixels: 100 * np.cumsum(wrong.sum(0)) / np.cumsum(pixels.sum(0)))),
            (RIGHT_PIXELS, over(levels, lambda wrong, pixels: 100 - 100 * wrong.sum(0) / np.maximum(pixels.sum(0), 1))),
            (MEAN_OF_PHOTOS, over(levels, lambda wrong, pixels: 100 * (wrong / np.maximum(pixels, 1)).mean(0))),
            (
                MEAN_OF_PHOTOS,
                over(
                    levels,
                    lambda wrong, pixels: 100 * np.nanmean(np.where(pixels, wrong / np.maximum(pixels, 1), np.nan), 0),
                ),
            ),
            (HALF_LIMIT, lambda levels=levels: share(levels, "mean", 0.5)),  # type: ignore[misc]
        ]
        if levels:
            plain = share(())
            bases += [
                (BECAME_ZERO, lambda levels=levels: share(levels, "nothing")),  # type: ignore[misc]
                (OWN_MEAN, lambda levels=levels: share(levels, "own mean")),  # type: ignore[misc]
                (ONE_NUMBER, lambda levels=levels: share(levels, "one number")),  # type: ignore[misc]
                (SHUFFLED, lambda levels=levels: share(levels, "other")),  # type: ignore[misc]
                (NOT_ROBBED, lambda plain=plain: plain),  # type: ignore[misc]
                (COARSEST, lambda: share((3,))),
                *((OTHER_LEVELS, lambda o=other: share(o)) for other in _others(levels)),
                (DIFFERENCES, lambda plain=plain, levels=levels: {b: share(levels)[b] - plain[b] for b in bands}),  # type: ignore[misc]
            ]
        judge(found, share(levels), bases, within=0.05, percent=True, of=name)


def _others(levels: tuple[int, ...]) -> list[tuple[int, ...]]:
    tries = [(1,), (2,), (0, 1), (0, 1, 2), (1, 2, 3), (0, 1, 2, 3), (0,), (0, 1, 2, 3, 4), (4,)]
    return [other for other in tries if other != levels]
