import cv2
import numpy as np
import pytest

from lesionseg_lib.data.datasets import synthetic
from lesionseg_lib.data.datasets.synthetic import ARTEFACTS, SyntheticLesions
from lesionseg_lib.errors import DataError, ShapeError

PLAIN = dict.fromkeys(ARTEFACTS, 0.0)  # no hair, ruler, ...


def lab(image):
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def contrast(sample):
    colours = lab(sample.image)
    return np.linalg.norm(colours[sample.mask].mean(0) - colours[~sample.mask].mean(0))


def solidity(mask):
    """Area over the area of the convex hull: 1 for an ellipse, less for a lobed outline."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.contourArea(contours[0]) / cv2.contourArea(cv2.convexHull(contours[0]))


def test_samples_have_the_shapes_types_and_ids_of_every_data_set():
    data = SyntheticLesions(3, size=(48, 80), seed=7)
    assert data.ids == ("synthetic-7-0000", "synthetic-7-0001", "synthetic-7-0002")
    assert data.name == "synthetic"
    for sample in data:
        assert sample.image.shape == (48, 80, 3) and sample.image.dtype == np.uint8
        assert sample.mask.shape == (48, 80) and sample.mask.dtype == bool


def test_an_image_depends_neither_on_n_nor_on_the_order_of_access():
    few, many = SyntheticLesions(4, size=48, seed=3), SyntheticLesions(9, size=48, seed=3)
    backwards = {index: many[index] for index in reversed(range(9))}
    for index in range(4):
        np.testing.assert_array_equal(few.image(index), backwards[index].image)
        np.testing.assert_array_equal(few.truth(index), backwards[index].mask)


def test_seed_and_number_change_the_picture():
    pictures = [SyntheticLesions(2, size=48, seed=seed).image(index) for seed in (0, 1) for index in (0, 1)]
    for first in range(4):
        for second in range(first):
            assert (pictures[first] != pictures[second]).any(axis=-1).mean() > 0.9


def test_one_seed_gives_one_composition_at_every_resolution():
    small, large = SyntheticLesions(12, size=64, **PLAIN), SyntheticLesions(12, size=128, **PLAIN)
    for a, b in zip(small, large, strict=True):
        shrunk = cv2.resize(b.mask.astype(np.float32), (64, 64), interpolation=cv2.INTER_AREA) > 0.5
        assert (shrunk & a.mask).sum() / (shrunk | a.mask).sum() > 0.8
        assert abs(contrast(a) - contrast(b)) < 6


@pytest.mark.parametrize(("low", "high"), [(0.02, 0.05), (0.2, 0.3), (0.6, 0.9)])
@pytest.mark.parametrize("irregularity", [0.0, 1.0])
def test_lesions_cover_a_share_of_the_image_within_the_range_asked_for(low, high, irregularity):
    data = SyntheticLesions(25, size=(60, 80), area=(low, high), irregularity=irregularity)
    shares = np.array([data.truth(index).mean() for index in range(25)])
    assert shares.min() >= 0.96 * low and shares.max() <= 1.04 * high  # the outline is exact to 3 %
    assert shares.max() - shares.min() > 0.3 * (high - low)


def test_areas_are_spread_as_in_isic_2016():
    """Quartiles of ISIC 2016: .105, .219, .383."""
    data = SyntheticLesions(300, size=32)
    quartiles = np.percentile([data.truth(index).mean() for index in range(300)], (25, 50, 75))
    np.testing.assert_allclose(quartiles, (0.105, 0.219, 0.383), atol=0.05)


def test_a_mask_is_one_piece_without_holes():
    data = SyntheticLesions(40, size=64, irregularity=1.0)
    for index in range(40):
        mask = np.pad(data.truth(index), 1).astype(np.uint8)
        assert cv2.connectedComponents(mask, connectivity=4)[0] == 2
        assert cv2.connectedComponents(1 - mask, connectivity=8)[0] == 2


def test_the_contour_is_where_the_colour_leaves_the_skins():
    """Just inside the contour the picture is nearer to the lesion's colour than just outside."""
    for sample in SyntheticLesions(20, size=96, variegation=0.0, contrast=(20, 40), area=(0.1, 0.4), **PLAIN):
        colours, inside = lab(sample.image), sample.mask.astype(np.uint8)
        kernel = np.ones((9, 9), np.uint8)
        rim = sample.mask & (cv2.erode(inside, kernel) == 0)
        halo = ~sample.mask & (cv2.dilate(inside, kernel) == 1)
        skin = colours[cv2.dilate(inside, np.ones((25, 25), np.uint8)) == 0].mean(0)
        towards = colours[sample.mask].mean(0) - skin
        position = [(colours[part].mean(0) - skin) @ towards / (towards @ towards) for part in (rim, halo)]
        assert position[0] > position[1] + 0.15


@pytest.mark.parametrize(("low", "high"), [(8, 12), (20, 30), (40, 50)])
def test_lesion_and_skin_differ_by_the_contrast_asked_for(low, high):
    data = SyntheticLesions(25, size=64, contrast=(low, high), skin=(1, 3), area=(0.05, 0.5), **PLAIN)
    measured = np.array([contrast(sample) for sample in data])
    assert low - 1 < np.median(measured) < high + 1
    # Uneven light on the skin adds to the lesion's own contrast, clipped colours take from it.
    assert (measured > 0.7 * low - 3).all() and (measured < high + 5).all()


def test_every_artefact_is_off_at_zero_on_at_one_and_reported():
    for name in ARTEFACTS:
        for share in (0.0, 1.0):
            data = SyntheticLesions(4, size=48, **{name: share})
            assert all((data.attributes(index)[name] != "none") == (share == 1.0) for index in range(4))


@pytest.mark.parametrize("name", ARTEFACTS)
def test_an_artefact_changes_its_own_pixels_only(name):
    without = SyntheticLesions(12, size=96, area=(0.05, 0.3), **PLAIN)
    with_it = SyntheticLesions(12, size=96, area=(0.05, 0.3), **{**PLAIN, name: 1.0})
    largest = {"hair": 0.75, "ruler": 0.3, "bubbles": 0.35, "patch": 0.4, "vignette": 1.0}[name]
    for index in range(12):
        np.testing.assert_array_equal(without.truth(index), with_it.truth(index))
        before, after = without.image(index).astype(int), with_it.image(index).astype(int)
        changed = (before != after).any(axis=-1)
        assert 0.0003 < changed.mean() <= largest


def test_a_vignette_darkens_the_corners_and_leaves_the_lesion():
    without = SyntheticLesions(12, size=96, area=(0.05, 0.2), **PLAIN)
    with_it = SyntheticLesions(12, size=96, area=(0.05, 0.2), **{**PLAIN, "vignette": 1.0})
    corners = lesions = 0.0
    for before, after in zip(without, with_it, strict=True):
        ratio = (after.image.mean(-1) + 1) / (before.image.mean(-1) + 1)
        corners += np.mean([ratio[:4, :4], ratio[:4, -4:], ratio[-4:, :4], ratio[-4:, -4:]]) / 12
        lesions += ratio[before.mask].mean() / 12
    assert corners < 0.5 and lesions > 0.9


def test_dark_hair_darkens_and_the_number_of_hairs_is_reported():
    without, with_it = SyntheticLesions(12, size=96, **PLAIN), SyntheticLesions(12, size=96, **{**PLAIN, "hair": 1.0})
    for index in range(12):
        count, kind = with_it.attributes(index)["hair"].split()
        difference = with_it.image(index).astype(int) - without.image(index)
        strongest = difference.flat[np.abs(difference).argmax()]
        assert int(count) >= 1
        assert (strongest < 0) == (kind == "dark") or abs(strongest) < 20  # light hair on light skin hardly shows


def test_a_patch_keeps_clear_of_a_lesion_of_ordinary_size():
    without = SyntheticLesions(20, size=96, area=(0.03, 0.2), **PLAIN)
    with_it = SyntheticLesions(20, size=96, area=(0.03, 0.2), **{**PLAIN, "patch": 1.0})
    for before, after in zip(without, with_it, strict=True):
        changed = np.abs(before.image.astype(int) - after.image).max(-1) > 30
        assert changed.sum() > 50  # of 9,216 pixels
        assert (changed & before.mask).sum() <= 0.1 * before.mask.sum()


def test_raising_a_share_adds_images_and_keeps_those_that_had_it():
    have = [
        {index for index in range(40) if data.attributes(index)["ruler"] != "none"}
        for data in (SyntheticLesions(40, size=16, ruler=share) for share in (0.2, 0.6))
    ]
    assert have[0] < have[1]


def test_irregularity_zero_is_an_ellipse_and_one_is_lobed():
    def mean_solidity(irregularity):
        data = SyntheticLesions(30, size=96, irregularity=irregularity, area=(0.05, 0.3))
        return np.mean([solidity(data.truth(index)) for index in range(30)])

    assert mean_solidity(0.0) > 0.965 > 0.93 > mean_solidity(1.0)


def test_variegation_spreads_the_lesions_colours_and_adds_structures():
    def spread(variegation):
        data = SyntheticLesions(15, size=64, variegation=variegation, contrast=(25, 35), area=(0.1, 0.4), **PLAIN)
        return np.mean([lab(sample.image)[cv2.erode(sample.mask.astype(np.uint8), np.ones((9, 9))) == 1].std(0)
                        for sample in data])  # fmt: skip

    assert spread(1.0) > 1.7 * spread(0.0)
    plain, rich = SyntheticLesions(15, size=32, variegation=0.0), SyntheticLesions(15, size=32, variegation=1.0)
    assert all(plain.attributes(index)["structures"] == "none" for index in range(15))
    assert sum(rich.attributes(index)["structures"] != "none" for index in range(15)) > 9


def test_skin_darkens_with_the_fitzpatrick_type():
    lightness = []
    for kind in range(1, 7):
        data = SyntheticLesions(15, size=32, skin=(kind, kind), area=(0.02, 0.1), **PLAIN)
        lightness.append(np.mean([lab(sample.image)[~sample.mask][:, 0].mean() for sample in data]))
        assert data.attributes(0)["fitzpatrick"] == ("I", "II", "III", "IV", "V", "VI")[kind - 1]
    assert lightness == sorted(lightness, reverse=True)
    assert lightness[0] - lightness[-1] > 30


def test_attributes_tell_the_area_that_the_mask_has():
    data = SyntheticLesions(3, size=64)
    for index in range(3):
        assert float(data.attributes(index)["area"]) == pytest.approx(data.truth(index).mean(), abs=0.0006)


def test_fingerprints_follow_parameters_and_version(monkeypatch):
    def prints(**changed):
        data = SyntheticLesions(**{"n": 3, "size": 32, "seed": 0, "hair": 0.5, **changed})
        return data.fingerprint(), data.content_fingerprint()

    first = prints()
    assert prints() == first
    for change in ({"n": 4}, {"size": (32, 33)}, {"seed": 1}, {"hair": 0.6}):
        assert all(a != b for a, b in zip(prints(**change), first, strict=True)), change
    monkeypatch.setattr(synthetic, "VERSION", synthetic.VERSION + 1)
    assert all(a != b for a, b in zip(prints(), first, strict=True))


def test_a_subset_keeps_the_pictures():
    data = SyntheticLesions(5, size=32)
    np.testing.assert_array_equal(data.subset(["synthetic-0-0003"]).image(0), data.image(3))


@pytest.mark.parametrize(
    ("parameters", "error", "words"),
    [
        ({"n": -1}, DataError, "n is -1"),
        ({"seed": -2}, DataError, "seed is -2"),
        ({"size": 15}, ShapeError, "15 x 15"),
        ({"size": (64, 4096)}, ShapeError, "64 x 4096"),
        ({"area": (0.0, 0.5)}, DataError, r"area is \(0.0, 0.5\)"),
        ({"area": (0.5, 0.2)}, DataError, "the least first"),
        ({"contrast": (5, 90)}, DataError, "within 3 to 70"),
        ({"skin": (0, 6)}, DataError, "within 1 to 6"),
        ({"hair": 1.5}, DataError, "hair is 1.5"),
        ({"patch": -0.1}, DataError, "patch is -0.1"),
        ({"variegation": 2}, DataError, "from 0 to 1"),
        ({"irregularity": float("nan")}, DataError, "irregularity is nan"),
        ({"n": 2.5}, DataError, "n is 2.5"),
        ({"n": "2"}, DataError, "n is '2'"),
        ({"n": True}, DataError, "n is True"),
        ({"seed": "a"}, DataError, "seed is 'a'"),
        ({"seed": 1.5}, DataError, "seed is 1.5"),
        ({"size": (64,)}, ShapeError, "size is .64,."),
        ({"size": "64"}, ShapeError, "size is '64'"),
        ({"size": 64.0}, ShapeError, "size is 64.0"),
        ({"hair": "x"}, DataError, "hair is 'x'"),
        ({"area": 0.5}, DataError, "area is 0.5"),
        ({"area": ("a", "b")}, DataError, "area is"),
        ({"skin": (1.5, 3)}, DataError, r"skin is \(1.5, 3\)"),
    ],
)
def test_parameters_out_of_range_are_refused_with_the_range(parameters, error, words):
    with pytest.raises(error, match=words):
        SyntheticLesions(**{"n": 2, **parameters})


def test_a_number_that_is_not_there_is_an_index_error():
    data = SyntheticLesions(2, size=16)
    with pytest.raises(IndexError, match="has 2 samples"):
        data.image(2)
    assert data[-1].id == "synthetic-0-0001"
