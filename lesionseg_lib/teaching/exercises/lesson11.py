"""Exercises of lesson 11: size or diagnosis, one temperature, and a network's own doubt."""

from typing import Any

import numpy as np
import pandas as pd
import torch

from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching.exercises.answers import Slip, agree, ask, demand, is_blank, number, numbers
from lesionseg_lib.training.losses import bce


def diagnosis_or_size(means: Any, table: pd.DataFrame, strata: pd.DataFrame) -> None:
    """within each quarter of size, benign and malignant stand side by side. Mind how many photos a mean has.

    ``means``: DataFrame of mean J, a row for each quarter of size, a column for each diagnosis.
    """
    demand(
        isinstance(means, pd.DataFrame), "expected a table with a row for each quarter, a column for each diagnosis."
    )
    kinds = strata["diagnosis"].fillna("unknown")
    sizes = strata["size"].cat.categories if hasattr(strata["size"], "cat") else strata["size"].unique()
    demand(
        set(map(str, means.index)) == set(map(str, sizes)),
        f"expected the rows {', '.join(map(str, sizes))}; found {', '.join(map(str, means.index))}. Group by both, "
        "then unstack.",
    )
    mine = means.rename(columns=str).rename(index=str)
    for kind in sorted(set(kinds)):
        demand(kind in mine, f"there is no column {kind!r}; found {', '.join(mine.columns)}.")
        _check_groups(kind, mine[kind], table[kinds == kind], strata["size"][kinds == kind].astype(str))


def _check_groups(kind: str, means: Any, table: pd.DataFrame, size: Any) -> None:
    groups = table.groupby(size)["jaccard"]
    everybody = table["jaccard"].mean()
    slips: list[Slip] = [
        ("these are medians.", lambda: groups.median().to_dict()),
        ("every quarter has the mean of all. Group by size as well.", lambda: dict.fromkeys(groups.groups, everybody)),
        ("this is Dice, which is kinder to small lesions.", lambda: table.groupby(size)["dice"].mean().to_dict()),
        ("these are numbers of photos.", lambda: groups.size().to_dict()),
    ]
    found = numbers(means, list(groups.groups), kind)
    demand(
        max(found.values()) <= 1 or max(found.values()) == groups.size().max(), f"{kind}: from 0 to 1, not in percent."
    )
    agree(found, groups.mean().to_dict(), slips, of=kind)


def cool_it_down(temperature: Any, logits: Any, truth: Any) -> None:
    """no other temperature has a smaller cross-entropy there, and not one pixel changes sides.

    ``temperature``: the T from .2 to 5 with the smallest cross-entropy of logits / T on every second photo, beginning
    with the first. ``logits`` (N, h, w), ``truth`` bool (N, h, w).
    """
    found = number(temperature, "T")
    demand(found > 0, "T must be above 0: a negative one exchanges skin and lesion, and nothing is divided by 0.")
    half = np.arange(len(logits)) % 2 == 0

    def entropy(t: float, rows: Any = half) -> float:
        target = torch.tensor(np.asarray(truth)[rows])[:, None].float()
        return float(bce(torch.tensor(np.asarray(logits)[rows])[:, None] / t, target))

    grid = [float(t) for t in np.geomspace(0.2, 5, 60)]
    best = min(grid, key=entropy)

    def as_good(t: float) -> bool:
        return abs(np.log(t / best)) < 0.09 or entropy(t) < 1.0005 * entropy(best)

    if as_good(found):
        return
    demand(not as_good(1 / found), "you multiplied. T divides the logits, so yours is 1 / T.")
    other = min(grid, key=lambda t: entropy(t, ~half))
    demand(
        abs(np.log(found / other)) > 0.09,
        "that is the best T of the other photos, on which it is to be judged. Choose on photos 0, 2, 4, ...",
    )
    softer = "flatter" if found > best else "sharper"
    demand(False, f"there is a smaller cross-entropy: this T makes the network {softer} than it should be.")


def does_it_know(answer: Any, validation: Any, test: Any) -> None:
    """it bets on its own mask as you say, and the limit was chosen on validation.

    ``answer``: a function, logits (N, h, w) -> expected J (N,), and which test photos it flags, bool (M,).
    ``validation`` and ``test``: the logits, (N, h, w) and (M, h, w).
    """
    demand(isinstance(answer, list | tuple) and len(answer) == 2, "expected two: the function, and the flagged photos.")
    function, flagged = answer
    p = np.array([[[0.9, 0.6, 0.3, 0.1]], [[0.8, 0.8, 0.3, 0.2]]], np.float32)
    said = np.asarray(ask(function, np.log(p / (1 - p))), float)
    demand(
        said.shape == (2,), f"two photos should get two numbers; found the shape {said.shape}. Sum over axes 1 and 2."
    )
    slips = [
        ("that is the mean probability inside the mask; lesion outside counts as well.", lambda: {"a": 0.75, "b": 0.8}),
        ("the function gets logits; take the sigmoid first.", lambda: {"a": _bet(np.log(p / (1 - p)))[0]}),
        ("that took a second sigmoid or none: the mask is where p is above .5.", lambda: {"a": _bet(sigmoid(p))[0]}),
        ("below the line a pixel of the mask counts as 1, not as its probability.", lambda: {"a": 1.5 / 1.9}),
        ("above the line stand probabilities, not pixels.", lambda: {"a": 2 / 2.4}),
    ]
    expected = dict(zip("ab", _bet(p), strict=True))
    hint = "For p = .9, .6, .3, .1 it is (.9 + .6) / (2 + .3 + .1)."
    agree(dict(zip("ab", said, strict=True)), expected, slips, hint=hint)
    none = np.asarray(ask(function, np.full((1, 2, 2), -20, np.float32)), float)
    demand(np.isfinite(none).all(), "a photo with no mask and no doubt divides 0 by 0: use np.maximum below the line.")
    demand(not is_blank(flagged), "which test photos are flagged?")
    flagged, bets = np.asarray(flagged), np.asarray(function(test), float)
    demand(flagged.dtype == np.bool_ and flagged.shape == bets.shape, "flag each test photo: an array of bool (N,).")
    limits = np.quantile(np.asarray(function(validation), float), 0.1), np.quantile(bets, 0.1)

    def same(other: Any) -> bool:
        return float((flagged == other).mean()) > 0.99  # one photo may stand on the limit

    if same(bets < limits[0]):
        return
    demand(not same(bets > limits[0]), "flag those below the value, not those above it.")
    demand(not same(bets < limits[1]), "the value was chosen on test, so a tenth are flagged by design. On validation.")
    demand(False, "these are not the test photos below the value under which a tenth of the validation photos lie.")


def _bet(p: Any) -> Any:
    inside = p > 0.5
    return (p * inside).sum((1, 2)) / np.maximum(inside.sum((1, 2)) + (p * ~inside).sum((1, 2)), 1e-6)
