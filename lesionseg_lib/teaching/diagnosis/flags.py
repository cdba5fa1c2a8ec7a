"""Which photos a network flags by what it expects, and how the limit is chosen wrongly."""

from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis.causes import Cause, cause
from lesionseg_lib.teaching.diagnosis.engine import Finding
from lesionseg_lib.teaching.diagnosis.reading import demand, opened, refuse

ABOVE = cause("flags-above")

ON_TEST = cause("limit-from-test")

OTHER_QUANTILE = cause("other-quantile")

A_LIMIT = cause("fixed-limit")


def check_flags(flagged: Any, known: Any, bets: Any) -> None:
    """Look at the photos that a student flags; raises ``Wrong`` where they are not those with the lowest bets."""
    flagged = np.asarray(opened(flagged.to_numpy() if hasattr(flagged, "to_numpy") else flagged))
    if (
        flagged.dtype.kind in "iu"
        and flagged.ndim == 1
        and len(flagged) != len(bets)
        and flagged.size
        and flagged.max() < len(bets)
    ):
        flagged = np.isin(np.arange(len(bets)), flagged)  # their numbers
    if flagged.dtype.kind in "iuf" and flagged.shape == bets.shape and set(np.unique(flagged)) <= {0, 1}:
        flagged = flagged.astype(bool)
    demand(flagged.dtype == np.bool_ and flagged.shape == bets.shape, "flag each test photo: an array of bool (N,).")
    if not flagged.any():
        refuse("these are not the test photos to flag: not one is flagged.", Finding(((A_LIMIT,), (ABOVE,))))
    limit = np.quantile(known, 0.1)

    def same(other: Any) -> bool:
        either = int((flagged | other).sum())
        return int((flagged != other).sum()) <= max(0.05 * either, 1 if len(other) > 20 and either > 3 else 0)

    if same(bets < limit):
        return
    tries: list[tuple[Cause, Any]] = [
        (ABOVE, bets > limit),
        (ON_TEST, bets < np.quantile(bets, 0.1)),
        (ABOVE, bets > np.quantile(known, 0.9)),
        *((OTHER_QUANTILE, bets < np.quantile(known, q)) for q in (0.9, 0.5, 0.05, 0.2, 0.01, 0.25)),
        *((A_LIMIT, bets < value) for value in (0.5, 0.65, 0.1, 0.05, 0.01, 0.2, 0.3, 0.7, 0.8, 0.9)),
        (A_LIMIT, bets < known.mean()),
        (A_LIMIT, bets < known.mean() - known.std()),
        (ON_TEST, bets < np.quantile(bets, 0.9)),
    ]
    why = next((why for why, other in tries if same(other)), None)
    refuse(
        f"these are not the test photos to flag: {flagged.mean():.0%} are flagged, "
        f"{(bets < limit).mean():.0%} should be.",
        why,
        "Wanted are those below the value under which a tenth of the validation photos lie.",
    )
