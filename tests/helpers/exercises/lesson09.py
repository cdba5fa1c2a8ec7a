"""Answers to the exercises of lesson 09."""

from __future__ import annotations

import copy
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from lesionseg_lib.evaluation import bootstrap
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training import probing
from tests.helpers.exercises.registry import case
from tests.helpers.stand_ins import SIZE, centred, lesson, score


@cache
def gated() -> Segmenter:
    return centred("segnet-attention-finetuned", "head")


@case("09.1")
def _() -> Any:
    gate = gated().decoder.gates[2]
    assert (gate.of_skip.in_channels, gate.of_gate.in_channels) == (24, 32)
    terms = 4 * 24 * 12, 32 * 12 + 12, 12 + 1, 24**2 + 2 * 24
    return (sum(terms), gate), [
        ((sum(terms) - 48, gate), "two numbers a channel"),
        ((sum(terms) - 24, gate), "not one"),
        ((sum(terms) - 12, gate), "the signal has a bias"),
        ((sum(terms) - 3 * 24 * 12, gate), "2 x 2"),
        ((sum(terms) - terms[3], gate), "mixes the skip's channels"),
        ((sum(terms) + 12, gate), "one of two sums"),
        ((sum(terms) + 24, gate), "take it away again"),
        ((2000, gate), "too low"),
    ]


@case("09.2")
def _() -> Any:
    model, data, strides = gated(), lesson().decoded.validation, (2, 4, 8, 16)
    pyramid = model.encoder(model.normalise(data.images))

    def row(*halves: str, gates: int = 4, bias: bool = False) -> Any:
        decoder = copy.deepcopy(model.decoder)
        for gate in list(decoder.gates)[:gates]:
            for half in halves:
                getattr(gate, half).weight.zero_()
                if bias and getattr(gate, half).bias is not None:
                    getattr(gate, half).bias.zero_()
        drawn, maps = decoder.attend(pyramid, SIZE)
        cells = {s: probing.cover(data.masks, s) > 0.5 for s in strides}
        auc = {f"stride {s}": probing.channel_auc(m, cells[s])[0] for s, m in zip(strides, maps, strict=True)}
        return {"J": score(drawn[:, 0].numpy())} | auc

    right = {"of_skip": row("of_skip"), "of_gate": row("of_gate")}
    rest = model, lesson()
    return (right, *rest), [
        ((right | {"of_gate": row("of_skip", "of_gate")}, *rest), "both halves"),
        ((right | {"of_gate": right["of_skip"]}, *rest), "the other half"),
        ((right | {"of_skip": row()}, *rest), "nothing was silenced"),
        ((right | {"of_skip": row("of_skip", gates=1)}, *rest), "not all four gates"),
        (({"of_skip": right["of_skip"]}, *rest), "no row 'of_gate'"),
    ]


@case("09.3")
def _() -> Any:
    rng = np.random.default_rng(0)
    plain = rng.beta(8, 2, 379)
    fits = [SimpleNamespace(table=pd.DataFrame({"jaccard": j})) for j in (plain + rng.normal(0, 0.08, 379), plain)]
    gain = 100 * (fits[0].table["jaccard"] - plain).to_numpy()
    low, high = bootstrap.bootstrap_interval(gain)
    ratio = (high - low) / 2 / 0.5
    return (379 * ratio**2, *fits), [
        ((379 * ratio, *fits), "square the ratio"),
        ((4 * 379 * ratio**2, *fits), "whole width"),
        ((ratio**2, *fits), "how many photos is it?"),
        ((379 / ratio**2, *fits), "upside down"),
        ((100000, *fits), "too many"),
        (("many", *fits), "should be a number"),
    ]
