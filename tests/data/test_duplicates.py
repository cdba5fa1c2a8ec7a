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
    with pytest.raises(ShapeError, match=r"Expected \(N, C\) and \(M, C\) with the same C"):
        cosine_distances(vectors, vectors[:, :1])


def test_closest_pairs_of_two_sets_and_of_one():
    distances = np.array([[5.0, 1.0], [0.0, 7.0], [2.0, 3.0]])
    pairs = closest_pairs(distances, ["a", "b", "c"], ["x", "y"], count=3)
    assert pairs.to_numpy().tolist() == [["b", "x", 0], ["a", "y", 1], ["c", "x", 2]]
    itself = np.array([[0, 4.0, 1.0], [4, 0, 2], [1, 2, 0]])
    pairs = closest_pairs(itself, ["a", "b", "c"], ["a", "b", "c"])
    assert pairs.to_numpy().tolist() == [["a", "c", 1], ["b", "c", 2], ["a", "b", 4]]
    with pytest.raises(ShapeError, match=r"distances has shape \(3, 2\). Expected \(2, 2\)"):
        closest_pairs(distances, ["a", "b"], ["x", "y"])


# ---- flat ground


def disc(height=96, width=128, x=0.5, y=0.5, radius=0.2, inside=(120, 70, 50), ground=(220, 190, 170)):
    rows, columns = np.mgrid[:height, :width] + 0.5
    mask = np.hypot(columns - x * width, rows - y * height) < radius * np.sqrt(height * width)
    return np.where(mask[..., None], inside, ground).astype(np.uint8)


@HASHES
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (7, 3), (8, 9), (31, 33), (192, 256)])
@pytest.mark.parametrize("grey", [0, 13, 200, 255])
def test_flat_ground_has_no_bits(hashed, bits, shape, grey):
    assert hashed(np.full((*shape, 3), grey, np.uint8)).sum() == 0


@HASHES
def test_one_grey_level_of_noise_has_no_bits(hashed, bits):
    noise = np.random.default_rng(0).integers(100, 102, (192, 256, 1), dtype=np.uint8)
    assert hashed(np.repeat(noise, 3, axis=2)).sum() == 0


def test_cells_are_averaged_exactly():
    """9 x 8 cells of 2 x 3 pixels each; cell (0, 1) alone is brighter, so only the first bit of its row is set."""
    image = np.full((24, 18, 3), 10, np.uint8)
    image[:3, 2:4] = 20
    assert np.flatnonzero(difference_hash(image)).tolist() == [0]
    image[0, 2] = (14, 14, 14)  # its mean falls by one: still brighter by 9
    assert np.flatnonzero(difference_hash(image)).tolist() == [0]
    assert difference_hash(image, tie=9).sum() == 0


@pytest.mark.parametrize(("hashed", "most"), [(difference_hash, 3), (perceptual_hash, 8)])
@pytest.mark.parametrize("share", [0.5, 0.83, 1.3])
@pytest.mark.parametrize("method", [cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC])
def test_a_disc_on_flat_ground_is_found_again(hashed, most, share, method):
    rng = np.random.default_rng(0)
    for _ in range(20):
        height, width = rng.integers(60, 300, 2)
        x, y = rng.choice([[0.5, 0.5], rng.uniform(0.3, 0.7, 2)])
        image = disc(height, width, x, y, rng.uniform(0.1, 0.35), *rng.integers(0, 256, (2, 3)))
        copy = cv2.resize(image, None, fx=share, fy=share, interpolation=method)
        assert (hashed(image) != hashed(copy)).sum() <= most


@HASHES
@pytest.mark.parametrize("image", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3)), np.zeros((0, 8, 3), np.uint8)])
def test_what_is_no_photo_has_no_hash(hashed, bits, image):
    with pytest.raises(ShapeError, match="image"):
        hashed(image)


def test_numbers_are_no_hash_and_nan_no_distance():
    with pytest.raises(ShapeError, match="first is int64, expected bool"):
        hash_distances(np.array([[1, 0]]), np.array([[True, False]]))
    with pytest.raises(ShapeError, match="holds NaN"):
        cosine_distances(np.array([[np.nan, 1]]), np.array([[0.0, 1]]))
    with pytest.raises(ShapeError, match="holds NaN"):
        closest_pairs(np.array([[np.nan]]), ["a"], ["b"])
    assert closest_pairs(np.array([[np.inf]]), ["a"], ["b"])["distance"].tolist() == [np.inf]
