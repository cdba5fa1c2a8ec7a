"""Runs that differ from one recipe in a single setting: which setting that is, and what each came to, from the records.

Validation scores: this is for looking and choosing. What a change does on test, ``effects.measure`` says once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.ablations import Records, Step, besides
from lesionseg_lib.training.recipes import Recipe

BASE = "light"


def study_steps(recipes: Mapping[str, Recipe], base: str = BASE) -> list[Step]:
    """A step from ``base`` to every recipe of family "study"; topic and change are the one setting that differs.

    Raises ``RecordError`` where it is not one.
    """
    steps = []
    for name, recipe in recipes.items():
        if recipe.family == "study":
            changed = besides(Step("", base, name, ""), recipes)
            if len(changed) != 1:
                what = ", ".join(changed) or "nothing"
                raise RecordError(f"{name} differs from {base} in {what}; expected one setting.")
            steps.append(Step(changed[0], base, name, changed[0]))
    return steps


def study_table(names: Iterable[str], records: Records) -> pd.DataFrame:
    """One row a recipe that has a record: its settings, and at the best epoch its losses and validation Jaccard.

    Of the lowest seed. Losses of different kinds have no common unit: do not compare them down a column.
    """
    rows = {}
    for name in names:
        if name in records:
            record = records[name][min(records[name])]
            best = record["history"][record["best_epoch"] - 1]
            rows[name] = {
                "loss": record["recipe"]["loss"],
                "optimiser": record["recipe"]["optimizer"],
                "best epoch": record["best_epoch"],
                "training loss": best["train_loss"],
                "validation loss": best["validation_loss"],
                "validation J": best["validation_jaccard"],
            }
    return pd.DataFrame.from_dict(rows, orient="index")
