"""What chance alone may do: resampled scores, p values, and their correction for many looks.

Images are independent draws from one source; all recipes are scored on the same draws, so that a hard image is hard for
all of them. Seeds are no part of this: ``seeds.SeedSpread.draw`` adds what they may do.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesionseg_lib.errors import RecordError
from lesionseg_lib.evaluation.bootstrap import draw_images
from lesionseg_lib.results.comparison import image_scores
from lesionseg_lib.results.records import Records
from lesionseg_lib.utils.checks import Need, check_arrays

SIGNIFICANCE_DRAWS = 10_000
"""So many that the smallest p value, 2e-4, can be multiplied by the number of steps and still be small."""
LEVEL = 0.05


def resampled_scores(
    names: Sequence[str], records: Records, results: Path, n: int = SIGNIFICANCE_DRAWS
) -> pd.DataFrame:
    """Mean Jaccard of each recipe (columns) on n draws of images (rows), the same draws for all.

    Raises ``RecordError`` when a table is missing, or the tables list different images.
    """
    tables = {name: image_scores(results, name, records[name], "jaccard").mean() for name in names}
    scores = pd.DataFrame(tables)
    if scores.isna().any(axis=None):
        raise RecordError(f"The tables in {results} list different images, so they cannot be paired. Train again.")
    images = len(scores)
    drawn = draw_images(images, n) + images * np.arange(n)[:, None]
    weights = np.bincount(drawn.ravel(), minlength=n * images).reshape(n, images) / images
    return pd.DataFrame(weights @ scores.to_numpy(), columns=list(names))


def p_value(draws: npt.NDArray[np.float64]) -> float:
    """Two-sided, of resampled differences (n,); at least 2 / (n + 1), as so many draws cannot say less.

    Model: if nothing differed, the differences would lie about zero as they now lie about their mean; so the share on
    the other side of zero is the chance to see as much. It holds as far as their percentile interval does: p < .05 is
    that the 95 % interval leaves out zero. Raises ``ShapeError``, also for NaN, which lies on neither side of zero.
    """
    check_arrays(draws=Need(draws, "n"))
    beyond = min(int((draws <= 0).sum()), int((draws >= 0).sum()))
    return min(1.0, 2 * (1 + beyond) / (1 + len(draws)))


def holm(p: Sequence[float]) -> list[float]:
    """The smallest times their number, the next times one less, and so on; never below one before it, at most 1.

    Whatever depends on whatever: the chance that any of them is below .05 without an effect is at most .05. Raises
    ``ShapeError`` for what is no chance. Source: Holm, *A simple sequentially rejective multiple test procedure*, 1979.
    """
    if not len(p):
        return []
    check_arrays(p=Need(np.asarray(p, np.float64), "N", between=(0, 1)))
    order = np.argsort(p, kind="stable")
    scaled = np.array(p)[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(scaled))
    return [float(value) for value in adjusted]
