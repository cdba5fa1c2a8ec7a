"""One affine map of places and one of colours: what they do to pixels, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lesionseg_lib.data import warps
from lesionseg_lib.data.transforms import augment
from lesionseg_lib.data.warps import GREY, WARPS, Ranges, draw, warp

SEEDS = range(200)


def picture(side: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """Every pixel has a value of its own, and the mask is a corner: no symmetry."""
    image = np.arange(side * side * 3, dtype=np.uint8).reshape(side, side, 3)
    mask = np.zeros((side, side), np.uint8)
    mask[:3, :2] = 1
    return image, mask


def one_range(monkeypatch: pytest.MonkeyPatch, **ranges: object) -> None:
    monkeypatch.setitem(WARPS, "one", replace(Ranges(), **ranges))


def test_flips_give_the_eight_symmetries_of_a_square_to_the_byte() -> None:
    image, mask = picture()
    found = {warp("flips", image, mask, seed)[0].tobytes() for seed in SEEDS}
    turned = [np.rot90(flipped, k) for flipped in (image, image[::-1]) for k in range(4)]
    assert found == {np.ascontiguousarray(one).tobytes() for one in turned}


def test_a_picture_that_is_no_square_keeps_its_shape_and_has_four() -> None:
    image, mask = (np.ascontiguousarray(one[:6]) for one in picture())
    found = {warp("flips", image, mask, seed)[0].tobytes() for seed in SEEDS}
    assert found == {np.ascontiguousarray(image[::a, ::b]).tobytes() for a in (1, -1) for b in (1, -1)}


@pytest.mark.parametrize("name", WARPS)
def test_image_and_mask_move_together_and_stay_what_they_are(name: str) -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[10:30, 12:50] = 1
    image = np.repeat((mask * 150 + 50)[..., None], 3, axis=2)
    for seed in range(12):
        moved, where = warp(name, image, mask, seed)
        assert moved.dtype == where.dtype == np.uint8 and moved.shape == image.shape and where.shape == mask.shape
        assert set(np.unique(where)) <= {0, 1}
        lesion = moved.mean(axis=2) > moved.mean()
        assert (lesion == where.astype(bool)).mean() > 0.97  # all but a border that was interpolated


def test_a_turn_goes_about_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    one_range(monkeypatch, turn=45, scale=(0.5, 2.0))
    for seed in range(20):
        places, _ = draw("one", (9, 9), seed)
        np.testing.assert_allclose(places @ [4, 4, 1], [4, 4], atol=1e-12)
        assert 0.5 <= abs(np.linalg.det(places[:, :2])) ** 0.5 <= 2  # a result pixel is 1/2 to 2 photo pixels wide


def test_a_shift_moves_the_middle_by_a_share_of_the_side(monkeypatch: pytest.MonkeyPatch) -> None:
    one_range(monkeypatch, shift=0.5)
    moved = np.array([draw("one", (11, 21), seed)[0] @ [10, 5, 1] - [10, 5] for seed in SEEDS])
    assert (np.abs(moved) <= [10.5, 5.5]).all()
    assert (np.abs(moved).max(axis=0) > [9, 4.5]).all()  # nearly all of it, in both directions
    assert moved.min(axis=0).max() < 0 < moved.max(axis=0).min()


def test_what_leaves_the_picture_is_filled_by_reflection(monkeypatch: pytest.MonkeyPatch) -> None:
    row = np.array([[10, 20, 30, 40]], np.uint8)
    image, mask = np.repeat(row[..., None], 3, axis=2), (row > 15).astype(np.uint8)
    monkeypatch.setattr(warps, "draw", lambda *_: (np.array([[1.0, 0, -2], [0, 1, 0]]), np.eye(3, 4)))
    moved, where = warp("flips", image, mask, 0)
    assert moved[0, :, 0].tolist() == [30, 20, 10, 20]  # pixel -1 is pixel 1, pixel -2 is pixel 2
    assert where[0].tolist() == [1, 1, 0, 1]


def test_colours_of_a_grey_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    grey = np.array([GREY, GREY, GREY, 1])
    one_range(monkeypatch, contrast=0.2, saturation=0.5)
    for seed in range(20):  # neither moves the middle grey
        np.testing.assert_allclose(draw("one", (8, 8), seed)[1] @ grey, grey[:3])
    one_range(monkeypatch, brightness=0.2)
    lighter = np.array([draw("one", (8, 8), seed)[1] @ grey - grey[:3] for seed in SEEDS])
    assert np.abs(lighter).max() <= 51 and lighter.min() < -45 and lighter.max() > 45  # .2 * 255 = 51
    assert np.ptp(lighter, axis=1).max() < 1e-9  # all three channels alike
    one_range(monkeypatch, colour=0.1)
    cast = np.array([draw("one", (8, 8), seed)[1] @ grey / GREY for seed in SEEDS])
    assert 0.9 <= cast.min() < 0.91 and 1.09 < cast.max() <= 1.1
    assert np.ptp(cast, axis=1).max() > 0.1  # each channel on its own


def test_saturation_keeps_the_grey_value(monkeypatch: pytest.MonkeyPatch) -> None:
    one_range(monkeypatch, saturation=0.5)
    brown = np.array([160.0, 110.0, 80.0])
    for seed in range(20):
        assert warps.LUMA @ (draw("one", (8, 8), seed)[1] @ [*brown, 1]) == pytest.approx(warps.LUMA @ brown)


def test_every_number_depends_on_the_seed_alone() -> None:
    image, mask = picture(32)
    first = augment("strong", image, mask, 7)
    np.random.default_rng().random(5)
    augment("strong", image, mask, 8)
    again = augment("strong", image, mask, 7)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert len({augment("strong", image, mask, seed)[0].tobytes() for seed in range(20)}) == 20
