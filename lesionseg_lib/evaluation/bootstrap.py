"""Every interval over resampled images: this file draws, and each function says only what is averaged.

Images are what is drawn, never pixels: those of one image go right or wrong together. An interval says how far a figure
would move with other images from the same source, nothing about other seeds or other clinics.

How often do 95 % intervals hold the true mean? Simulated with scores as a network's are, skewed and 5 % of them zero
(``benchmarks/coverage.py``, recorded in ``results/coverage.json``; percent of 5,000 samples, +-.6):

=========== ==== ==== ==== ====
images        20   50  100  379
=========== ==== ==== ==== ====
percentile     0    0    0    0
bca            0    0    0    0
studentised    0    0    0    0
=========== ==== ==== ==== ====

Source: Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993, chapters 12 (studentised), 13 (percentile) and 14
(BCa).
"""

from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.utils.checks import Need, check_arrays, check_number
from lesionseg_lib.utils.lookup import look_up

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
    """What the middle ``level`` of resampled figures (n,) lies between. Raises ``ShapeError``, also for NaN."""
    check_arrays(draws=Need(draws, "n"))
    check_number("level", level, 0, 1)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bootstrap_interval(
    values: NDArray[np.generic],
    level: float = 0.95,
    n: int = BOOTSTRAP_DRAWS,
    seed: int = 0,
    method: str = "percentile",
) -> tuple[float, float]:
    """Interval of the mean of ``values``, one number an image, (N,).

    Model: the images are independent draws from one source, and the mean over that source is what is sought. Nothing is
    assumed of the scores' distribution, but the sample must show its tails: with few images it rarely does, and the
    interval is too short (see the table above).

    Args:
        method: ``percentile``, the recorded one: the middle of the resampled means. ``bca``: their percentiles shifted
            for bias and skewness. ``studentised``: resampled in units of each draw's own standard error; the nearest to
            95 % with few images, at the price of longer intervals, which may leave the range of the scores.

    Raises:
        ShapeError: no values, NaN, or another shape.
        UnknownNameError: no such method.
    """
    check_arrays(values=Need(values, "N", "number or bool", what="one number an image"))
    numbers = np.asarray(values, dtype=np.float64)
    interval = look_up(METHODS, method, "method")
    return interval(numbers, numbers[draw_images(len(numbers), n, seed)], level)


def _percentile(numbers: Floats, drawn: Floats, level: float) -> tuple[float, float]:
    """``drawn``: the numbers of each draw, (n, N), here as in the other methods."""
    return percentile_interval(drawn.mean(axis=1), level)


def _bca(numbers: Floats, drawn: Floats, level: float) -> tuple[float, float]:
    means, mean, normal = drawn.mean(axis=1), numbers.mean(), NormalDist()
    distances = numbers - mean
    below = ((means < mean).mean() + (means <= mean).mean()) / 2
    if not 0 < below < 1 or not distances.any():  # all draws on one side: nothing tells the bias
        return percentile_interval(means, level)
    bias = normal.inv_cdf(float(below))
    skewness = float((distances**3).sum() / (6 * (distances**2).sum() ** 1.5))
    ends = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        z = bias + normal.inv_cdf(share)
        ends.append(float(np.quantile(means, normal.cdf(bias + z / (1 - skewness * z)))))
    return ends[0], ends[1]


def _studentised(numbers: Floats, drawn: Floats, level: float) -> tuple[float, float]:
    spread = drawn.std(axis=1)
    varied = spread > 0  # a draw of one image over and over has no standard error
    if not varied.any():
        return float(numbers.mean()), float(numbers.mean())
    low, high = percentile_interval((drawn[varied].mean(axis=1) - numbers.mean()) / spread[varied], level)
    return float(numbers.mean() - high * numbers.std()), float(numbers.mean() - low * numbers.std())


METHODS: dict[str, Callable[[Floats, Floats, float], tuple[float, float]]] = {
    "percentile": _percentile,
    "bca": _bca,
    "studentised": _studentised,
}


def resampled_means(a: Floats, b: Floats, n: int = BOOTSTRAP_DRAWS, seed: int = 0) -> Floats:
    """Bootstrap of the mean of ``a`` minus that of ``b``, scores (seeds, N) of the same N images: means (n,).

    Images are resampled in pairs, because a hard image is hard for both; seeds are resampled within each. Few seeds
    show too little of their spread: resampling two of them sees a half of its variance, three of them two thirds, one
    nothing. Raises ``ShapeError``.
    """
    check_arrays("one row a seed, one column an image", a=Need(a, "S N"), b=Need(b, "T N"))
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
    """Percentile interval of ``resampled_means``. With one seed each: ``bootstrap_interval`` of the differences.

    Model: images are independent draws from one source, seeds independent draws of what training may give; the
    difference of the two recipes' means over both is sought. PAIRED
    """
    return percentile_interval(resampled_means(a, b, n, seed), level)
