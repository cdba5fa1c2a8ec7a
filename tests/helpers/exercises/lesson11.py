"""Answers to the exercises of lesson 11."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from lesionseg_lib.models.postprocessing import sigmoid
from tests.helpers.exercises.registry import case


@case("11.1")
def _() -> Any:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"jaccard": rng.beta(8, 2, 80)})
    table["dice"] = 2 * table["jaccard"] / (1 + table["jaccard"])
    sizes = pd.qcut(rng.random(80), 4, labels=["smallest", "second", "third", "largest"])
    strata = pd.DataFrame({"size": sizes, "diagnosis": np.where(rng.random(80) > 0.3, "benign", "malignant")})
    strata.loc[:3, "diagnosis"] = None
    keys = [strata["size"], strata["diagnosis"].fillna("unknown")]
    groups = table["jaccard"].groupby(keys, observed=True)
    means, plain = groups.mean().unstack(), table["jaccard"].groupby(keys[1]).mean()
    flat = pd.DataFrame({kind: dict.fromkeys(means.index, value) for kind, value in plain.items()})
    rest = table, strata
    return (means.round(3), *rest), [
        ((groups.median().unstack(), *rest), "median"),
        ((table["dice"].groupby(keys, observed=True).mean().unstack(), *rest), "Dice"),
        ((flat, *rest), "Group by size as well"),
        ((100 * means, *rest), "percent"),
        ((groups.size().unstack(), *rest), "numbers of photos"),
        ((means.T, *rest), "expected the rows"),
        ((means[["benign"]], *rest), "no column"),
        ((plain.to_dict(), *rest), "expected a table"),
    ]


@case("11.2")
def _() -> Any:
    rng = np.random.default_rng(0)
    true = rng.normal(0, 3, (8, 16, 16)).astype(np.float32)
    truth = rng.random(true.shape) < sigmoid(true)
    z = true * np.where(np.arange(8) % 2 == 0, 0.5, 1.5).astype(np.float32)[:, None, None]  # best at .5 and at 1.5
    return (0.5, z, truth), [
        ((2.0, z, truth), "you multiplied"),
        ((1.5, z, truth), "of the other photos"),
        ((-1, z, truth), "above 0"),
        ((0.3, z, truth), "sharper"),
        ((4.0, z, truth), "flatter"),
        (("low", z, truth), "should be a number"),
    ]


def bet(logits: Any) -> Any:
    p = sigmoid(logits)
    inside = p > 0.5
    return (p * inside).sum((1, 2)) / np.maximum(inside.sum((1, 2)) + (p * ~inside).sum((1, 2)), 1e-6)


@case("11.3")
def _() -> Any:
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.2, 4, 300)[:, None, None]
    z, test = ((rng.normal(-1, 3, (300, 8, 8)) * sure * k).astype(np.float32) for k in (1, 0.6))
    flagged = bet(test) < np.quantile(bet(z), 0.1)

    def inside_only(x: Any) -> Any:
        p = sigmoid(x)
        return (p * (p > 0.5)).sum((1, 2)) / np.maximum((p > 0.5).sum((1, 2)), 1)

    def unguarded(x: Any) -> Any:
        p = sigmoid(x)
        with np.errstate(all="ignore"):
            return (p * (p > 0.5)).sum((1, 2)) / (
                (p > 0.5).sum((1, 2)) + np.where(p < 1e-6, 0, p * (p <= 0.5)).sum((1, 2))
            )

    own = bet(test) < np.quantile(bet(test), 0.1)
    return ((bet, flagged), z, test), [
        (((inside_only, flagged), z, test), "outside counts"),
        (((lambda x: bet(x).mean(), flagged), z, test), "2 photos should get 2 numbers"),
        (((lambda x: bet(sigmoid(x)), flagged), z, test), "second sigmoid"),
        (((unguarded, flagged), z, test), "divides 0 by 0"),
        (((bet, own), z, test), "chosen on test"),
        (((bet, ~flagged), z, test), "not those above"),
        (((bet, bet(test) < 0.01), z, test), "not the test photos"),
        (((bet, None), z, test), "which test photos"),
        ((bet, z, test), "expected two"),
    ]
