"""Answers that are numbers, tables or choices: made from the right ones as a student goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch

from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.preprocessing import Preprocessing, default_preprocessing
from lesionseg_lib.training.recipes import get_recipe
from tests.helpers.exercises import arguments
from tests.helpers.exercises.lesson08 import JOINED, Adds, AddsWithoutBias, Hidden
from tests.teaching.mutants.bank import Later, right, wrong


def made(task: str, change: Callable[[Any], Any]) -> Later:
    """The right answer, changed."""
    return Later(lambda: (change(arguments(task)[0][0]), *arguments(task)[0][1:]))


def each(function: Callable[[float], float]) -> Callable[[Any], Any]:
    return lambda values: {key: function(value) for key, value in values.items()}


def placed(function: Callable[[list[Any]], list[Any]]) -> Callable[[Any], Any]:
    return lambda values: dict(zip(values, function(list(values.values())), strict=True))


def swap(i: int, j: int) -> Callable[[list[Any]], list[Any]]:
    def change(values: list[Any]) -> list[Any]:
        values[i], values[j] = values[j], values[i]
        return values

    return change


def same(values: Any) -> Any:
    return values


# ---- 01.1
wrong("01.1", "percent", "percent", made("01.1", each(lambda x: 100 * x)))
wrong("01.1", "reverse order", "reverse", made("01.1", placed(lambda v: v[::-1])))
wrong("01.1", "Dice of the means", "Dice", made("01.1", each(lambda x: 2 * x / (1 + x))))
wrong("01.1", "all at .5", "threshold on|all nine", made("01.1", lambda v: dict.fromkeys(v, v[0.5])))
wrong("01.1", "shifted", "shifted", made("01.1", placed(lambda v: v[1:] + v[-1:])))
wrong("01.1", "loss", "1 minus", made("01.1", each(lambda x: 1 - x)))
wrong("01.1", "sorted", "sorted", made("01.1", placed(sorted)))
wrong("01.1", "differences from the first", "differences", made("01.1", placed(lambda v: [x - v[0] for x in v])))
wrong("01.1", "eight", "expected 9", made("01.1", lambda v: list(v.values())[:8]))
right("01.1", "a list", made("01.1", lambda v: list(v.values())))
right("01.1", "a column", made("01.1", pd.Series))
right("01.1", "text keys, rounded", made("01.1", lambda v: {str(k): round(x, 3) for k, x in v.items()}))
right("01.1", "a generator", made("01.1", lambda v: (x for x in v.values())))

# ---- 01.2
wrong("01.2", "percent", "percent", made("01.2", each(lambda x: 100 * x)))
wrong(
    "01.2",
    "exchanged",
    "exchanged",
    made("01.2", lambda v: v | {"all skin": v["all lesion"], "all lesion": v["all skin"]}),
)
wrong("01.2", "all lesion as logit 0", "not above", made("01.2", lambda v: v | {"all lesion": 0.0}))
wrong(
    "01.2",
    "shares as logits",
    "one half",
    made("01.2", lambda v: v | {"mean mask": arguments("01.2")[1][0][0][0]["mean mask"]}),
)
wrong("01.2", "Dice of the means", "Dice", made("01.2", each(lambda x: 2 * x / (1 + x))))
wrong("01.2", "twice", "factor of 2", made("01.2", each(lambda x: 2 * x)))
wrong("01.2", "one is missing", "missing", made("01.2", lambda v: {"all skin": 0.0}))
wrong("01.2", "rounded to one digit", "rounded", made("01.2", each(lambda x: round(x, 1))))
right("01.2", "as it is", made("01.2", same))
right("01.2", "a tuple", made("01.2", lambda v: tuple(v.values())))
right("01.2", "arrays of one", made("01.2", each(lambda x: np.array([x]))))
right("01.2", "a row of a table", made("01.2", lambda v: pd.DataFrame([v])))

# ---- 01.3
wrong("01.3", "not cut", "not bool", Later(lambda: (arguments("01.3")[1][0][0][0], *arguments("01.3")[0][1:])))
wrong("01.3", "inverted", "exchanged", made("01.3", lambda m: ~m))
wrong("01.3", "mirrored", "mirrored", made("01.3", lambda m: m[:, ::-1]))
wrong("01.3", "numbers", "not bool", made("01.3", lambda m: m.astype(np.uint8)))
wrong("01.3", "everything", "every", made("01.3", lambda m: np.ones_like(m)))
wrong(
    "01.3",
    "cut at .9",
    "another threshold",
    Later(lambda: (arguments("01.3")[1][0][0][0] > 0.9, *arguments("01.3")[0][1:])),
)
wrong(
    "01.3", "cut at 0", "above 0|every", Later(lambda: (arguments("01.3")[1][0][0][0] > 0, *arguments("01.3")[0][1:]))
)
wrong("01.3", "half of it", "size", made("01.3", lambda m: m[:40]))
right("01.3", "bool", made("01.3", same))
right("01.3", "a tensor", made("01.3", torch.tensor))
right("01.3", "nested lists", made("01.3", lambda m: m.tolist()))
right("01.3", "with a channel", made("01.3", lambda m: m[None]))

# ---- 02.1
wrong("02.1", "benign marked", "below a benign", made("02.1", each(lambda x: 1 - x)))
wrong("02.1", "Gini", "2 AUC", made("02.1", each(lambda x: 2 * x - 1)))
wrong("02.1", "folded", "turned over", made("02.1", each(lambda x: min(x, 1 - x))))
wrong("02.1", "percent", "percent", made("02.1", each(lambda x: 100 * x)))
wrong(
    "02.1",
    "U",
    "pairs",
    made(
        "02.1",
        lambda v: (lambda ill: {k: x * ill.sum() * (~ill).sum() for k, x in v.items()})(
            (arguments("02.1")[0][1]["diagnosis"] == "malignant").to_numpy()
        ),
    ),
)
wrong("02.1", "two columns exchanged", "reverse|changed places|shifted", made("02.1", placed(lambda v: v[::-1])))
wrong("02.1", "text column", "text", made("02.1", lambda v: {"diagnosis": 0.5}))
wrong("02.1", "no such column", "no column", made("02.1", lambda v: {"size": 0.5}))
right("02.1", "as it is", made("02.1", same))
right("02.1", "one column", made("02.1", lambda v: {"area": v["area"]}))
right("02.1", "a Series", made("02.1", pd.Series))
right("02.1", "pairs", made("02.1", lambda v: list(v.items())))

# ---- 02.2
wrong("02.2", "shares", "shares", made("02.2", lambda rows: {n: each(lambda x: x / 100)(r) for n, r in rows.items()}))
wrong(
    "02.2",
    "lost",
    "lost|100 minus",
    made("02.2", lambda rows: {n: each(lambda x: 100 - x)(r) for n, r in rows.items()}),
)
wrong(
    "02.2",
    "numbers",
    "numbers of copies",
    made("02.2", lambda rows: {n: each(lambda x: x * 12 / 100)(r) for n, r in rows.items()}),
)
wrong(
    "02.2",
    "unaltered for all",
    "unaltered",
    made("02.2", lambda rows: {n: dict.fromkeys(r, 100.0) for n, r in rows.items()}),
)
wrong(
    "02.2",
    "not mirrored",
    "unaltered one",
    Later(lambda: (lambda a: (a[0], a[1] | {"mirrored": a[1]["unaltered"]}, a[2]))(arguments("02.2")[0])),
)
wrong(
    "02.2",
    "upside down",
    "top and bottom",
    Later(lambda: (lambda a: (a[0], a[1] | {"mirrored": a[1]["unaltered"][:, ::-1]}, a[2]))(arguments("02.2")[0])),
)
wrong(
    "02.2",
    "subtracted 77",
    "wrapped|subtracted",
    Later(lambda: (lambda a: (a[0], a[1] | {"darker": a[1]["unaltered"] - np.uint8(77)}, a[2]))(arguments("02.2")[0])),
)
wrong(
    "02.2",
    "by 70 percent",
    "by 70",
    Later(
        lambda: (lambda a: (a[0], a[1] | {"darker": (a[1]["unaltered"] * 0.3).astype(np.uint8)}, a[2]))(
            arguments("02.2")[0]
        )
    ),
)
right("02.2", "as it is", made("02.2", same))
right("02.2", "a table", made("02.2", lambda rows: pd.DataFrame(rows).T))
right("02.2", "turned table", made("02.2", pd.DataFrame))
right("02.2", "lists", made("02.2", lambda rows: {n: list(r.values()) for n, r in rows.items()}))


# ---- 03.2
def claim(h: Any = None, r: Any = None, w: Any = None, factor: float = 1.0) -> Later:
    return made(
        "03.2", lambda a: (a[0] if h is None else h, a[1] if r is None else r, factor * a[2] if w is None else w)
    )


wrong("03.2", "bracket", "bracket", claim(h=2 * 0.86 / 1 + 0.86))
wrong("03.2", "percent", "percent", claim(h=92.5))
wrong("03.2", "other direction", "other direction", claim(h=0.86 / 1.14))
wrong("03.2", "old decoder", "old decoder", claim(h=2 * 0.84 / 1.84))
wrong("03.2", "not rounded", "before it was rounded", claim(r=False))
wrong("03.2", "standard error", "standard error", claim(factor=1 / 1.96))
wrong("03.2", "90 percent", "90 %", claim(factor=1.645 / 1.96))
wrong("03.2", "no root", "root", claim(factor=45**-0.5))
wrong("03.2", "all photos", "all photos", claim(factor=(45 / 379) ** 0.5))
wrong("03.2", "whole", "whole width", claim(factor=2))
wrong("03.2", "in shares", "points", claim(factor=0.01))
wrong("03.2", "whole, in shares", "whole width", claim(factor=0.02))
right("03.2", "as it is", claim())
right("03.2", "rounded", made("03.2", lambda a: (0.925, True, round(a[2], 1))))
right("03.2", "a dictionary", made("03.2", lambda a: dict(zip(("highest", "rounded", "half"), a, strict=True))))
right(
    "03.2",
    "an array, N - 1",
    made("03.2", lambda a: np.array([a[0], np.array(True), a[2] * (379 / 378) ** 0.5], float)),
)

# ---- 05.4
wrong(
    "05.4", "plain", "nothing was done", made("05.4", lambda v: {k: v["as it is"] for k in ("alpha 20", "alpha 300")})
)
wrong(
    "05.4",
    "exchanged",
    "another alpha|wrong strengths",
    made("05.4", lambda v: {"alpha 20": v["alpha 300"], "alpha 300": v["alpha 20"]}),
)
wrong(
    "05.4", "gain", "gain|ratio", made("05.4", lambda v: {k: v[k] - v["as it is"] for k in ("alpha 20", "alpha 300")})
)
wrong(
    "05.4", "ratio", "ratio|gain", made("05.4", lambda v: {k: v[k] / v["as it is"] for k in ("alpha 20", "alpha 300")})
)
wrong("05.4", "percent", "percent", made("05.4", lambda v: {k: 100 * x for k, x in v.items()}))
wrong("05.4", "one strength", "no comparison", made("05.4", lambda v: {"alpha 20": v["alpha 20"]}))
wrong("05.4", "one number", "one number for each", made("05.4", lambda v: v["alpha 20"]))
wrong(
    "05.4",
    "300 used for all",
    "another alpha|wrong strengths",
    made("05.4", lambda v: dict.fromkeys(("alpha 20", "alpha 300"), v["alpha 300"])),
)
right("05.4", "as it is", made("05.4", same))
right("05.4", "numbers as keys", made("05.4", lambda v: {20: v["alpha 20"], 300: v["alpha 300"]}))
right("05.4", "a Series", made("05.4", pd.Series))
right("05.4", "pairs", made("05.4", lambda v: list(v.items())))


# ---- 06.1
def with_slip(name: str, mean: Any, std: Any) -> Later:
    return Later(lambda: (lambda a: (a[0], a[1] | {name: Preprocessing(mean, std)}, *a[2:]))(arguments("06.1")[0]))


wrong(
    "06.1", "mean kept", "mean is still subtracted", with_slip("only / 255", default_preprocessing().mean, (1.0,) * 3)
)
wrong("06.1", "std kept", "standard deviation", with_slip("only / 255", (0.0,) * 3, default_preprocessing().std))
wrong("06.1", "255", "upside down", with_slip("bytes", (0.0,) * 3, (255.0,) * 3))
wrong(
    "06.1",
    "as trained",
    "nothing was forgotten",
    with_slip("only / 255", default_preprocessing().mean, default_preprocessing().std),
)
wrong(
    "06.1",
    "slips exchanged",
    "exchanged",
    Later(
        lambda: (lambda a: (a[0], {"bytes": a[1]["only / 255"], "only / 255": a[1]["bytes"]}, *a[2:]))(
            arguments("06.1")[0]
        )
    ),
)
wrong(
    "06.1", "rows exchanged", "other slip", made("06.1", lambda r: {"bytes": r["only / 255"], "only / 255": r["bytes"]})
)
wrong("06.1", "percent", "percent", made("06.1", lambda r: {k: each(lambda x: 100 * x)(v) for k, v in r.items()}))
wrong("06.1", "one row", "no score yet", made("06.1", lambda r: {"bytes": r["bytes"]}))
right("06.1", "as it is", made("06.1", same))
right("06.1", "a table", made("06.1", lambda r: pd.DataFrame(r).T))
right("06.1", "turned", made("06.1", pd.DataFrame))
right("06.1", "lists", made("06.1", lambda r: {k: list(v.values()) for k, v in r.items()}))

# ---- 06.2
wrong("06.2", "reversed", "reverse", made("06.2", placed(lambda v: v[::-1])))
wrong("06.2", "all of stride 8", "one stride", made("06.2", lambda v: dict.fromkeys(v, v["8"])))
wrong("06.2", "percent", "percent", made("06.2", each(lambda x: 100 * x)))
wrong("06.2", "yardstick", "yardstick", Later(lambda: arguments("06.2")[1][0][0]))
wrong("06.2", "probabilities", "probabilities", Later(lambda: arguments("06.2")[1][1][0]))
wrong("06.2", "Dice", "Dice", made("06.2", each(lambda x: 2 * x / (1 + x))))
wrong("06.2", "two swapped", "changed places", made("06.2", placed(swap(0, 1))))
wrong("06.2", "32 missing", "32 is missing", made("06.2", lambda v: {"8": v["8"], "16": v["16"]}))
right("06.2", "as it is", made("06.2", same))
right("06.2", "a list", made("06.2", lambda v: list(v.values())))
right("06.2", "named strides", made("06.2", lambda v: {f"stride {k}": x for k, x in v.items()}))
right("06.2", "a tensor", made("06.2", lambda v: torch.tensor(list(v.values()))))

# ---- 07.1 (the right way is 60 % of the reach)
wrong("07.1", "one step", "one step", made("07.1", each(lambda x: x / 0.6 / 4)))
wrong("07.1", "shares", "shares", made("07.1", each(lambda x: x / 100)))
wrong("07.1", "squared", "squared", made("07.1", each(lambda x: 100 * (x / 100) ** 2)))
wrong("07.1", "all alike", "rate did not reach", made("07.1", lambda v: dict.fromkeys(v, v[1e-4])))
wrong("07.1", "reversed", "reverse", made("07.1", placed(lambda v: v[::-1])))
wrong(
    "07.1",
    "not fresh",
    "afresh",
    made("07.1", placed(lambda v: [v[0], 1.05 * v[0] + 3 * v[1], 1.06 * v[0] + 4 * v[1]])),
)
wrong("07.1", "nothing", "nothing has moved", made("07.1", each(lambda x: 0.0)))
wrong("07.1", "forty steps", "cannot get that far", made("07.1", each(lambda x: 6 * x)))
wrong("07.1", "swapped", "changed places", made("07.1", placed(swap(0, 1))))
right("07.1", "as it is", made("07.1", same))
right("07.1", "a list", made("07.1", lambda v: list(v.values())))
right("07.1", "tensors", made("07.1", each(torch.tensor)))
right("07.1", "text keys", made("07.1", lambda v: {str(k): x for k, x in v.items()}))

# ---- 07.3
FROZEN, ALL = get_recipe("dilated-frozen"), get_recipe("dilated-all")
SLOW = replace(FROZEN, name="slow", learning_rate=ALL.learning_rate)
TWO = replace(ALL, name="two", learning_rate=FROZEN.learning_rate, encoder_learning_rate=ALL.learning_rate)


def runs(*both: Any) -> Later:
    return Later(lambda: (both, *arguments("07.3")[0][1:]))


wrong("07.3", "encoder's rate too", "third change", runs(SLOW, replace(TWO, encoder_learning_rate=None)))
wrong("07.3", "the old two", "do not differ", runs(FROZEN, ALL))
wrong("07.3", "both frozen", "must train all", runs(SLOW, SLOW))
wrong("07.3", "both trained", "keep the encoder frozen", runs(TWO, TWO))
wrong("07.3", "another loss", "also in loss", runs(replace(SLOW, loss="bce"), TWO))
wrong("07.3", "one run", "two runs", Later(lambda: (SLOW, *arguments("07.3")[0][1:])))
wrong("07.3", "numbers", "expected recipes", runs(1e-3, 1e-4))
wrong("07.3", "stage 4 only", "differ|third", runs(SLOW, replace(TWO, trainable_stages=(4,))))
right("07.3", "names", runs("dilated-frozen-slow", "dilated-all-two-rates"))
right("07.3", "recipes", runs(SLOW, TWO))
right("07.3", "the other order", runs(TWO, SLOW))
right("07.3", "a list", Later(lambda: ([SLOW, "dilated-all-two-rates"], *arguments("07.3")[0][1:])))


# ---- 08.1
def joined(change: Callable[[int, int, int, int], Any]) -> Later:
    return made("08.1", lambda rows: [change(i, *row) for i, row in enumerate(rows)])


wrong("08.1", "last step has a skip", "last step has no skip", joined(lambda i, c, h, w: (c + 16 * (i == 4), h, w)))
wrong("08.1", "width first", "height comes before", joined(lambda i, c, h, w: (c, w, h)))
wrong("08.1", "channels last", r"order is \(channels", joined(lambda i, c, h, w: (h, w, c)))
wrong("08.1", "half the size", "factor of 2", joined(lambda i, c, h, w: (c, h // 2, w // 2)))
wrong("08.1", "square photo", "another photo", joined(lambda i, c, h, w: (c, h, h)))
wrong("08.1", "reversed", "reverse", made("08.1", lambda rows: rows[::-1]))
wrong("08.1", "channels only", "height and width are missing", joined(lambda i, c, h, w: c))
wrong(
    "08.1",
    "without skips",
    "from below",
    made("08.1", lambda rows: [(c, *r[1:]) for c, r in zip((128, 64, 32, 16, 8), rows, strict=True)]),
)
right("08.1", "as it is", made("08.1", lambda rows: JOINED))
right("08.1", "an array", made("08.1", np.array))
right("08.1", "lists", made("08.1", lambda rows: [list(r) for r in rows]))
right("08.1", "sizes of torch", made("08.1", lambda rows: [torch.Size(r) for r in rows]))


# ---- 08.2
class ThreeByThree(Adds):
    def __init__(self, channels: Any, strides: Any) -> None:
        super().__init__(channels, strides)
        self.prepare = torch.nn.ModuleList(
            torch.nn.Conv2d(c.in_channels, c.out_channels, 3, padding=1) for c in self.prepare
        )  # type: ignore[attr-defined]


class WithNorm(Adds):
    def __init__(self, channels: Any, strides: Any) -> None:
        super().__init__(channels, strides)
        self.prepare = torch.nn.ModuleList(
            torch.nn.Sequential(c, torch.nn.BatchNorm2d(c.out_channels)) for c in self.prepare
        )  # type: ignore[attr-defined]


class InPlainList(Adds):
    def __init__(self, channels: Any, strides: Any) -> None:
        super().__init__(channels, strides)
        kept = list(self.prepare)
        del self.prepare
        self.prepare = kept  # type: ignore[assignment]


class Pops(Adds):
    def forward(self, pyramid: Any, size: Any) -> Any:
        x = pyramid.pop()
        for i, (up, convs) in enumerate(zip(self.up, self.convs, strict=True)):
            x = convs(up(x) + self.prepare[i](pyramid.pop()) if pyramid else up(x))
        return self.head(x)


class ForgetsFinest(Adds):
    def forward(self, pyramid: Any, size: Any) -> Any:
        *skips, x = pyramid
        for i, (up, convs) in enumerate(zip(self.up, self.convs, strict=True)):
            x = convs(up(x) + self.prepare[i](skips.pop()) if len(skips) > 1 else up(x))
        return self.head(x)


def build(cls: Any) -> Later:
    return Later(lambda: (cls, MobileNetV2Encoder(None)))


wrong("08.2", "3 x 3", "3 x 3", build(ThreeByThree))
wrong("08.2", "batch norm", "batch norm", build(WithNorm))
wrong("08.2", "plain list", "ModuleList", build(InPlainList))
wrong("08.2", "no bias", "bias", build(AddsWithoutBias))
wrong("08.2", "hidden", "ModuleList", build(Hidden))
wrong("08.2", "pops", "copy", build(Pops))
wrong("08.2", "finest forgotten", "not added", build(ForgetsFinest))
wrong(
    "08.2",
    "an object",
    "class itself",
    Later(lambda: (lambda e: (Adds(e.channels, e.strides), e))(MobileNetV2Encoder(None))),
)
right("08.2", "Adds", build(Adds))

# ---- 08.3
wrong("08.3", "shares", "shares", made("08.3", lambda r: {n: each(lambda x: x / 100)(v) for n, v in r.items()}))
wrong(
    "08.3",
    "right pixels",
    "right, not wrong|100 minus",
    made("08.3", lambda r: {n: each(lambda x: 100 - x)(v) for n, v in r.items()}),
)
wrong(
    "08.3", "bands reversed", "reverse", made("08.3", lambda r: {n: placed(lambda v: v[::-1])(v) for n, v in r.items()})
)
wrong("08.3", "not robbed", "anything taken away", made("08.3", lambda r: r | {"without stride 2": r["all skips"]}))
wrong(
    "08.3",
    "rows exchanged",
    "other levels",
    made(
        "08.3",
        lambda r: (
            r | {"without stride 2": r["without strides 2 to 16"], "without strides 2 to 16": r["without stride 2"]}
        ),
    ),
)
wrong("08.3", "zeros", "became 0", Later(lambda: arguments("08.3")[1][2][0]))
wrong("08.3", "own mean", "average of its own", Later(lambda: arguments("08.3")[1][1][0]))
wrong("08.3", "where errors are", "where the errors are", Later(lambda: arguments("08.3")[1][5][0]))
right("08.3", "as it is", made("08.3", same))
right("08.3", "a table", made("08.3", lambda r: pd.DataFrame(r).T))
right("08.3", "arrays", made("08.3", lambda r: {n: np.array(list(v.values())) for n, v in r.items()}))
right("08.3", "a turned table", made("08.3", pd.DataFrame))

# ---- 09.1: skip 24, signal 32
for text, says, number in (
    ("hidden layer not halved", "half of the skip's channels", 4 * 24 * 24 + (32 * 24 + 24) + 25 + 24**2 + 48),
    ("no coefficient", "coefficient", 4 * 24 * 12 + 32 * 12 + 12 + 24**2 + 48),
    ("no norm", "batch norm", 4 * 24 * 12 + 32 * 12 + 12 + 13 + 24**2),
    ("kernel 1 on the skip", "2 x 2", 24 * 12 + 32 * 12 + 12 + 13 + 24**2 + 48),
    ("no bias of the signal", "signal has a bias", 4 * 24 * 12 + 32 * 12 + 13 + 24**2 + 48),
    ("no layer behind", "layer behind is missing", 4 * 24 * 12 + 32 * 12 + 12 + 13),
    ("bias of the skip", "one of two sums", 4 * 24 * 12 + 12 + 32 * 12 + 12 + 13 + 24**2 + 48),
    ("exchanged", "exchanged", 4 * 32 * 16 + 24 * 16 + 16 + 17 + 32**2 + 64),
    ("no biases at all", "bias", 4 * 24 * 12 + 32 * 12 + 12 + 24**2 + 48),
    ("statistics counted", "running", 4 * 24 * 12 + 32 * 12 + 12 + 13 + 24**2 + 96),
):
    wrong("09.1", text, says, made("09.1", lambda _, number=number: number))
right("09.1", "a number", made("09.1", same))
right("09.1", "a tensor", made("09.1", torch.tensor))
right("09.1", "text with a comma", made("09.1", lambda n: float(n)))
right("09.1", "a list of one", made("09.1", lambda n: [n]))

# ---- 09.2
wrong(
    "09.2",
    "strides reversed",
    "wrong strides|reverse",
    made("09.2", lambda r: {h: dict(zip(v, [v["J"], *list(v.values())[:0:-1]], strict=True)) for h, v in r.items()}),
)
wrong("09.2", "other half", "other half", made("09.2", lambda r: {"of_skip": r["of_gate"], "of_gate": r["of_skip"]}))
wrong(
    "09.2",
    "backwards",
    "1 minus",
    made("09.2", lambda r: {h: {k: x if k == "J" else 1 - x for k, x in v.items()} for h, v in r.items()}),
)
wrong("09.2", "nothing silenced", "nothing was silenced", Later(lambda: arguments("09.2")[1][2][0]))
wrong("09.2", "both", "both halves", Later(lambda: arguments("09.2")[1][0][0]))
wrong("09.2", "one gate", "not all four", Later(lambda: arguments("09.2")[1][3][0]))
wrong("09.2", "percent", "percent", made("09.2", lambda r: {h: each(lambda x: 100 * x)(v) for h, v in r.items()}))
wrong("09.2", "one row", "no row", made("09.2", lambda r: {"of_skip": r["of_skip"]}))
right("09.2", "as it is", made("09.2", same))
right("09.2", "a table", made("09.2", lambda r: pd.DataFrame(r).T))
right("09.2", "a turned table", made("09.2", pd.DataFrame))
right("09.2", "lists", made("09.2", lambda r: {h: list(v.values()) for h, v in r.items()}))


# ---- 09.3
def needed(rule: Callable[[float, float], float]) -> Later:
    return made("09.3", lambda n: rule(n, (n / 379) ** 0.5))


wrong("09.3", "not squared", "square", needed(lambda n, q: 379 * q))
wrong("09.3", "whole width", "whole width", needed(lambda n, q: 4 * n))
wrong("09.3", "times", "how many times", needed(lambda n, q: q**2))
wrong("09.3", "upside down", "upside down", needed(lambda n, q: 379 / q**2))
wrong("09.3", "in shares", "shares", needed(lambda n, q: n / 1e4))
wrong("09.3", "added", "added", needed(lambda n, q: n - 379))
wrong("09.3", "standard error", "standard error", needed(lambda n, q: n / 1.96**2))
wrong("09.3", "root", "root", needed(lambda n, q: 379 * q**0.5))
right("09.3", "as it is", needed(lambda n, q: n))
right("09.3", "ceil", needed(lambda n, q: int(np.ceil(n))))
right("09.3", "normal interval", needed(lambda n, q: 1.02 * n))
right("09.3", "array of one", needed(lambda n, q: np.array([n])))

# ---- 10.1
wrong("10.1", "2, 2, 2", "rate of 1", (2, 2, 2))
wrong("10.1", "1, 3, 10", "too wide", (1, 3, 10))
wrong("10.1", "1, 2, 5", "touch", (1, 2, 5))
wrong("10.1", "1, 1, 1", "plain convolutions", (1, 1, 1))
wrong("10.1", "6, 12, 18", "rate of 1", (6, 12, 18))
wrong("10.1", "1, None, 9", "missing", (1, None, 9))
wrong("10.1", "half", "whole number", (1, 2.5, 3))
wrong("10.1", "1, 2, 4", "touch", (1, 2, 4))
wrong("10.1", "two", "three layers", (1, 3))
right("10.1", "tuple", (1, 3, 9))
right("10.1", "array", np.array([9, 3, 1]))
right("10.1", "floats", [1.0, 3.0, 9.0])
right("10.1", "Series", pd.Series([3, 1, 9]))


# ---- 10.2
def cells(*values: float) -> Later:
    return made("10.2", lambda _: dict(zip((16, 8, 4), values, strict=True)))


wrong("10.2", "nine everywhere", "one kernel", cells(9, 9, 9))
wrong("10.2", "squares", "whole squares", cells(64, 49, 25))
wrong("10.2", "sides", "sides", cells(8, 7, 5))
wrong("10.2", "mixed up", "mixed up|reverse", cells(9, 49, 64))
wrong("10.2", "one kernel at 8", "one kernel", cells(64, 9, 9))
wrong("10.2", "holes", "not", cells(0, 0, 16))
wrong("10.2", "one missing", "missing", made("10.2", lambda _: {16: 64, 8: 49}))
wrong("10.2", "row", "row|root", cells(8, 7, 3))
right("10.2", "dict", cells(64, 49, 9))
right("10.2", "list", made("10.2", lambda _: [64, 49, 9]))
right("10.2", "text keys", made("10.2", lambda _: {"16": 64, "8": 49, "4": 9}))
right("10.2", "stride keys", made("10.2", lambda _: {"stride 16": 64, "stride 8": 49, "stride 4": 9}))


# ---- 10.3
def dead(*values: Any) -> Later:
    return made("10.3", lambda _: values)


wrong("10.3", "alive", "live", dead(1, 1 / 9, 1 / 9))
wrong("10.3", "all but the middle", "corner", dead(8 / 9, 8 / 9, 8 / 9))
wrong("10.3", "corners only", "corners", dead(0, 4 / 9, 4 / 9))
wrong("10.3", "at 6 too", "corner", dead(4 / 9, 8 / 9, 8 / 9))
wrong("10.3", "percent", "percent", dead(0, 88.9, 88.9))
wrong("10.3", "numbers", "numbers of weights", dead(0, 8, 8))
wrong("10.3", "the middle too", "middle", dead(0, 1, 1))
wrong("10.3", "reversed", "reverse", dead(8 / 9, 8 / 9, 0))
right("10.3", "as it is", dead(0, 8 / 9, 8 / 9))
right("10.3", "rounded", dead(0, 0.89, 0.89))
right("10.3", "an array", made("10.3", np.array))
right("10.3", "0-d arrays", dead(*(np.array(x) for x in (0.0, 8 / 9, 8 / 9))))

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
