"""scikit-image, SciPy and statsmodels: colours, distances, intervals, corrections."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist, directed_hausdorff

from lesionseg_lib.data.duplicates import cosine_distances, hash_distances
from lesionseg_lib.data.properties import lab
from lesionseg_lib.evaluation.bootstrap import bootstrap_interval
from lesionseg_lib.evaluation.boundaries import border, hausdorff95
from lesionseg_lib.results.significance import holm
from tests.helpers.peers import blobs, drawn, row

LAB = row("scikit-image", "L*a*b*", "same to .01; other: white is rounded to five digits")
MAXIMUM = row("scikit-image", "Hausdorff distance, largest", "same, of the borders")
DIRECTED = row("SciPy", "Hausdorff distance, both directions", "same, of the borders")
HAMMING = row("SciPy", "Hamming distance", "same, times the number of bits")
COSINE = row("SciPy", "cosine distance", "same; other: NaN for a vector of zeros, ours 1")
PERCENTILE = row("SciPy", "bootstrap, percentile", "same to the noise of the draws")
BCA = row("SciPy", "bootstrap, BCa", "same to the noise of the draws")
HOLM = row("statsmodels", "Holm's correction")


@drawn
@given(arrays(np.uint8, (3, 4, 3)))
def test_colours(image: np.ndarray) -> None:
    color = pytest.importorskip("skimage.color", reason="scikit-image is not installed")
    LAB.equal(lab(image), color.rgb2lab(image), 0.01)


@drawn
@given(blobs())
def test_largest_distances(pair: tuple[np.ndarray, np.ndarray]) -> None:
    ours = hausdorff95(*pair, percentile=100)
    one, other = (np.argwhere(border(mask)) for mask in pair)
    DIRECTED.equal(ours, max(directed_hausdorff(one, other)[0], directed_hausdorff(other, one)[0]))
    metrics = pytest.importorskip("skimage.metrics", reason="scikit-image is not installed")
    MAXIMUM.equal(ours, metrics.hausdorff_distance(*(border(mask) for mask in pair)))


@drawn
@given(arrays(bool, (4, 63)), arrays(bool, (3, 63)))
def test_hash_distances(first: np.ndarray, second: np.ndarray) -> None:
    HAMMING.equal(hash_distances(first, second), 63 * cdist(first, second, "hamming"))


@drawn
@given(
    arrays(np.float64, (4, 5), elements=st.floats(0.01, 100)), arrays(np.float64, (3, 5), elements=st.floats(-9, -1))
)
def test_cosine_distances(first: np.ndarray, second: np.ndarray) -> None:
    COSINE.equal(cosine_distances(first, second), cdist(first, second, "cosine"))


@drawn
@given(st.integers(0, 10**6), st.integers(20, 60))
def test_intervals(seed: int, images: int) -> None:
    scores = np.random.default_rng(seed).beta(6, 2, images)
    for method, compared in (("percentile", PERCENTILE), ("BCa", BCA)):
        theirs = scipy.stats.bootstrap((scores,), np.mean, method=method, n_resamples=2000, rng=1).confidence_interval
        width = theirs.high - theirs.low
        compared.equal(
            np.array(bootstrap_interval(scores, method=method.lower())) / width, np.array(theirs) / width, 0.15
        )


@drawn
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm(p: list[float]) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest", reason="statsmodels is not installed")
    HOLM.equal(holm(p), multitest.multipletests(p, method="holm")[1])
