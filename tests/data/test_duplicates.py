"""Copies are found, other photos are not, and the arithmetic of distances is right."""

import cv2
import numpy as np
import pytest

from lesionseg_lib.data.datasets import SyntheticLesions
from lesionseg_lib.data.duplicates import (
    closest_pairs,
    cosine_distances,
    difference_hash,
    hash_distances,
    perceptual_hash,
)
from lesionseg_lib.errors import ShapeError

HASHES = pytest.mark.parametrize(("hashed", "bits"), [(difference_hash, 64), (perceptual_hash, 63)])
PHOTOS = [sample.image for sample in SyntheticLesions(12, (96, 128), seed=4)]


def stored_again(image):
    """Squeezed to a square and compressed hard."""
    small = cv2.resize(image, (80, 80), interpolation=cv2.INTER_AREA)
    return cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_COLOR)


def test_the_difference_hash_says_where_it_gets_brighter():
    ramp = np.repeat(np.tile(np.arange(0, 180, 10, dtype=np.uint8), (16, 1))[..., None], 3, axis=2)
    assert difference_hash(ramp).all()
    assert not difference_hash(ramp[:, ::-1].copy()).any()


@HASHES
def test_half_of_the_bits_of_a_hash_tell_two_photos_apart_and_few_tell_a_copy(hashed, bits):
    hashes = np.array([hashed(image) for image in PHOTOS])
    assert hashes.shape == (12, bits) and hashes.dtype == bool
    distances = hash_distances(hashes, np.array([hashed(stored_again(image)) for image in PHOTOS]))
    assert distances.diagonal().max() <= 6
    assert np.median(distances) > 10
    assert (distances.argmin(axis=1) == np.arange(12)).all()


@HASHES
def test_a_hash_does_not_change_with_exposure(hashed, bits):
    for image in PHOTOS[:4]:
        darker = (image * 0.8).astype(np.uint8)
        assert hash_distances(hashed(image)[None], hashed(darker)[None])[0, 0] <= 4


def test_distances_of_known_descriptions():
    a, b = np.array([[1, 0, 1, 1], [0, 0, 0, 0]], bool), np.array([[1, 1, 1, 0]], bool)
    np.testing.assert_array_equal(hash_distances(a, b), [[2], [3]])
    vectors = np.array([[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(cosine_distances(vectors, vectors[:1]), [[0], [1], [2], [1]])
    with pytest.raises(ShapeError, match=r"expected \(N, C\) and \(M, C\)"):
        cosine_distances(vectors, vectors[:, :1])


def test_closest_pairs_of_two_sets_and_of_one():
    distances = np.array([[5.0, 1.0], [0.0, 7.0], [2.0, 3.0]])
    pairs = closest_pairs(distances, ["a", "b", "c"], ["x", "y"], count=3)
    assert pairs.to_numpy().tolist() == [["b", "x", 0], ["a", "y", 1], ["c", "x", 2]]
    itself = np.array([[0, 4.0, 1.0], [4, 0, 2], [1, 2, 0]])
    pairs = closest_pairs(itself, ["a", "b", "c"], ["a", "b", "c"])
    assert pairs.to_numpy().tolist() == [["a", "c", 1], ["b", "c", 2], ["a", "b", 4]]
    with pytest.raises(ShapeError, match="for 2 and 2 ids"):
        closest_pairs(distances, ["a", "b"], ["x", "y"])
