"""The third part: answers to lessons 08 to 12, written from the lessons' texts alone, before any of them was run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from lesionseg_lib.evaluation import boundaries
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.training import recipes
from tests.helpers.exercises import arguments
from tests.helpers.exercises.lesson08 import JOINED, Adds, unet
from tests.helpers.exercises.lesson09 import gated
from tests.helpers.exercises.lesson11 import bet
from tests.teaching.mutants.bank import Later, right, wrong
from tests.teaching.mutants.changes import made


def with_rest(task: str, answer: Any) -> Later:
    """An answer that is made when it is needed, with what the exercise wants beside it."""
    return Later(lambda: (answer(), *arguments(task)[0][1:]))


# ---- 08.1
wrong("08.1", "finest first", "order|reverse|coarsest", Later(lambda: (JOINED[::-1], unet())))
wrong("08.1", "one stride off", "stride|size|halv", Later(lambda: ([(c, 2 * h, 2 * w) for c, h, w in JOINED], unet())))
wrong(
    "08.1",
    "the larger of the two",
    "come up from below",
    Later(lambda: ([(128, 10, 6), (64, 20, 12), (32, 40, 24), (16, 80, 48), (8, 160, 96)], unet())),
)
right("08.1", "an array", Later(lambda: (np.array(JOINED), unet())))


# ---- 08.2
class Multiplies(Adds):
    def forward(self, pyramid: Any, size: Any) -> Any:
        *skips, x = pyramid
        for i, (up, convs) in enumerate(zip(self.up, self.convs, strict=True)):
            x = convs(up(x) * self.prepare[i](skips.pop()) if skips else up(x))
        return self.head(x)


class WithRelu(Adds):
    def forward(self, pyramid: Any, size: Any) -> Any:
        *skips, x = pyramid
        for i, (up, convs) in enumerate(zip(self.up, self.convs, strict=True)):
            x = convs(up(x) + torch.relu(self.prepare[i](skips.pop())).detach() if skips else up(x))
        return self.head(x)


wrong("08.2", "multiplied", "multipl|added|product", Multiplies, arguments("08.2")[0][1])
wrong("08.2", "an activation, and detached", "not linear|gradient", WithRelu, arguments("08.2")[0][1])


# ---- 08.3
def bands(reduce: Any) -> Any:
    def answer() -> Any:
        model, data, edges = arguments("08.3")[0][1:]
        pyramid = model.encoder(model.normalise(data.images))
        found = {}
        for name, levels in (("all skips", ()), ("without stride 2", (0,)), ("without strides 2 to 16", (0, 1, 2, 3))):
            robbed = list(pyramid)
            for i in levels:
                robbed[i] = robbed[i].mean((0, 2, 3), keepdim=True).expand_as(robbed[i])
            wrongly, of = boundaries.errors_by_distance(
                model(robbed)[:, 0].detach().numpy() > 0, data.masks == 1, edges
            )
            found[name] = reduce(np.asarray(wrongly, float), np.asarray(of, float))
        return found

    return with_rest("08.3", answer)


wrong(
    "08.3",
    "cumulated over the bands",
    "includes those before",
    bands(lambda w, n: 100 * w.sum(0).cumsum() / np.maximum(n.sum(0).cumsum(), 1)),
)
wrong(
    "08.3",
    "photo by photo, then the mean",
    "photos. own rates",
    bands(lambda w, n: 100 * np.nanmean(np.where(n > 0, w / np.maximum(n, 1), np.nan), 0)),
)
right("08.3", "lists", bands(lambda w, n: (100 * w.sum(0) / np.maximum(n.sum(0), 1)).tolist()))


# ---- 09.1
def gate_terms(i: int = 12, k: int = 1, bias: int = 1) -> int:
    return 4 * 24 * i + 32 * i + bias * i + i + 1 + k * 24 * 24 + 2 * 24


wrong("09.1", "a 3 x 3 convolution behind", "kernel", Later(lambda: (gate_terms(k=9), gated().decoder.gates[2])))
wrong(
    "09.1",
    "half of the sum of both",
    "half|hidden|channels",
    Later(lambda: (gate_terms(i=28), gated().decoder.gates[2])),
)
right(
    "09.1", "text", Later(lambda: ("4,201" if gate_terms() == 4201 else f"{gate_terms():,}", gated().decoder.gates[2]))
)

# ---- 09.2
wrong(
    "09.2",
    "AUC turned over where below .5",
    "turned|below|mirrored|larger of",
    made(
        "09.2", lambda v: {h: {k: (max(x, 1 - x) if k != "J" else x) for k, x in row.items()} for h, row in v.items()}
    ),
)
wrong(
    "09.2", "J in percent", "percent", made("09.2", lambda v: {h: row | {"J": 100 * row["J"]} for h, row in v.items()})
)
right("09.2", "a frame", made("09.2", lambda v: pd.DataFrame(v).T))


# ---- 09.3
def needed(change: Any) -> Later:
    return made("09.3", change)


wrong("09.3", "with a power of four fifths", "four times out of five|2\\.8", needed(lambda n: n * (2.8 / 1.96) ** 2))
wrong("09.3", "the standard error for the half-width", "standard error|1\\.96", needed(lambda n: n / 1.96**2))
right("09.3", "rounded up", needed(lambda n: int(np.ceil(n))))

# ---- 10.1
wrong("10.1", "powers of two", "further|wider|larger", (1, 2, 4))
wrong("10.1", "two dense layers first", "hole|too wide|not read|skip", (1, 1, 9))
right("10.1", "an array", np.array([1, 3, 9]))

# ---- 10.2
wrong(
    "10.2", "pixels of the photo", "pixels|stride", made("10.2", lambda v: {k: n * int(k) ** 2 for k, n in v.items()})
)
wrong(
    "10.2",
    "one cell too few on each side",
    "side|square|rim|smaller",
    made("10.2", lambda v: {k: int(n**0.5 - 1) ** 2 for k, n in v.items()}),
)
right("10.2", "a list", made("10.2", lambda v: list(v.values())))

# ---- 10.3
wrong("10.3", "numbers of weights", "number", (0, 8, 8), (6, 12, 18), 8)
wrong("10.3", "nothing survives at 18", "middle|centre|all", (0, 8 / 9, 1), (6, 12, 18), 8)
right("10.3", "a dictionary", {6: 0, 12: 0.889, 18: 0.889}, (6, 12, 18), 8)


# ---- 11.1
def grouped(of: Any) -> Any:
    def answer() -> Any:
        table, strata = arguments("11.1")[0][1:]
        keys = [strata["size"], strata["diagnosis"].fillna("unknown")]
        return of(table["jaccard"].groupby(keys, observed=True)).unstack()

    return with_rest("11.1", answer)


wrong("11.1", "the scatter", "deviation|scatter|spread", grouped(lambda g: g.std()))
wrong("11.1", "the largest", "best|largest|maximum", grouped(lambda g: g.max()))
wrong("11.1", "the share that fails", "share|fail|below", grouped(lambda g: g.apply(lambda j: (j < 0.65).mean())))
right(
    "11.1",
    "a pivot table",
    with_rest(
        "11.1",
        lambda: (
            pd.concat(arguments("11.1")[0][1:], axis=1)
            .fillna({"diagnosis": "unknown"})
            .pivot_table("jaccard", "size", "diagnosis", observed=True)
        ),
    ),
)

# ---- 11.2
wrong("11.2", "its logarithm", "logarithm|above 0|log", made("11.2", lambda t: float(np.log(t))))
wrong("11.2", "all photos", "all photos|other half|half", made("11.2", lambda t: best_temperature()))
right("11.2", "a tensor", made("11.2", lambda t: torch.tensor([t])))


def best_temperature() -> float:
    _, z, truth = arguments("11.2")[0]
    grid = np.linspace(0.2, 5, 300)
    target = torch.tensor(truth).float()
    losses = [nn.functional.binary_cross_entropy_with_logits(torch.tensor(z) / t, target).item() for t in grid]
    return float(grid[int(np.argmin(losses))])


# ---- 11.3
def flagged(function: Any, rule: Any = None) -> Later:
    def make() -> tuple[Any, ...]:
        (_, own), z, test = arguments("11.3")[0]
        return (function, own if rule is None else rule(bet(z), bet(test))), z, test

    return Later(make)


def confidence(x: Any) -> Any:
    p = sigmoid(x)
    return np.maximum(p, 1 - p).mean((1, 2))


wrong("11.3", "mean confidence", "whole photo|mean|confidence|skin", flagged(confidence))
right("11.3", "the numbers of the photos", flagged(bet, lambda z, test: np.flatnonzero(test < np.quantile(z, 0.1))))
wrong("11.3", "below .1", "limit|fixed", flagged(bet, lambda z, test: test < 0.1))
right("11.3", "a list", flagged(bet, lambda z, test: list(test < np.quantile(z, 0.1))))

# ---- 12.1
wrong(
    "12.1",
    "the gap between both",
    "difference|gap|divided|subtract",
    made("12.1", lambda v: (v[0], 0.91 - 0.843, v[2])),
)
wrong("12.1", "Dice over IoU", "ratio|over|divided|share", made("12.1", lambda v: (v[0], 0.91 / 0.843, v[2])))
right("12.1", "a dictionary", made("12.1", lambda v: dict(zip(("possible", "how_even", "inside"), v, strict=True))))

# ---- 12.2
wrong("12.2", "with a power of four fifths", "power|2\\.8|smallest|enough", made("12.2", lambda n: np.inf))
wrong("12.2", "no seeds at all, one per recipe", "seed", made("12.2", lambda n: 0.1**2 / (1 / 196**2)))
right("12.2", "as a float", made("12.2", float))

# ---- 12.3
wrong(
    "12.3",
    "light's rates changed, too",
    "differs|more than|also",
    Later(
        lambda: (
            replace(
                recipes.get_recipe("light"),
                name="c",
                decoder=recipes.get_recipe("smp-unet").decoder,
                learning_rate=3e-4,
            ),
        )
    ),
)
wrong(
    "12.3",
    "smp-unet with light's decoder",
    "training",
    Later(lambda: (replace(recipes.get_recipe("smp-unet"), name="c", decoder=recipes.get_recipe("light").decoder),)),
)
