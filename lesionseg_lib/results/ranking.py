"""Who may be best: an order of recipes that says how sure it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lesionseg_lib.results.records import Record
from lesionseg_lib.results.seeds import seed_spread
from lesionseg_lib.results.significance import LEVEL, SIGNIFICANCE_DRAWS, holm, p_value, resampled_scores


@dataclass(frozen=True)
class Place:
    """One recipe among others, by mean Jaccard on test."""

    name: str
    jaccard: float
    best: float
    """Share of draws of images and seeds in which it comes first. No chance of being the best: see ``rank``."""
    first: int
    last: int
    """95 % of the draws have it between these two places."""
    behind: float
    """What the recipe with the highest mean is ahead, in mean Jaccard."""
    tied: bool
    """Whether it cannot be told apart from that one: Holm-corrected p of at least .05."""


def rank(names: Sequence[str], records: Mapping[str, Mapping[int, Record]], results: Path) -> list[Place]:
    """Places of recorded recipes, the highest mean first.

    Draws images in common, and for each recipe what other seeds would change in the mean of as many as it has, as in
    ``ablations.measure``. So draws scatter around the observed means, and those of a recipe with one seed scatter
    further than those of one with three: of two with one mean it comes first more often, and last. Being compared with
    the highest of many is hard: that one was lucky, too. Raises ``RecordError`` like ``resampled_scores``.
    """
    draws: npt.NDArray[np.float64] = resampled_scores(names, records, results).to_numpy()  # (n, recipes)
    means = np.array(
        [np.mean([record["test"]["jaccard"]["mean"] for record in records[name].values()]) for name in names]
    )
    spread = seed_spread(records, results)
    if spread.recipes:
        draws = draws + spread.draw(
            SIGNIFICANCE_DRAWS, [len(records[name]) for name in names], np.random.default_rng(2)
        )
    places = (-draws).argsort(1).argsort(1) + 1
    ends = np.quantile(places, [LEVEL / 2, 1 - LEVEL / 2], axis=0, method="nearest").astype(int)
    top = int(means.argmax())
    others = [i for i in range(len(names)) if i != top]
    corrected = dict(zip(others, holm([p_value(draws[:, top] - draws[:, i]) for i in others]), strict=True))
    return [
        Place(
            names[i],
            float(means[i]),
            float((places[:, i] == 1).mean()),
            int(ends[0, i]),
            int(ends[1, i]),
            float(means[top] - means[i]),
            bool(i == top or corrected[i] >= LEVEL),
        )
        for i in np.argsort(-means, kind="stable")
    ]
