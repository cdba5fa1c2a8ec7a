"""Answers that are numbers, tables or choices: to lessons 06 to 08."""

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
from tests.teaching.mutants.changes import each, made, placed, same, swap


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


class ByName(Adds):
    def __init__(self, channels: Any, strides: Any) -> None:
        super().__init__(channels, strides)
        kept = list(self.prepare)
        del self.prepare
        for number, layer in enumerate(kept):
            setattr(self, f"skip{number}", layer)

    def forward(self, pyramid: Any, size: Any) -> Any:
        x, skips = pyramid[-1], pyramid[-2::-1]
        for i, (up, convs) in enumerate(zip(self.up, self.convs, strict=True)):
            x = up(x)
            if i < len(skips):
                x = x + getattr(self, f"skip{i}")(skips[i])
            x = convs(x)
        return self.head(x)


class InDictionary(Adds):
    def __init__(self, channels: Any, strides: Any) -> None:
        super().__init__(channels, strides)
        self.prepare = torch.nn.ModuleDict({str(i): layer for i, layer in enumerate(self.prepare)})  # type: ignore[assignment]

    def forward(self, pyramid: Any, size: Any) -> Any:
        *skips, x = pyramid
        for i, (up, convs) in enumerate(zip(self.up, self.convs, strict=True)):
            x = convs(up(x) + self.prepare[str(i)](skips.pop()) if skips else up(x))  # type: ignore[index]
        return self.head(x)


class FinestFirst(Adds):
    def __init__(self, channels: Any, strides: Any) -> None:
        super().__init__(channels, strides)
        self.prepare = torch.nn.ModuleList(reversed(self.prepare))

    def forward(self, pyramid: Any, size: Any) -> Any:
        skips = [layer(level) for layer, level in zip(self.prepare, pyramid[:-1], strict=True)]
        x = pyramid[-1]
        for up, convs in zip(self.up, self.convs, strict=True):
            x = up(x) + skips.pop() if skips else up(x)
            x = convs(x)
        return self.head(x)


right("08.2", "attributes", build(ByName))
right("08.2", "a ModuleDict", build(InDictionary))
right("08.2", "finest first", build(FinestFirst))

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
