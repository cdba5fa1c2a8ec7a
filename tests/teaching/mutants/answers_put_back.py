"""Answers to exercise 07.2, with a run on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tests.helpers.exercises.trained import rest, restored
from tests.teaching.mutants.bank import Later, right, wrong

STAGES = (1, 2, 3, 4)


def changed(change: Callable[[Any], Any]) -> Later:
    return Later(lambda: (change(dict(restored())), *rest()))


def of_stages(change: Callable[[dict[int, float], float], dict[Any, float]]) -> Later:
    """The four stages' numbers changed, knowing what nothing put back scores."""
    return changed(lambda v: {None: v[None], **change({s: v[s] for s in STAGES}, v[None])})


wrong("07.2", "stages stay put back", "earlier stages", changed(lambda v: restored(together=True)))
wrong("07.2", "weights alone", "running means", changed(lambda v: restored(weights_only=True)))
wrong("07.2", "nothing put back", "nothing was put back", changed(lambda v: dict.fromkeys(v, v[None])))
wrong("07.2", "percent", "percent", changed(lambda v: {k: 100 * j for k, j in v.items()}))
wrong("07.2", "what it costs", "cost|difference", of_stages(lambda v, own: {s: own - j for s, j in v.items()}))
wrong(
    "07.2",
    "stages in reverse order",
    "reverse",
    of_stages(lambda v, own: dict(zip(STAGES, list(v.values())[::-1], strict=True))),
)
wrong(
    "07.2",
    "the stage before",
    "stage|shifted",
    of_stages(lambda v, own: {s: v[s - 1] if s > 1 else own for s in STAGES}),
)
wrong("07.2", "Dice of the scores", "Dice", of_stages(lambda v, own: {s: 2 * j / (1 + j) for s, j in v.items()}))
wrong("07.2", "nothing is missing", "missing", changed(lambda v: {s: v[s] for s in STAGES}))
right("07.2", "as it is", changed(lambda v: v))
right("07.2", "text keys", changed(lambda v: {str(k): j for k, j in v.items()}))
right("07.2", "a column", changed(lambda v: pd.Series(list(v.values()), [str(k) for k in v])))
right("07.2", "numpy's numbers", changed(lambda v: {k: np.float32(j) for k, j in v.items()}))
