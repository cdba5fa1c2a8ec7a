"""Which photos of two sets look alike: perceptual hashes, distances, closest pairs.

A hash is for copies: the same photo, resized, squeezed, stored again. That two photos are *near* in any of these
senses does not make them copies; look at every pair.

Flat ground has no bits. Both hashes average areas exactly, and take what differs by less than half a grey level as
equal: that is less than the step of a byte, so it tells how a photo was rounded and stored, not what it shows.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionseg_lib.data.datasets import Image
from lesionseg_lib.utils.checks import Need, check_arrays

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]

TIE = 0.5
"""Grey levels that must be exceeded before a difference is one."""


def difference_hash(image: Image, tie: float = TIE) -> Bits:
    """dHash: at 9 x 8 grey pixels, whether each pixel is darker than its right neighbour: bool (64,).

    ``image``: uint8 (H, W, 3), RGB, of any size; darker by no more than ``tie`` grey levels is not darker. Raises
    ``ShapeError``. Source: N. Krawetz, *Kind of Like That*, hackerfactor.com, 2013.
    """
    grey = _grey(image, 9, 8)
    return (grey[:, 1:] - grey[:, :-1] > tie).ravel()


def perceptual_hash(image: Image, tie: float = TIE) -> Bits:
    """pHash: at 32 x 32 grey pixels, whether each of 63 low cosine frequencies is above their median: bool (63,).

    The 8 x 8 lowest without frequency 0, the mean. A wave of ``tie`` grey levels above the median is not above it: of
    a picture that is symmetric, half of the waves have none. Raises ``ShapeError``. Source: N. Krawetz, *Looks Like
    It*, hackerfactor.com, 2011, after C. Zauner's pHash, 2010.
    """
    waves = np.asarray(cv2.dct(_grey(image, 32, 32)), np.float64)[:8, :8].ravel()[1:]
    return np.asarray(waves - np.median(waves) > tie * 32 / 2)  # a wave of one grey level along both axes is 32 / 2


def hash_distances(first: Bits, second: Bits) -> Floats:
    """Bits that differ (Hamming distance): hashes (N, B) and (M, B) -> (N, M), 0 to B; about B / 2 by chance.

    Raises ``ShapeError``.
    """
    check_arrays(first=Need(first, "N B", "bool"), second=Need(second, "M B", "bool"))
    a, b = first.astype(np.float64), second.astype(np.float64)
    return np.asarray(a @ (1 - b).T + (1 - a) @ b.T)


def cosine_distances(first: NDArray[Any], second: NDArray[Any]) -> Floats:
    """1 - cosine of the angle between descriptions (N, C) and (M, C): (N, M), 0 for the same direction.

    A description of zeros has no direction, and a distance of 1 to all. Raises ``ShapeError``.
    """
    check_arrays(first=Need(first, "N C"), second=Need(second, "M C"))
    a, b = (np.asarray(x, np.float64) for x in (first, second))
    a, b = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) for x in (a, b))
    return np.asarray(1 - a @ b.T)


def closest_pairs(
    distances: Floats, first_ids: Sequence[str], second_ids: Sequence[str], count: int = 5
) -> pd.DataFrame:
    """The ``count`` pairs of smallest distance (N, M), ascending: columns ``first``, ``second``, ``distance``.

    Of one set against itself (the same ids), each pair is listed once, and no photo beside itself. Raises
    ``ShapeError``.
    """
    shape = f"{len(first_ids)} {len(second_ids)}"
    anything = (-np.inf, np.inf)  # infinity leaves a pair out
    check_arrays("one row and one column an id", distances=Need(distances, shape, between=anything, finite=False))
    itself = tuple(first_ids) == tuple(second_ids)
    rows, columns = np.triu_indices(len(first_ids), 1) if itself else np.indices(distances.shape).reshape(2, -1)
    order = np.argsort(distances[rows, columns], kind="stable")[:count]
    chosen = [(first_ids[i], second_ids[j], distances[i, j]) for i, j in zip(rows[order], columns[order], strict=True)]
    return pd.DataFrame(chosen, columns=["first", "second", "distance"])


def _grey(image: Image, width: int, height: int) -> Floats:
    """Grey levels averaged over ``height`` x ``width`` cells of equal area: (height, width).

    Sums of bytes with whole weights, divided once: what is flat stays flat. OpenCV's averages are rounded cell by cell,
    and where a photo has fewer pixels than cells it interpolates.
    """
    check_arrays(image=Need(image, "H W 3", "uint8"))
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    return np.asarray(_overlap(len(grey), height) @ grey @ _overlap(grey.shape[1], width).T / grey.size)


def _overlap(pixels: int, cells: int) -> Floats:
    """How much of each pixel lies in each of ``cells`` along a side, in ``cells``ths of a pixel: (cells, pixels)."""
    left, start = np.arange(pixels) * cells, np.arange(cells)[:, None] * pixels
    common = np.minimum(left + cells, start + pixels) - np.maximum(left, start)
    return np.asarray(np.maximum(common, 0), np.float64)
