"""Each measure against something known: figures drawn by hand, and drawn lesions whose parameters say the truth."""

import cv2
import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from lesionseg_lib.data import properties
from lesionseg_lib.data.datasets import SyntheticLesions
from lesionseg_lib.data.datasets.synthetic import ARTEFACTS
from lesionseg_lib.errors import ShapeError

PLAIN = dict.fromkeys(ARTEFACTS, 0.0)  # no hair, ruler, ...
SKIN, LESION = (220, 190, 170), (120, 70, 50)


def disc(h=96, w=128, x=0.5, y=0.5, r=0.2):
    """Bool (h, w); centre in shares of width and height, radius in shares of the mean side."""
    rows, columns = np.mgrid[:h, :w] + 0.5
    return np.hypot(columns - x * w, rows - y * h) < r * np.sqrt(h * w)


def photo(mask, skin=SKIN, lesion=LESION):
    return np.where(mask[..., None], lesion, skin).astype(np.uint8)


def drawn(n=40, size=128, seed=0, **artefacts):
    """Drawn lesions, their survey's measures and what was drawn."""
    data = SyntheticLesions(n, size, seed, **(PLAIN | artefacts))
    measured = pd.DataFrame([properties.measure(sample.image, sample.mask) for sample in data])
    return data, measured, pd.DataFrame([data.attributes(i) for i in range(n)])


def auc(values, positive):
    """Chance that a positive ranks above a negative; what has no value is left out."""
    known = ~np.isnan(values)
    values, positive = np.asarray(values)[known], np.asarray(positive)[known]
    ranks, p = rankdata(values), positive.sum()
    return (ranks[positive].sum() - p * (p + 1) / 2) / (p * (~positive).sum())


# ---- the mask


def test_position_is_0_in_the_middle_and_1_at_the_edge():
    assert properties.position(disc()) == pytest.approx((0, 0), abs=1e-9)
    x, y = properties.position(disc(x=0.75, y=0.25, r=0.1))
    assert (x, y) == pytest.approx((0.5, -0.5), abs=0.01)
    assert np.isnan(properties.position(np.zeros((4, 4), bool))).all()


def test_frame_share_counts_the_outermost_pixels_once():
    mask = np.zeros((4, 6), bool)
    mask[0] = True
    assert properties.frame_share(mask) == 6 / 16
    assert properties.frame_share(~np.zeros((4, 6), bool)) == 1
    assert properties.frame_share(disc()) == 0


def test_border_detail_is_about_1_for_circles_less_for_a_polygon_more_for_a_ragged_border():
    for r in (0.1, 0.2, 0.4):
        # Pixels are steps, and Douglas and Peucker do not find the very least number of corners.
        assert 0.8 < properties.border_detail(disc(192, 256, r=r)) < 1.7
    turns = np.linspace(0, 2 * np.pi, 7)[:-1]
    corners = np.stack([128 + 60 * np.cos(turns), 96 + 60 * np.sin(turns)], axis=1).round().astype(np.int32)
    hexagon = cv2.fillPoly(np.zeros((192, 256), np.uint8), [corners], 1) > 0
    assert properties.border_detail(hexagon) < 0.7
    grey = cv2.GaussianBlur(disc(192, 256).astype(np.float32), (0, 0), 12)
    ragged = grey + 0.15 * np.random.default_rng(0).standard_normal(grey.shape) > 0.5
    assert properties.border_detail(ragged) > 2.5
    assert np.isnan(properties.border_detail(np.zeros((8, 8), bool)))


# ---- colour


def test_lab_of_known_colours():
    known = {(255, 255, 255): (100, 0, 0), (0, 0, 0): (0, 0, 0), (255, 0, 0): (53.24, 80.09, 67.20)}
    for rgb, expected in known.items():
        assert properties.lab(np.full((1, 1, 3), rgb, np.uint8))[0, 0] == pytest.approx(expected, abs=0.3)


def test_the_skin_is_a_ring_around_the_lesion():
    mask = disc()
    ring = properties.surrounding_skin(photo(mask), mask)
    assert not (ring & mask).any() and 0.1 < ring.mean() < 0.3
    dark = photo(mask)
    dark[:, :30] = 0  # a black bar from corner to corner
    assert not properties.surrounding_skin(dark, disc(x=0.35))[:, :28].any()


def test_skin_colour_is_the_skins_whatever_the_lesion_and_nan_where_none_is_left():
    mask = disc()
    expected = properties.lab(np.full((1, 1, 3), SKIN, np.uint8))[0, 0]
    for lesion in (LESION, (0, 0, 255)):
        assert properties.skin_colour(photo(mask, lesion=lesion), mask) == pytest.approx(expected, abs=0.1)
    full = np.ones((64, 64), bool)
    assert np.isnan(properties.skin_colour(photo(full), full)).all()
    assert np.isnan(properties.measure(photo(full), full)["ita"])


def test_contrast_is_the_distance_of_two_colours():
    mask = disc()
    skin, lesion = (properties.lab(np.full((1, 1, 3), rgb, np.uint8))[0, 0] for rgb in (SKIN, LESION))
    assert properties.contrast(photo(mask), mask) == pytest.approx(np.linalg.norm(skin - lesion), abs=0.1)
    assert properties.contrast(photo(mask, lesion=SKIN), mask) == 0
    assert np.isnan(properties.contrast(photo(mask), np.zeros_like(mask)))


@pytest.mark.parametrize(
    ("colour", "degrees"),
    [((60, 0, 10), 45), ((50, 5, 10), 0), ((40, 5, 10), -45), ((70, 0, 0), 90), ((60, 0, -10), 135)],
)
def test_typology_angle(colour, degrees):
    assert properties.typology_angle(np.array(colour, np.float32)) == pytest.approx(degrees)


# ---- artefacts


def test_dark_corners_hang_together_with_a_corner():
    mask = disc()
    image = photo(mask, lesion=(5, 5, 5))
    assert not properties.dark_corners(image).any()  # a black lesion is no corner
    image[:20, :20] = 0
    assert properties.dark_corners(image).mean() == pytest.approx(400 / mask.size, rel=0.15)


def test_lines_are_hair_and_blobs_are_not():
    mask = disc(r=0.1)
    plain = photo(mask)
    assert properties.hair_index(plain, mask) == 0
    hairy, spotted = plain.copy(), plain.copy()
    cv2.line(hairy, (5, 10), (120, 25), (40, 20, 10), 2)
    for x in range(10, 120, 12):
        cv2.circle(spotted, (x, 12), 2, (40, 20, 10), -1)
    assert properties.hair_index(hairy, mask) > 0.01
    assert properties.hair_index(spotted, mask) == 0
    assert np.isnan(properties.hair_index(plain, ~np.zeros_like(mask)))


def test_a_disc_of_another_colour_is_a_patch_and_the_colour_of_all_skin_is_not():
    mask, patch = disc(x=0.25, r=0.1), disc(x=0.85, r=0.15)
    image = photo(mask)
    assert properties.patch_share(image, mask) == 0
    image[patch] = (20, 140, 200)
    assert properties.patch_share(image, mask) == pytest.approx(patch.mean(), rel=0.1)
    blue = photo(mask, skin=(160, 190, 235))  # cold light: strange for skin, but not for this photo
    assert properties.patch_share(blue, mask) == 0


# ---- against what was drawn


def test_contrast_and_area_follow_the_drawn_ones():
    _, measured, truth = drawn()
    assert measured["contrast"].corr(truth["contrast"].astype(float)) > 0.95
    assert (measured["area"] - truth["area"].astype(float)).abs().max() < 0.001


def test_the_typology_angle_falls_from_light_to_dark_skin():
    angles = [drawn(12, 96, skin=(kind, kind))[1]["ita"].median() for kind in range(1, 7)]
    assert angles == sorted(angles, reverse=True)
    assert angles[0] > 55 and angles[-1] < 10


@pytest.mark.parametrize(
    ("column", "artefact", "least"), [("hair", "hair", 0.8), ("corners", "vignette", 0.85), ("patch", "patch", 0.9)]
)
def test_an_indicator_ranks_photos_with_its_artefact_above_those_without(column, artefact, least):
    _, measured, truth = drawn(60, seed=2, **{artefact: 0.5})
    assert auc(measured[column], truth[artefact] != "none") > least


def test_an_indicator_is_0_where_nothing_was_drawn():
    _, measured, _ = drawn(seed=3)
    assert measured["corners"].max() == 0
    assert measured["patch"].max() == 0
    assert measured["hair"].median() < 0.002


# ---- the survey


def test_a_survey_has_a_row_a_photo_and_is_kept(tmp_path, monkeypatch):
    data = SyntheticLesions(3, 64)
    table = properties.survey(data, tmp_path / "kept")
    assert tuple(table["id"]) == data.ids
    assert set(table) == {"id", *properties.measure(data[0].image, data[0].mask)}
    monkeypatch.setattr(properties, "measure", None)  # asked again, it may not measure
    pd.testing.assert_frame_equal(properties.survey(data, tmp_path / "kept"), table)


def test_another_data_set_is_surveyed_anew(tmp_path):
    first, second = (properties.survey(SyntheticLesions(2, 64, seed=seed), tmp_path) for seed in (0, 1))
    assert not first.equals(second)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(ShapeError, match="same size"):
        properties.surrounding_skin(photo(disc()), disc(50, 50))


# ---- exact values


def colour_of(rgb):
    return properties.lab(np.full((1, 1, 3), rgb, np.uint8))[0, 0]


# Worked out with 50 digits from the definitions (mpmath), with white at (0.950456, 1, 1.088754).
@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((119, 119, 119), (50.03444, 0, 0)),
        ((255, 0, 0), (53.24059, 80.09416, 67.20154)),
        ((0, 0, 255), (32.29567, 79.18700, -107.86175)),
        ((1, 1, 1), (0.27417, 0, 0)),
    ],
)
def test_lab_is_exact(rgb, expected):
    assert colour_of(rgb) == pytest.approx(expected, abs=0.002)


def test_every_grey_has_no_hue():
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert abs(properties.lab(greys)[..., 1:]).max() < 1e-4


def angle_by_hand(rgb):
    """The typology angle of one colour, in Python's own floats."""
    linear = [v / 12.92 if (v := c / 255) <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for c in rgb]
    y = sum(w * c for w, c in zip((0.212671, 0.715160, 0.072169), linear, strict=True))
    z = sum(w * c for w, c in zip((0.019334, 0.119193, 0.950227), linear, strict=True)) / 1.088754
    return np.degrees(np.arctan2(116 * y ** (1 / 3) - 16 - 50, 200 * (y ** (1 / 3) - z ** (1 / 3))))


def test_the_typology_angle_of_skin_is_exact():
    for rgb in np.random.default_rng(0).integers((150, 100, 80), (250, 200, 180), (500, 3)):
        assert properties.typology_angle(colour_of(rgb)) == pytest.approx(angle_by_hand(rgb), abs=0.01)


def test_contrast_worked_out_by_hand():
    """Lightness 100 beside 50.03444, no hue."""
    mask = disc()
    assert properties.contrast(photo(mask, (255, 255, 255), (119, 119, 119)), mask) == pytest.approx(49.9656, abs=1e-3)


MASKED = ["position", "frame_share", "border_detail"]
PHOTOGRAPHED = ["surrounding_skin", "skin_colour", "contrast", "hair_index", "patch_share", "measure"]


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
@pytest.mark.parametrize("name", [*MASKED, *PHOTOGRAPHED])
def test_a_mask_that_is_not_bool_is_refused(name, dtype):
    mask = disc()
    arguments = (photo(mask),) * (name in PHOTOGRAPHED) + (mask.astype(dtype),)
    with pytest.raises(ShapeError, match=f"mask is {np.dtype(dtype)}, expected bool"):
        getattr(properties, name)(*arguments)


@pytest.mark.parametrize("name", ["lab", "dark_corners", "hair_map", *PHOTOGRAPHED])
def test_a_photo_in_shares_of_one_is_refused(name):
    mask = disc()
    arguments = (photo(mask) / 255,) + (mask,) * (name in PHOTOGRAPHED)
    with pytest.raises(ShapeError, match="image is float64, expected uint8"):
        getattr(properties, name)(*arguments)


def test_what_the_measures_take_for_granted_can_be_set():
    mask = disc(r=0.1)
    image = photo(mask)
    image[:20, :20] = 80  # L* is 34: no corner at 25, one at 40
    assert not properties.dark_corners(image).any() and properties.dark_corners(image, dark=40).any()
    narrow, wide = (properties.surrounding_skin(photo(mask), mask, (0.03, to)).sum() for to in (0.06, 0.12))
    assert 0 < narrow < wide
    hairy = photo(mask)
    cv2.line(hairy, (5, 10), (120, 25), (40, 20, 10), 2)
    assert properties.hair_map(hairy).any() and not properties.hair_map(hairy, depth=250).any()
    hairy[disc(x=0.85, r=0.15)] = (20, 140, 200)
    assert properties.patch_share(hairy, mask) > 0 == properties.patch_share(hairy, mask, strange=200)
