"""Reading photos and masks of every kind that turns up in practice."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import PIL.Image
import pytest

from lesionseg_lib.data.datasets import DataWarning, read_image, read_mask, resize_image, resize_mask
from lesionseg_lib.errors import DataError, ShapeError
from tests.helpers.archives import encoded, photo

SQUARES = np.array([[10, 200], [60, 250], [90, 30]], dtype=np.uint8)  # 3 rows, 2 columns


def save(path, array, mode=None, orientation=None, **options):
    picture = PIL.Image.fromarray(array) if mode is None else PIL.Image.fromarray(array).convert(mode)
    if orientation is not None:
        exif = PIL.Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    picture.save(path, **options)
    return path


# ---- photos ----


def test_a_photo_is_read_as_rgb(tmp_path):
    array = photo(5, 7)
    image = read_image(save(tmp_path / "a.png", array))
    assert image.dtype == np.uint8
    assert image.flags.writeable
    np.testing.assert_array_equal(image, array)


@pytest.mark.parametrize("mode", ["L", "1", "LA", "P"])
def test_grey_photos_become_three_equal_channels(tmp_path, mode):
    array = np.where(SQUARES > 128, 255, 0).astype(np.uint8)
    image = read_image(save(tmp_path / "a.png", array, mode))
    np.testing.assert_array_equal(image, np.repeat(array[..., None], 3, axis=2))


def test_an_alpha_channel_is_dropped(tmp_path):
    array = photo(5, 7)
    rgba = np.concatenate([array, np.zeros((5, 7, 1), np.uint8)], axis=2)  # fully transparent
    np.testing.assert_array_equal(read_image(save(tmp_path / "a.png", rgba)), array)


def test_a_cmyk_jpeg_becomes_rgb(tmp_path):
    red = np.full((16, 16, 3), (255, 0, 0), dtype=np.uint8)
    path = save(tmp_path / "a.jpg", red, "CMYK", quality=100)
    assert PIL.Image.open(path).mode == "CMYK"
    image = read_image(path)
    assert image.shape == (16, 16, 3)
    np.testing.assert_allclose(image[8, 8].astype(int), (255, 0, 0), atol=8)


def test_a_grey_jpeg_becomes_rgb(tmp_path):
    path = save(tmp_path / "a.jpg", np.full((16, 16), 77, np.uint8), quality=100)
    assert PIL.Image.open(path).mode == "L"
    np.testing.assert_array_equal(read_image(path), np.full((16, 16, 3), 77))


# What a viewer has to do so that the stored pixels appear upright, by EXIF orientation.
UPRIGHT = {
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(np.swapaxes(a, 0, 1), 2),
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_an_exif_orientation_is_applied_and_reported(tmp_path, orientation):
    array = photo(3, 5)
    path = save(tmp_path / "a.png", array, orientation=orientation)
    with pytest.warns(DataWarning, match=r"a\.png was .*, as its EXIF orientation asks"):
        image = read_image(path)
    np.testing.assert_array_equal(image, UPRIGHT[orientation](array))


def test_an_upright_exif_orientation_is_not_reported(tmp_path, recwarn):
    read_image(save(tmp_path / "a.png", photo(3, 5), orientation=1))
    assert not list(recwarn)


def test_an_exif_orientation_survives_max_side(tmp_path):
    path = save(tmp_path / "a.jpg", photo(40, 20), orientation=6)
    with pytest.warns(DataWarning):
        assert read_image(path, max_side=10).shape == (5, 10, 3)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_photo_of_one_pixel_is_read(tmp_path, suffix):
    image = read_image(save(tmp_path / f"a.{suffix}", np.full((1, 1, 3), 128, np.uint8)))
    assert image.shape == (1, 1, 3)
    np.testing.assert_allclose(image.astype(int), 128, atol=2)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_a_truncated_photo_is_refused(tmp_path, suffix, keep):
    path = save(tmp_path / f"a.{suffix}", photo(64, 64))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(DataError, match=rf"a\.{suffix} \([\d,]+ bytes\) cannot be decoded.*cut short"):
        read_image(path)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", r"it is empty \(0 bytes\)"),
        (b"<html>Not found</html>", "it begins with b'<html>Not found"),
        (b"\xff\xd8\xff", "it begins with"),
    ],
)
def test_what_is_no_image_is_refused_with_its_beginning(tmp_path, content, found):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(DataError, match=rf"a\.jpg is not an image: {found}"):
        read_image(tmp_path / "a.jpg")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"a\.jpg cannot be read: No such file"):
        read_image(tmp_path / "a.jpg")
    with pytest.raises(DataError, match=r"cannot be read: Is a directory"):
        read_image(tmp_path)


def test_sixteen_bits_a_channel_are_refused(tmp_path):
    path = save(tmp_path / "a.png", np.full((4, 4), 30000, dtype=np.uint16))
    with pytest.raises(DataError, match="more than 8 bits a channel"):
        read_image(path)


def test_more_pixels_than_pillow_deems_safe_are_refused(tmp_path, monkeypatch):
    path = save(tmp_path / "a.png", photo(20, 20))
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 100)  # refuses above twice as many
    with pytest.raises(DataError, match="too large to be read safely.*Reduce it first"):
        read_image(path)


def test_more_pixels_than_pillow_warns_of_are_read_without_a_warning(tmp_path, monkeypatch, recwarn):
    path = save(tmp_path / "a.png", photo(20, 20))
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 300)
    assert read_image(path).shape == (20, 20, 3)
    assert not list(recwarn)


@pytest.mark.parametrize(
    ("size", "max_side", "expected"),
    [
        ((20, 40), 10, (5, 10)),
        ((40, 20), 10, (10, 5)),
        ((20, 40), 40, (20, 40)),
        ((20, 40), 100, (20, 40)),
        ((1, 40), 4, (1, 4)),
    ],
)
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_max_side_bounds_the_longer_side_and_never_enlarges(tmp_path, suffix, size, max_side, expected):
    path = save(tmp_path / f"a.{suffix}", photo(*size))
    assert read_image(path, max_side=max_side).shape == (*expected, 3)


def test_max_side_keeps_what_the_photo_shows(tmp_path):
    half = np.zeros((64, 64, 3), dtype=np.uint8)
    half[:, 32:] = 240
    reduced = read_image(save(tmp_path / "a.jpg", half, quality=95), max_side=8)
    np.testing.assert_allclose(reduced[:, :3].astype(int), 0, atol=6)
    np.testing.assert_allclose(reduced[:, 5:].astype(int), 240, atol=6)


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory in /proc")
def test_a_photo_of_12000_x_9000_is_read_in_bounded_memory(tmp_path):
    PIL.Image.new("RGB", (12_000, 9_000), (200, 150, 120)).save(tmp_path / "big.jpg")
    code = f"""
        import re
        from lesionseg_lib.data.images import read_image
        print(*read_image({str(tmp_path / "big.jpg")!r}, max_side=4096).shape)
        print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read()).group(1))
    """
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code)]
    shape, kilobytes = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert shape == "3072 4096 3"
    assert int(kilobytes) < 450_000  # the whole process; at full size it would be 1,200,000


# ---- masks ----

SHAPE = np.array([[0, 1, 1], [0, 0, 1]], dtype=bool)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (SHAPE * 255, SHAPE),  # the usual form
        (SHAPE * 1, SHAPE),  # 0/1
        (SHAPE * 0, SHAPE & False),  # all zero
        (SHAPE * 0 + 255, SHAPE | True),  # all one
        (SHAPE * 0 + 1, SHAPE | True),  # all one, written as 1
        ([[0, 128, 129], [64, 255, 1]], [[0, 0, 1], [0, 1, 0]]),  # grey: above 128, as the organisers do
    ],
)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P"])
def test_masks_are_understood_however_they_are_stored(tmp_path, levels, expected, mode):
    path = save(tmp_path / "a.png", np.array(levels, dtype=np.uint8), mode)
    mask = read_mask(path)
    assert mask.dtype == np.bool_
    np.testing.assert_array_equal(mask, np.array(expected, dtype=bool))


def test_a_mask_of_one_bit_a_pixel_is_read(tmp_path):
    np.testing.assert_array_equal(read_mask(save(tmp_path / "a.png", SHAPE)), SHAPE)


def test_a_mask_stored_as_jpeg_keeps_its_shape(tmp_path):
    wide = np.kron(SHAPE, np.ones((8, 8), dtype=bool))
    path = save(tmp_path / "a.jpg", wide.astype(np.uint8) * 255, quality=70)
    np.testing.assert_array_equal(read_mask(path), wide)


@pytest.mark.parametrize("highest", [2, 100, 128])
def test_a_mask_that_thresholding_would_empty_is_refused(tmp_path, highest):
    path = save(tmp_path / "a.png", SHAPE.astype(np.uint8) * highest)
    with pytest.raises(DataError, match=rf"a\.png: the mask's largest value is {highest}\. Expected 0 and 255"):
        read_mask(path)


def test_a_coloured_mask_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"a\.png is coloured, but a mask has one channel"):
        read_mask(save(tmp_path / "a.png", photo(4, 4)))


def test_a_truncated_mask_is_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(photo(64, 64))[:-2000])
    with pytest.raises(DataError, match="cut short"):
        read_mask(tmp_path / "a.png")


def test_a_turned_mask_is_turned_like_its_image(tmp_path):
    path = save(tmp_path / "a.png", SHAPE.astype(np.uint8) * 255, orientation=6)
    with pytest.warns(DataWarning, match="turned by 90 degrees"):
        np.testing.assert_array_equal(read_mask(path), np.rot90(SHAPE, -1))


# ---- resizing ----


def test_shrinking_an_image_averages_areas():
    image = np.zeros((4, 4, 3), dtype=np.uint8)
    image[0, 0] = 160  # of 16 pixels; interpolation between the four in the middle would not see it
    np.testing.assert_array_equal(resize_image(image, (1, 1)), np.full((1, 1, 3), 10))


def test_enlarging_an_image_interpolates():
    image = np.array([[[0], [100]]], dtype=np.uint8).repeat(3, axis=2)
    # Pixel centres of the result lie at 0 (clamped), .25, .75 and 1 (clamped) of the way.
    np.testing.assert_array_equal(resize_image(image, (1, 4))[0, :, 0], [0, 25, 75, 100])


def test_resizing_a_mask_takes_the_nearest_pixel():
    mask = np.array([[0, 1, 1], [0, 0, 1], [1, 0, 0]], dtype=bool)
    # 3 -> 2 rows: centres at .25 and .75 of 3 rows fall into rows 0 and 2; columns alike.
    np.testing.assert_array_equal(resize_mask(mask, (2, 2)), [[0, 1], [1, 0]])
    np.testing.assert_array_equal(resize_mask(mask, (6, 6)), np.kron(mask, np.ones((2, 2), bool)))


@pytest.mark.parametrize("size", [(4, 9), (9, 4), (5, 5)])
def test_resizing_takes_height_first(size):
    assert resize_image(photo(6, 8), size).shape == (*size, 3)
    assert resize_mask(np.ones((6, 8), bool), size).shape == size


@pytest.mark.parametrize("size", [64, (64,), (0, 4), (4.0, 4), None, (10**9, 4)])
def test_a_size_that_is_none_is_refused(size):
    with pytest.raises(ShapeError, match="size"):
        resize_image(photo(6, 8), size)
    with pytest.raises(ShapeError, match="size"):
        resize_mask(np.ones((6, 8), bool), size)


@pytest.mark.parametrize("image", [photo(6, 8) / 255, photo(6, 8).astype(int), np.zeros((0, 8, 3), np.uint8), None])
def test_what_is_no_photo_of_bytes_is_not_resized(image):
    """Shares of one would be cut to zeros, without a word."""
    with pytest.raises(ShapeError, match="image"):
        resize_image(image, (4, 4))


@pytest.mark.parametrize("mask", [np.full((6, 8), 0.7), np.full((6, 8), 255, np.uint8), np.ones((6, 8, 1), bool)])
def test_what_is_no_mask_of_truth_values_is_not_resized(mask):
    with pytest.raises(ShapeError, match="mask"):
        resize_mask(mask, (4, 4))


@pytest.mark.parametrize("read", [read_image, read_mask])
@pytest.mark.parametrize(
    "name", ["", "a\0b.png", "x" * 5000, "https://example.org/a.png", "~nobody/a.png", "/dev/null"]
)
def test_a_path_that_leads_to_no_file(read, name):
    with pytest.raises(DataError, match="cannot be read|no name|a pipe, a device"):
        read(name)
