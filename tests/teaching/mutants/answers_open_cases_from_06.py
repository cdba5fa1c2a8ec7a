"""Mistakes that an earlier version of the checks did not name, each written anew from its description."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from lesionseg_lib.evaluation import boundaries, scoring
from lesionseg_lib.models.decoders import UNetDecoder
from lesionseg_lib.training import probing, recipes
from tests.helpers.exercises import arguments
from tests.helpers.exercises.lesson08 import JOINED, Adds, unet
from tests.helpers.exercises.lesson09 import gated
from tests.helpers.exercises.lesson11 import bet
from tests.helpers.stand_ins import dark, lesson
from tests.teaching.mutants.bank import Later, wrong
from tests.teaching.mutants.changes import each, made


# ---- lessons 06 and 07
def one_model() -> Any:
    """Of two families whose models differ, the first one's scores for both."""
    found, slips, fits, given = arguments("06.1")[0]
    other = copy.deepcopy(fits["C"])
    with torch.no_grad():
        for parameter in other.model.decoder.parameters():
            parameter.mul_(-1)
    return {slip: dict.fromkeys(row, row["B"]) for slip, row in found.items()}, slips, fits | {"C": other}, given


wrong("06.1", "open: one model for every family", "family", Later(one_model))


def slip_with_mean() -> Any:
    found, slips, *rest = arguments("06.1")[0]
    mean = recipes_mean()
    return found, slips | {"only / 255": replace(slips["only / 255"], mean=mean)}, *rest


def recipes_mean() -> Any:
    return dark().preprocessing.mean


def freely(strides: Any, column: str = "jaccard") -> Any:
    masks, photos = lesson().decoded.validation.masks, lesson().splits.validation
    tables = [scoring.score_images(probing.best_cover(masks, s).numpy(), photos)[column].mean() for s in strides]
    return dict(zip((8, 16, 32), map(float, tables), strict=True)), lesson()


wrong("06.1", "open: mean still subtracted", "mean", Later(slip_with_mean))
wrong("06.2", "open: stride 8 three times", "stride", Later(lambda: freely((8, 8, 8))))
wrong("06.2", "open: Dice", "Dice", Later(lambda: freely((8, 16, 32), "dice")))
wrong("06.2", "open: reversed", "revers", Later(lambda: freely((32, 16, 8))))
wrong("07.1", "open: one step", "one step|first step|four steps", made("07.1", each(lambda x: x / 4 / 0.6)))
wrong("07.1", "open: squared", "squared|root", made("07.1", each(lambda x: 100 * (x / 100) ** 2)))


# ---- lessons 08 and 09
class Three(Adds):
    """Its skips go through 3 x 3 convolutions."""

    def __init__(self, channels: Any, strides: Any) -> None:
        UNetDecoder.__init__(self, channels, strides, skips=False)
        pairs = list(zip(reversed(channels[:-1]), self.widths, strict=False))
        self.prepare = nn.ModuleList(nn.Conv2d(c, w, 3, padding=1) for c, w in pairs)


def over_all_pixels() -> Any:
    named, _, data, edges = arguments("08.3")[0]
    _, of = boundaries.errors_by_distance(data.masks == 1, data.masks == 1, edges)
    share = of.sum(0) / of.sum()
    return {row: {k: x * s for (k, x), s in zip(v.items(), share, strict=True)} for row, v in named.items()}


def gate(*terms: int) -> Later:
    return Later(lambda: (sum(terms), gated().decoder.gates[2]))


wrong("08.1", "open: a skip at the end", "skip|no skip", Later(lambda: ([*JOINED[:4], (24, 160, 96)], unet())))
wrong(
    "08.1", "open: channels alone", "height|size|channels, height", Later(lambda: ([c for c, _, _ in JOINED], unet()))
)
wrong("08.2", "open: 3 x 3", "3 x 3", Later(lambda: (Three, arguments("08.2")[0][1])))
wrong(
    "08.3",
    "open: of all pixels",
    "all pixels|all of the photo",
    Later(lambda: (over_all_pixels(), *arguments("08.3")[0][1:])),
)
wrong("09.1", "open: not halved", "half|halved", gate(4 * 24 * 24, 32 * 24 + 24, 24 + 1, 24**2 + 2 * 24))
wrong("09.1", "open: no coefficient", "coefficient|last", gate(4 * 24 * 12, 32 * 12 + 12, 24**2 + 2 * 24))
wrong(
    "09.2",
    "open: areas beside wrong strides",
    "stride|order|revers",
    made(
        "09.2",
        lambda v: {
            half: {"J": row["J"]} | dict(zip(list(row)[1:], list(row.values())[:0:-1], strict=True))
            for half, row in v.items()
        },
    ),
)


def of_one_decoder() -> Any:
    first = arguments("09.3")[0][1].table["jaccard"].to_numpy()
    return len(first) * (100 * 1.96 * first.std() / len(first) ** 0.5 / 0.5) ** 2


wrong(
    "09.3",
    "open: the interval of J",
    "of J|not of the gain|one decoder",
    Later(lambda: (of_one_decoder(), *arguments("09.3")[0][1:])),
)

# ---- lessons 10 to 12
wrong("10.1", "open: one missing", "missing", (1, None, 9))
wrong("10.2", "open: nine everywhere", "one kernel|kernel", made("10.2", lambda v: dict.fromkeys(v, 9)))
wrong("10.3", "open: the rim at rate 6", "rim|corner|edge|6", (4 / 9, 8 / 9, 8 / 9), (6, 12, 18), 8)


def quarters(of: Any) -> Later:
    def make() -> Any:
        table, strata = arguments("11.1")[0][1:]
        kinds = strata["diagnosis"].fillna("unknown")
        return of(table["jaccard"].groupby([strata["size"], kinds], observed=True)), table, strata

    return Later(make)


def sorted_values(groups: Any) -> Any:
    means = groups.mean().unstack()
    return means.apply(lambda column: sorted(column))


wrong("11.1", "open: sums", "sum", quarters(lambda g: g.sum().unstack()))
wrong("11.1", "open: values sorted", "sorted|order", quarters(sorted_values))


def on_all() -> Any:
    _, z, truth = arguments("11.2")[0]
    t = torch.tensor(truth).float()
    losses = {
        k / 100: nn.functional.binary_cross_entropy_with_logits(torch.tensor(z) * 100 / k, t).item()
        for k in range(20, 500)
    }
    return min(losses, key=lambda k: losses[k]), z, truth


def dice_bet(x: Any) -> Any:
    j = bet(x)
    return 2 * j / (1 + j)


wrong("11.2", "open: all photos", "all photos|other half|both halves", Later(on_all))
wrong("11.3", "open: Dice", "Dice", made("11.3", lambda v: (dice_bet, v[1])))
wrong("12.1", "open: percent", "percent", made("12.1", lambda v: (v[0], 100 * v[1], v[2])))
wrong(
    "12.2",
    "open: the 2 is missing",
    "two recipes|factor 2|both recipes",
    made("12.2", lambda n: 0.1**2 / (1 / 196**2 - 0.004**2 / 3)),
)
wrong(
    "12.3",
    "open: smp-unet, light's decoder",
    "training",
    Later(lambda: (replace(recipes.get_recipe("smp-unet"), name="next", decoder=recipes.get_recipe("light").decoder),)),
)
