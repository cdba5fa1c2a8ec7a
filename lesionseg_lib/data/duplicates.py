"""Which photos of two sets look alike: perceptual hashes, distances, closest pairs.

A hash is for copies: the same photo, resized, squeezed, stored again. That two photos are *near* in any of these
senses does not make them copies; look at every pair.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionseg_lib.data.datasets import Image
from lesionseg_lib.errors import ShapeError

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]


def difference_hash(image: Image) -> Bits:
    """dHash: at 9 x 8 grey pixels, whether each pixel is darker than its right neighbour: bool (64,).

    Source: N. Krawetz, *Kind of Like That*, hackerfactor.com, 2013.
    """
    grey = _grey(image, 9, 8)
    return (grey[:, :-1] < grey[:, 1:]).ravel()


def perceptual_hash(image: Image) -> Bits:
    """pHash: at 32 x 32 grey pixels, whether each of 63 low cosine frequencies is above their median: bool (63,).

    The 8 x 8 lowest without frequency 0, the mean. Source: N. Krawetz, *Looks Like It*, hackerfactor.com, 2011, after
    C. Zauner's pHash, 2010.
    """
    waves = np.asarray(cv2.dct(_grey(image, 32, 32)), np.float32)[:8, :8].ravel()[1:]
    return np.asarray(waves > np.median(waves))


def hash_distances(first: Bits, second: Bits) -> Floats:
    """Bits that differ (Hamming distance): hashes (N, B) and (M, B) -> (N, M), 0 to B; about B / 2 by chance."""
    _check(first, second)
    a, b = first.astype(np.float64), second.astype(np.float64)
    return np.asarray(a @ (1 - b).T + (1 - a) @ b.T)


def cosine_distances(first: NDArray[Any], second: NDArray[Any]) -> Floats:
    """1 - cosine of the angle between descriptions (N, C) and (M, C): (N, M), 0 for the same direction."""
    _check(first, second)
    a, b = (np.asarray(x, np.float64) for x in (first, second))
    a, b = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) for x in (a, b))
    return np.asarray(1 - a @ b.T)


def closest_pairs(
    distances: Floats, first_ids: Sequence[str], second_ids: Sequence[str], count: int = 5
) -> pd.DataFrame:
    """The ``count`` pairs of smallest distance (N, M), ascending: columns ``first``, ``second``, ``distance``.

    Of one set against itself (the same ids), each pair is listed once, and no photo beside itself.
    """
    if distances.shape != (len(first_ids), len(second_ids)):
        raise ShapeError(
            f"distances {distances.shape} for {len(first_ids)} and {len(second_ids)} ids; expected one each."
        )
    itself = tuple(first_ids) == tuple(second_ids)
    rows, columns = np.triu_indices(len(first_ids), 1) if itself else np.indices(distances.shape).reshape(2, -1)
    order = np.argsort(distances[rows, columns], kind="stable")[:count]
    chosen = [(first_ids[i], second_ids[j], distances[i, j]) for i, j in zip(rows[order], columns[order], strict=True)]
    return pd.DataFrame(chosen, columns=["first", "second", "distance"])


def _grey(image: Image, width: int, height: int) -> NDArray[np.float32]:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    # Averaged as floats: as bytes, neighbours less than a grey level apart would tie.
    return np.asarray(cv2.resize(grey.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _check(first: NDArray[Any], second: NDArray[Any]) -> None:
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise ShapeError(f"descriptions {first.shape} and {second.shape}; expected (N, C) and (M, C).")
