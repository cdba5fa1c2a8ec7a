"""Answers to the exercises of lesson 06."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import torch

from lesionseg_lib.models.preprocessing import Preprocessing
from lesionseg_lib.training import probing
from tests.helpers.exercises.registry import case
from tests.helpers.stand_ins import dark, lesson, official, score


@case("06.1")
def _() -> Any:
    slips = {"only / 255": Preprocessing((0.0,) * 3, (1.0,) * 3), "bytes": Preprocessing((0.0,) * 3, (1 / 255,) * 3)}
    fits = {"B": SimpleNamespace(model=dark()), "C": SimpleNamespace(model=copy.deepcopy(dark()))}

    def cost(slips: Any) -> Any:
        found: Any = {slip: {} for slip in slips}
        for family, fit in fits.items():
            model = copy.deepcopy(fit.model)
            for slip, model.preprocessing in slips.items():
                found[slip][family] = official(model)
        return found

    right, plain = cost(slips), official(dark())
    spoiled = copy.deepcopy(fits)
    spoiled["C"].model.preprocessing = slips["bytes"]
    upside_down = slips | {"bytes": Preprocessing((0.0,) * 3, (255.0,) * 3)}
    untouched = {slip: {"B": plain, "C": plain} for slip in slips}
    exchanged = dict(zip(right, list(right.values())[::-1], strict=True))
    return (right, slips, fits, lesson()), [
        ((cost(upside_down), upside_down, fits, lesson()), "upside down"),
        ((right, slips, spoiled, lesson()), "still forgets"),
        ((untouched, slips, fits, lesson()), "as trained"),
        ((exchanged, slips, fits, lesson()), "the other slip costs"),
        ((right, {"bytes": slips["bytes"]}, fits, lesson()), "no slip called 'only / 255'"),
        (({"bytes": right["bytes"]}, slips, fits, lesson()), "no score yet"),
    ]


@case("06.2")
def _() -> Any:
    masks = lesson().decoded.validation.masks
    best = {s: probing.best_cover(masks, s) for s in (8, 16, 32)}
    right = {f"{s}": score(torch.logit(p, eps=1e-6).numpy()) for s, p in best.items()}
    yardstick = {s: score(torch.logit(probing.cover(masks, s), eps=1e-6).numpy()) for s in best}
    return (right, lesson()), [
        ((yardstick, lesson()), "the yardstick itself"),
        (({s: score(p.numpy()) for s, p in best.items()}, lesson()), "wants logits"),
        ((right | {"32": yardstick[32] + 0.02}, lesson()), "can carry more"),
        ((right | {"8": 0.3}, lesson()), "below the average"),
        (({8: 1.0, 16: 1.0}, lesson()), "32 is missing"),
    ]
