"""Areas under curves, as students compute them."""

from typing import Any

import numpy as np


def average_precision(scores: Any, true: Any) -> float:
    """Mean precision over the limits at which a true one comes in; equal scores come in together.

    ``scores`` (N,), ``true`` (N,) bool. nan where nothing is true.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], true[order].astype(float)
    last = np.append(np.diff(ranked) != 0, True)  # of equal scores only the last counts
    found = np.cumsum(hits)[last]
    precision, recall = found / (np.flatnonzero(last) + 1), found / hits.sum()
    return float((np.diff(recall, prepend=0.0) * precision).sum())
