"""The same lesion in two photos, by points that match: for `copies.py`, which hashes and an encoder leave in doubt.

Source: Lowe, *Distinctive Image Features from Scale-Invariant Keypoints*, IJCV 2004: descriptors that are turned and
scaled with the photo, matched where the nearest is much nearer than the next, and kept where one similarity of the
plane explains them all.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Points = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Places (K, 2) and descriptors (K, 128) of unit length."""

FEATURES = 150
RATIO = 0.85
"""A descriptor counts where its nearest, of all in the other set, is so much nearer than that in another photo."""
VOTES = 4
"""Of so many descriptors that vote for one photo a similarity is sought."""
SCALES = (0.6, 1.7)
REACH = 4.0
"""Pixels within which a point has to land."""


def points(image: Images) -> Points:
    """The strongest points of a photo (H, W, 3)."""
    finder = cv2.SIFT_create(nfeatures=FEATURES, contrastThreshold=0.02)
    found, descriptors = finder.detectAndCompute(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), None)
    if descriptors is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    places = np.array([point.pt for point in found], np.float32)
    return places, descriptors / np.maximum(np.linalg.norm(descriptors, axis=1, keepdims=True), 1e-6)


def matched_points(image: Points, others: Sequence[Points]) -> dict[int, int]:
    """Number of a photo in ``others`` -> how many points of ``image`` land on points of it, where some do."""
    places, descriptors = image
    stacked = np.concatenate([one[1] for one in others])
    owner = np.repeat(np.arange(len(others)), [len(one[0]) for one in others])
    start = np.cumsum([0, *(len(one[0]) for one in others)])
    likeness = descriptors @ stacked.T  # (K, all points of the others)
    best = likeness.argmax(axis=1)
    rows = np.arange(len(places))
    nearest = likeness[rows, best].copy()
    likeness[owner[best][:, None] == owner[None]] = -1
    second = likeness.max(axis=1) if len(rows) else nearest
    clear = (1 - nearest) < RATIO**2 * (1 - second)  # squared distances of unit vectors
    found = {}
    for other in np.unique(owner[best[clear]]):
        mine = rows[clear & (owner[best] == other)]
        if len(mine) < VOTES:
            continue
        theirs = best[mine] - start[other]
        count = _explained(places[mine], others[int(other)][0][theirs], theirs)
        if count:
            found[int(other)] = count
    return found


def _explained(mine: NDArray[np.float32], theirs: NDArray[np.float32], numbers: NDArray[np.int64]) -> int:
    """How many different points one similarity (turn, scale, shift) carries from one photo to the other."""
    similarity, inside = cv2.estimateAffinePartial2D(mine, theirs, ransacReprojThreshold=REACH)
    if similarity is None or not SCALES[0] < np.hypot(*similarity[0, :2]) < SCALES[1]:
        return 0
    return len(set(numbers[inside.ravel().astype(bool)].tolist()))
