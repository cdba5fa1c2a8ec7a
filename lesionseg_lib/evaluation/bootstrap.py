"""Every interval over resampled images."""

import numpy as np
import numpy.typing as npt

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.evaluation.metrics import Array


def bootstrap_interval(values: Array, level: float = 0.95, n: int = 2000, seed: int = 0) -> tuple[float, float]:
    """Percentile interval of the mean of ``values`` (N,) over resampled images.

    Source: Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993, chapter 13. It says how much the mean would
    move with other images from the same source, nothing about other seeds or other clinics.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0:
        raise ShapeError(f"Values have shape {values.shape}. Expected one number an image, (N,) with N > 0.")
    draws = np.random.default_rng(seed).integers(0, len(values), size=(n, len(values)))
    means = values[draws].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


BOOTSTRAP_DRAWS = 2000


def resampled_means(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], n: int = BOOTSTRAP_DRAWS, seed: int = 0
) -> npt.NDArray[np.float64]:
    """Bootstrap of the mean of ``a`` minus that of ``b``, scores (seeds, N) of the same N images: means (n,).

    Images are resampled in pairs, because a hard image is hard for both; seeds are resampled within each. Few seeds
    show too little of their spread: resampling two of them sees a half of its variance, three of them two thirds.
    """
    rng = np.random.default_rng(seed)
    images = rng.integers(0, a.shape[1], size=(n, a.shape[1]))
    draws = np.arange(n)[:, None]
    first, second = (
        np.stack([scores[images].mean(1) for scores in x])[rng.integers(0, len(x), size=(n, len(x))), draws].mean(1)
        for x in (a, b)
    )
    means: npt.NDArray[np.float64] = first - second
    return means


def paired_interval(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], level: float = 0.95, n: int = BOOTSTRAP_DRAWS, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of ``resampled_means``.

    With one seed each this is ``metrics.bootstrap_interval`` of the differences.
    """
    low, high = np.quantile(resampled_means(a, b, n, seed), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
