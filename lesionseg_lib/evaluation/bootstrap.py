"""Every interval over resampled images: this file draws, and each function says only what is averaged.

Images are what is drawn, never pixels: those of one image go right or wrong together. An interval says how far a figure
would move with other images from the same source, nothing about other seeds or other clinics. NumPy only.

Source: Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993, chapter 13 (percentile intervals).
"""

import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.errors import ShapeError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BOOTSTRAP_DRAWS = 2000


def draw_images(images: int, n: int = BOOTSTRAP_DRAWS, seed: int | np.random.Generator = 0) -> Integers:
    """Numbers of the images that each of ``n`` draws holds, with replacement: (n, images)."""
    return np.random.default_rng(seed).integers(0, images, size=(n, images))


def count_draws(images: int, n: int = BOOTSTRAP_DRAWS, seed: int | np.random.Generator = 0) -> Integers:
    """How often each image comes in each of ``n`` draws: (n, images).

    Distributed as the counts of ``draw_images`` (other draws, as they come from one multinomial); for figures that are
    ratios of sums, which a product with the counts gives at once.
    """
    return np.random.default_rng(seed).multinomial(images, np.full(images, 1 / images), size=n)


def percentile_interval(draws: Floats, level: float = 0.95) -> tuple[float, float]:
    """What the middle ``level`` of resampled figures (n,) lies between."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bootstrap_interval(
    values: NDArray[np.generic], level: float = 0.95, n: int = BOOTSTRAP_DRAWS, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of the mean of ``values``, one number an image, (N,). Raises ``ShapeError``."""
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or len(numbers) == 0:
        raise ShapeError(f"Values have shape {numbers.shape}. Expected one number an image, (N,) with N > 0.")
    return percentile_interval(numbers[draw_images(len(numbers), n, seed)].mean(axis=1), level)


def resampled_means(a: Floats, b: Floats, n: int = BOOTSTRAP_DRAWS, seed: int = 0) -> Floats:
    """Bootstrap of the mean of ``a`` minus that of ``b``, scores (seeds, N) of the same N images: means (n,).

    Images are resampled in pairs, because a hard image is hard for both; seeds are resampled within each. Few seeds
    show too little of their spread: resampling two of them sees a half of its variance, three of them two thirds.
    """
    rng = np.random.default_rng(seed)
    images, draws = draw_images(a.shape[1], n, rng), np.arange(n)[:, None]
    first, second = (
        np.stack([scores[images].mean(1) for scores in x])[rng.integers(0, len(x), size=(n, len(x))), draws].mean(1)
        for x in (a, b)
    )
    means: Floats = first - second
    return means


def paired_interval(
    a: Floats, b: Floats, level: float = 0.95, n: int = BOOTSTRAP_DRAWS, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of ``resampled_means``. With one seed each: ``bootstrap_interval`` of the differences."""
    return percentile_interval(resampled_means(a, b, n, seed), level)
