"""Exercises of lesson 09: what a gate costs, who decides in it, and how many photos a small gain would need."""

import copy
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from lesionseg_lib.evaluation.bootstrap import bootstrap_interval
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.models.cost import parameters_of
from lesionseg_lib.models.decoders.attention import AttentionGate
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.teaching.exercises.answers import Slip, agree, demand, number, numbers
from lesionseg_lib.teaching.lessons import Fit, Lesson
from lesionseg_lib.training.probing import channel_auc, cover

HALVES = ("of_skip", "of_gate")


def price_of_a_gate(mine: Any, gate: AttentionGate) -> None:
    """every term is there: both votes, the coefficient, and the layer behind with its batch norm.

    ``mine``: number of parameters of ``gate``.
    """
    found = number(mine, "the number of parameters")
    skip, signal, inner = gate.of_skip.in_channels, gate.of_gate.in_channels, gate.of_skip.out_channels
    right = parameters_of(gate)
    slips = {
        "batch norm has two numbers a channel.": right - 2 * skip,
        "batch norm has two numbers a channel, not one.": right - skip,
        "the running mean and variance of batch norm are no parameters: nobody trains them.": right + 2 * skip,
        "the convolution of the signal has a bias, one number for each of its outputs.": right - inner,
        "the last convolution has a bias, a single number.": right - 1,
        "both 1 x 1 convolutions inside have a bias.": right - inner - 1,
        "the convolution of the skip has no bias: one of two sums is enough.": right + inner,
        "the layer behind has no bias: batch norm would take it away again.": right + skip,
        "the kernel on the skip is 2 x 2, so four weights for each pair of channels.": right - 3 * skip * inner,
        "the kernel on the signal is 1 x 1.": right + 3 * signal * inner,
        "the layer behind mixes the skip's channels: that many squared, and its batch norm.": right
        - skip**2
        - 2 * skip,
        "skip and signal are exchanged.": 4 * signal * inner + skip * inner + 2 * inner + 1 + skip**2 + 2 * skip,
    }
    for sentence, value in slips.items():
        demand(found != value, sentence)
    demand(found == right, f"{found:,.0f} is too {'high' if found > right else 'low'}: check the terms one by one.")


def who_decides(rows: Any, model: Segmenter, lesson: Lesson) -> None:
    """all four gates silenced, one half at a time, on a copy.

    ``rows``: "of_skip" and "of_gate" -> J and AUC of the coefficients at strides 2, 4, 8 and 16, when the weights of
    that half are 0 in all gates.
    """
    rows = rows.to_dict("index") if hasattr(rows, "to_dict") else rows
    demand(isinstance(rows, Mapping), "expected {half: {'J': ..., 'stride 2': ..., ...}}.")
    data, strides = lesson.decoded.validation, model.encoder.strides[:4]
    keys = ["J", *(f"stride {s}" for s in strides)]
    with torch.no_grad():
        pyramid = model.encoder(model.normalise(np.array(data.images)))
    cells = [cover(data.masks, s) > 0.5 for s in strides]

    def silence(*halves: str, gates: int = 4, bias: bool = False) -> dict[Any, float]:
        decoder: Any = copy.deepcopy(model.decoder).eval()
        with torch.no_grad():
            for gate in list(decoder.gates)[:gates]:
                for half in halves:
                    getattr(gate, half).weight.zero_()
                    if bias and getattr(gate, half).bias is not None:
                        getattr(gate, half).bias.zero_()
            drawn, maps = decoder.attend(pyramid, data.size)
        j = score_images(sigmoid(drawn[:, 0].cpu().numpy()), lesson.splits.validation)["jaccard"].mean()
        auc = (float(channel_auc(m.cpu(), c)[0]) for m, c in zip(maps, cells, strict=True))
        return dict(zip(keys, [float(j), *auc], strict=True))

    for half in HALVES:
        demand(half in rows, f"there is no row {half!r}; found {', '.join(map(str, rows))}.")
    for half, other in (HALVES, HALVES[::-1]):
        slips: list[Slip] = [
            (
                "both halves are silent here. Did the first one stay so? Work on a copy each time (copy.deepcopy).",
                partial(silence, *HALVES),
            ),
            ("nothing was silenced: these are the lesson's own numbers.", silence),
            ("the other half was silenced.", partial(silence, other)),
            ("only one of the four gates was silenced.", partial(silence, half, gates=1)),
            (
                "the bias went too. Only the weights, please: a bias votes the same everywhere.",
                partial(silence, half, bias=True),
            ),
        ]
        hint = "(Were the gates in evaluation mode, and all four silenced?)"
        agree(numbers(rows[half], keys, half), silence(half), slips, hint=hint, of=half)


def how_many_photos(photos: Any, gated: Fit, plain: Fit, wanted: float = 0.5) -> None:
    """half the width costs four times the photos, and photos do not replace seeds.

    ``photos``: how many give the gain of ``gated`` over ``plain`` in J an interval of half-width ``wanted``, in points.
    """
    found = number(photos, "the number of photos")
    gain = 100 * (gated.table["jaccard"] - plain.table["jaccard"]).to_numpy()
    low, high = bootstrap_interval(gain)
    half, n = (high - low) / 2, len(gain)
    right = n * (half / wanted) ** 2
    near = 0.15 * right
    for sentence, value in {
        "the half-width shrinks with the square root of the number: square the ratio.": n * half / wanted,
        "that takes the whole width of the interval; asked is for half of it.": 4 * right,
        "the ratio is upside down: a narrower interval takes more photos.": n * (wanted / max(half, 1e-9)) ** 2,
        "that is how many times the photos of this test set; how many photos is it?": right / n,
    }.items():
        if abs(found - right) > near:
            demand(abs(found - value) > 0.05 * value, sentence)
    demand(
        abs(found - right) <= near,
        f"{found:,.0f} photos are too {'many' if found > right else 'few'}. Is it the half-width of the gain in J, of "
        "the gated over the plain decoder, in points?",
    )
