"""Answers that are numbers, tables or choices: to lessons 09 and 10."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch

from tests.helpers.exercises import arguments
from tests.teaching.mutants.bank import Later, right, wrong
from tests.teaching.mutants.changes import each, made, same

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
