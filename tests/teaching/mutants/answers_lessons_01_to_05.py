"""Answers that are numbers, tables or choices: to lessons 01 to 05."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch

from tests.helpers.exercises import arguments
from tests.teaching.mutants.bank import Later, right, wrong
from tests.teaching.mutants.changes import each, made, placed, same

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
