"""Answers that are numbers, tables or choices: to lessons 11 and 12."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch

from lesionseg_lib.training.recipes import get_recipe
from tests.helpers.exercises import arguments
from tests.teaching.mutants.bank import Later, right, wrong
from tests.teaching.mutants.changes import made, same

# ---- 11.1
wrong("11.1", "percent", "percent", made("11.1", lambda t: 100 * t))
wrong(
    "11.1",
    "rows sorted by name, values not",
    "apart|other rows|changed places|shifted",
    made("11.1", lambda t: pd.DataFrame(t.to_numpy(), sorted(map(str, t.index)), t.columns)),
)
wrong(
    "11.1",
    "diagnoses exchanged",
    "exchanged",
    made("11.1", lambda t: t.rename(columns={"benign": "malignant", "malignant": "benign"})),
)
wrong("11.1", "rows reversed", "reverse", made("11.1", lambda t: pd.DataFrame(t.to_numpy()[::-1], t.index, t.columns)))
wrong("11.1", "turned", "expected the rows", made("11.1", lambda t: t.T))
wrong(
    "11.1",
    "sums",
    "sums",
    Later(
        lambda: (
            lambda a: (
                a[1]["jaccard"]
                .groupby([a[2]["size"], a[2]["diagnosis"].fillna("unknown")], observed=True)
                .sum()
                .unstack(),
                *a[1:],
            )
        )(arguments("11.1")[0])
    ),
)
wrong(
    "11.1",
    "medians",
    "median",
    Later(
        lambda: (
            lambda a: (
                a[1]["jaccard"]
                .groupby([a[2]["size"], a[2]["diagnosis"].fillna("unknown")], observed=True)
                .median()
                .unstack(),
                *a[1:],
            )
        )(arguments("11.1")[0])
    ),
)
wrong(
    "11.1",
    "Dice",
    "Dice",
    Later(
        lambda: (
            lambda a: (
                a[1]["dice"]
                .groupby([a[2]["size"], a[2]["diagnosis"].fillna("unknown")], observed=True)
                .mean()
                .unstack(),
                *a[1:],
            )
        )(arguments("11.1")[0])
    ),
)
wrong(
    "11.1",
    "numbers",
    "numbers of photos",
    Later(
        lambda: (
            lambda a: (
                a[1]["dice"]
                .groupby([a[2]["size"], a[2]["diagnosis"].fillna("unknown")], observed=True)
                .size()
                .unstack(),
                *a[1:],
            )
        )(arguments("11.1")[0])
    ),
)
right("11.1", "as it is", made("11.1", same))
right("11.1", "stacked", made("11.1", lambda t: t.stack()))
right("11.1", "dictionaries", made("11.1", lambda t: t.to_dict()))
right("11.1", "rows first", made("11.1", lambda t: t.to_dict("index")))

# ---- 11.2: best at .5, 1.5 on the others
wrong("11.2", "multiplied", "multiplied", made("11.2", lambda _: 2.0))
wrong("11.2", "the other half", "other photos", made("11.2", lambda _: 1.5))
wrong("11.2", "left at 1", "T = 1", made("11.2", lambda _: 1.0))
wrong("11.2", "smallest of the grid", "end of the grid", made("11.2", lambda _: 0.2))
wrong("11.2", "largest of the grid", "end of the grid|largest", made("11.2", lambda _: 5.0))
wrong("11.2", "negative", "above 0", made("11.2", lambda _: -0.5))
wrong("11.2", "text", "number", made("11.2", lambda _: "cold"))
wrong("11.2", "root", "root", made("11.2", lambda _: 0.5**0.5))
right("11.2", "as it is", made("11.2", same))
right("11.2", "near enough", made("11.2", lambda _: 0.51))
right("11.2", "a tensor", made("11.2", lambda _: torch.tensor(0.5)))
right("11.2", "an array", made("11.2", lambda _: np.array([0.5])))


# ---- 11.3
def p_of(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def expected(rule: Callable[[Any, Any], Any], flags: Any = None) -> Later:
    def function(z: Any) -> Any:
        p = p_of(z)
        return rule(p, p > 0.5)

    return made("11.3", lambda a: (function, a[1] if flags is None else flags(a)))


def s(a: Any) -> Any:
    return a.sum((1, 2))


wrong("11.3", "Dice", "Dice", expected(lambda p, m: 2 * s(p * m) / (s(m) + s(p))))
wrong("11.3", "mean inside", "inside the mask", expected(lambda p, m: s(p * m) / np.maximum(s(m), 1)))
wrong("11.3", "mean of the photo", "mean probability", expected(lambda p, m: p.mean((1, 2))))
wrong("11.3", "soft below", "counts as 1", expected(lambda p, m: s(p * m) / s(p)))
wrong("11.3", "pixels above", "not pixels", expected(lambda p, m: s(m) / (s(m) + s(p * ~m))))
wrong(
    "11.3",
    "pooled",
    "one number|sum over|pooled",
    expected(lambda p, m: np.full(len(p), (p * m).sum() / (m.sum() + (p * ~m).sum()))),
)
wrong(
    "11.3",
    "flags above",
    "not those above",
    expected(lambda p, m: s(p * m) / np.maximum(s(m) + s(p * ~m), 1e-6), lambda a: ~a[1]),
)
wrong("11.3", "1 - p outside", "1 - p", expected(lambda p, m: s(p * m) / (s(m) + s((1 - p) * ~m))))
wrong("11.3", "only the function", "expected two", made("11.3", lambda a: a[0]))
right("11.3", "as it is", made("11.3", same))
right("11.3", "a list", made("11.3", list))
right("11.3", "flags as a Series", made("11.3", lambda a: (a[0], pd.Series(a[1]))))
right("11.3", "tensors", made("11.3", lambda a: (lambda z: torch.tensor(a[0](z)), torch.tensor(a[1]))))


# ---- 12.1: claimed .843 and .910
def evenness(rule: Callable[[float], float]) -> Later:
    return made("12.1", lambda a: (a[0], rule(a[1]), a[2]))


wrong("12.1", "percent", "percent", evenness(lambda e: 100 * e))
wrong("12.1", "rest", "1 minus", evenness(lambda e: 1 - e))
wrong("12.1", "share of the bound", "share of its bound", evenness(lambda e: 0.910 / (2 * 0.843 / 1.843)))
wrong("12.1", "gap", "difference alone", evenness(lambda e: 0.910 - 0.843))
wrong("12.1", "upside down", "upside down", evenness(lambda e: 1 / e))
wrong("12.1", "way to 1", "way to 1", evenness(lambda e: (0.910 - 0.843) / (1 - 0.843)))
wrong("12.1", "bound", "bound itself", evenness(lambda e: 2 * 0.843 / 1.843))
wrong("12.1", "impossible", "allows a Dice", made("12.1", lambda a: (False, *a[1:])))
wrong("12.1", "outside", "interval runs", made("12.1", lambda a: (*a[:2], False)))
right("12.1", "as it is", made("12.1", same))
right("12.1", "rounded", evenness(lambda e: round(e, 2)))
right("12.1", "a dictionary", made("12.1", lambda a: dict(zip(("possible", "evenness", "inside"), a, strict=True))))
right("12.1", "an array", made("12.1", lambda a: np.array([bool(a[0]), a[1], bool(a[2])], float)))


# ---- 12.2: 3 seeds, pair .1, deviation .004
def images(number: float) -> Later:
    return made("12.2", lambda _: number)


LEFT = 1 / 196**2
wrong("12.2", "one recipe", "factor 2", images(np.ceil(0.01 / (LEFT - 0.004**2 / 3))))
wrong("12.2", "no seeds", "seeds were forgotten", images(np.ceil(0.01 * 196**2)))
wrong("12.2", "not divided by seeds", "no number|not divided|enough", images(np.inf))
wrong("12.2", "added", "taken away", images(np.ceil(0.01 / (LEFT + 2 * 0.004**2 / 3))))
wrong("12.2", "pair doubled", "factor 2 too many", images(np.ceil(0.02 / (LEFT - 2 * 0.004**2 / 3))))
wrong("12.2", "no 1.96", "1.96", images(np.ceil(0.01 / (1e-4 - 2 * 0.004**2 / 3))))
wrong("12.2", "root", "root", images((0.01 / (LEFT - 2 * 0.004**2 / 3)) ** 0.5))
wrong("12.2", "divided by seeds", "same test set", images(0.01 / (LEFT - 2 * 0.004**2 / 3) / 3))
right("12.2", "as it is", made("12.2", same))
right("12.2", "not rounded", images(0.01 / (LEFT - 2 * 0.004**2 / 3)))
right("12.2", "an int", made("12.2", int))
right("12.2", "a tensor", made("12.2", lambda n: torch.tensor(float(n))))

# ---- 12.3
LIGHT, SMP = get_recipe("light"), get_recipe("smp-unet")
wrong("12.3", "smp-unet itself", "training that is kept", SMP)
wrong("12.3", "smp-unet with light's decoder", "training that is kept", replace(SMP, name="x", decoder=LIGHT.decoder))
wrong("12.3", "light", "decoders are the same", LIGHT)
wrong("12.3", "another decoder", "smp-unet's decoder", replace(LIGHT, name="x", decoder="unet"))
wrong("12.3", "a name", "expected a recipe", "smp-unet")
wrong("12.3", "loss too", "more than the decoder", replace(LIGHT, name="x", decoder=SMP.decoder, loss="bce"))
wrong("12.3", "rate too", "more than the decoder", replace(LIGHT, name="x", decoder=SMP.decoder, learning_rate=1e-5))
wrong("12.3", "light with smp's loss only", "decoders are the same", replace(LIGHT, name="x", loss="bce"))
right("12.3", "replace", replace(LIGHT, name="control", decoder=SMP.decoder))
right("12.3", "name kept", replace(LIGHT, decoder=SMP.decoder))
right("12.3", "in a tuple of one", (replace(LIGHT, decoder=SMP.decoder),))
right("12.3", "by name", replace(get_recipe("light"), name="y", decoder="smp-unet"))
