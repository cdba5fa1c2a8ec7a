"""What tables of scores say when they are read wrongly: another column, another reduction."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lesionseg_lib.evaluation.metrics import METRICS, Counts
from lesionseg_lib.teaching.diagnosis import score_causes as why
from lesionseg_lib.teaching.diagnosis.causes import Cause
from lesionseg_lib.teaching.diagnosis.tables import Base, Numbers

COLUMNS: Sequence[tuple[str, Cause]] = [
    ("dice", why.DICE),
    ("sensitivity", why.RECALL),
    ("specificity", why.SPECIFICITY),
    ("accuracy", why.ACCURACY),
    ("threshold_jaccard", why.THRESHOLD_JACCARD),
]
REDUCTIONS: Sequence[tuple[Callable[[Any], float], Cause]] = [
    (lambda j: float(np.median(j)), why.MEDIAN),
    (lambda j: float(j.sum()), why.SUM),
    (lambda j: float(j.max()), why.BEST),
    (lambda j: float(j.min()), why.WORST),
    (lambda j: float(j[0]), why.FIRST),
    (lambda j: float(j[-1]), why.LAST),
    (lambda j: float(j.std()), why.DEVIATION),
    (lambda j: float(j.std(ddof=1)), why.DEVIATION),
    (lambda j: float((j > 0.5).mean()), why.HITS),
    (lambda j: float((j > 0.65).mean()), why.HITS),
    (lambda j: float(j[:-1].mean()) if len(j) > 1 else float("nan"), why.LAST_LEFT_OUT),
    (lambda j: float(j[1:].mean()) if len(j) > 1 else float("nan"), why.FIRST_LEFT_OUT),
    (lambda j: float(j[j > 0].mean()) if (j > 0).any() else 0.0, why.SKIPS_ZEROS),
    (lambda j: float(np.mean([j[i : i + 16].mean() for i in range(0, len(j), 16)])), why.MEAN_OF_BATCHES),
    (lambda j: float(np.mean([j[i : i + 32].mean() for i in range(0, len(j), 32)])), why.MEAN_OF_BATCHES),
    (lambda j: float(j[len(j) - (len(j) % 16 or 16) :].mean()), why.LAST_BATCH),
]


def misreadings(table: Callable[[Any], pd.DataFrame], keys: Sequence[Any]) -> list[Base]:
    """Bases: for each key the table of its photos, and another column or reduction than the mean of "jaccard"."""

    def reduced(column: str, how: Callable[[Any], float]) -> Numbers:
        return {key: how(table(key)[column].to_numpy()) for key in keys}

    def precision(key: Any) -> float:
        t = table(key)
        drawn = t["tp"] + t["fp"]
        return float(np.where(drawn == 0, 1.0, t["tp"] / np.maximum(drawn, 1)).mean())

    def pooled(key: Any, metric: str) -> float:
        t = table(key)
        counts = Counts(*(t[name].to_numpy() for name in ("tp", "fp", "fn", "tn"))).pooled()
        return float(METRICS[metric](counts)[0])

    def skin(key: Any) -> float:
        t = table(key)
        union = t["tn"] + t["fp"] + t["fn"]
        return float(np.where(union == 0, 1.0, t["tn"] / np.maximum(union, 1)).mean())

    found: list[Base] = [
        (cause, lambda column=column: reduced(column, lambda j: float(j.mean())))  # type: ignore[misc]
        for column, cause in COLUMNS
    ]
    found += [(cause, lambda how=how: reduced("jaccard", how)) for how, cause in REDUCTIONS]  # type: ignore[misc]
    found += [
        (why.PRECISION, lambda: {key: precision(key) for key in keys}),
        (why.POOLED, lambda: {key: pooled(key, "jaccard") for key in keys}),
        (why.POOLED, lambda: {key: pooled(key, "dice") for key in keys}),
        (why.SKIN, lambda: {key: skin(key) for key in keys}),
        (why.BACKGROUND, lambda: {key: (skin(key) + float(table(key)["jaccard"].mean())) / 2 for key in keys}),
    ]
    return found
