"""Photos with masks: outlines, errors, epochs, feature maps."""

import numpy as np
import pytest

from lesionseg_lib import plots
from lesionseg_lib.data.datasets.base import Sample
from lesionseg_lib.data.datasets.synthetic import SyntheticLesions
from tests.helpers.figures import BLUE, IMAGES, ORANGE, PREDICTION, TRUTH, panels, square, titles


def test_samples_show_the_first_images_and_tell_the_lesions_share():
    data = SyntheticLesions(7, size=(24, 32))
    figure = plots.samples(data, count=5)
    assert titles(figure) == list(data.ids[:5])
    for shown, sample in zip(panels(figure), data, strict=False):
        np.testing.assert_array_equal(shown, sample.image)
    assert f"synthetic-0-0004, lesion {data.truth(4).mean():.0%}" in figure.alt_text
    assert "synthetic-0-0005" not in figure.alt_text


def test_the_outline_can_be_left_out_and_an_empty_mask_has_none():
    full, empty = Sample("full", IMAGES[0], TRUTH), Sample("empty", IMAGES[0], np.zeros((16, 16), bool))
    drawn = [len(ax.collections) for ax in plots.samples([full, empty]).axes]
    assert drawn == [1, 0]
    without = plots.samples([full], outline=False)
    assert len(without.axes[0].collections) == 0 and "outline" not in without.alt_text


def test_triptychs_show_image_truth_prediction_and_score():
    figure = plots.triptychs(IMAGES, [TRUTH, TRUTH], [PREDICTION, TRUTH], ["one", "two"], [0.6, 1.0])
    assert titles(figure) == ["one", "truth", "J = 0.60", "two", "truth", "J = 1.00"]
    for shown, expected in zip(panels(figure), [IMAGES[0], TRUTH, PREDICTION, IMAGES[1], TRUTH, TRUTH], strict=True):
        np.testing.assert_array_equal(shown, expected)
    assert "one (Jaccard 0.60), two (Jaccard 1.00)" in figure.alt_text


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 1, 3), (2, 2, 3), (3, 2, 6), (4, 2, 6), (5, 3, 6)])
def test_more_than_two_triptychs_stand_two_in_a_row(count, rows, columns):
    figure = plots.triptychs([IMAGES[0]] * count, [TRUTH] * count, [TRUTH] * count)
    figure.draw_without_rendering()
    tops = {round(ax.get_position().y1, 3) for ax in figure.axes}
    lefts = {round(ax.get_position().x0, 3) for ax in figure.axes}
    assert (len(figure.axes), len(tops), len(lefts)) == (3 * count, rows, columns)


def test_overlays_draw_two_outlines_that_differ_in_colour_and_dashes():
    figure = plots.overlays(IMAGES, [TRUTH, TRUTH], [PREDICTION, TRUTH], scores=[0.6, 1.0])
    for ax in figure.axes:
        truth, prediction = ax.collections
        assert tuple(truth.get_edgecolor()[0][:3]) == (1, 1, 1)
        np.testing.assert_allclose(prediction.get_edgecolor()[0][:3] * 255, BLUE)
        assert truth.get_linestyle()[0][1] is None and prediction.get_linestyle()[0][1] is not None
    assert titles(figure) == ["image 1  J = 0.60", "image 2  J = 1.00"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["truth", "prediction"]


def test_an_outline_encloses_the_mask_also_where_it_leaves_the_image():
    figure = plots.overlays(IMAGES[:1], [square(16, 0, 0, 6)], [square(16, 4, 4, 6)])
    for contour, corner in zip(figure.axes[0].collections, (-0.5, 3.5), strict=True):
        path = contour.get_paths()[0]
        box = path.get_extents()
        assert (box.x0, box.y0, box.x1, box.y1) == (corner, corner, corner + 6, corner + 6)
        np.testing.assert_array_equal(path.vertices[0], path.vertices[-1])  # closed
    assert figure.axes[0].get_xlim() == (-0.5, 15.5) and figure.axes[0].get_ylim() == (15.5, -0.5)


def test_error_image_colours_each_kind_of_pixel():
    """A pixel of grey 100: kept where right, .45 * 100 + .55 * 255 = 185 outside, .15 * 100 + .85 * colour if wrong."""
    shown = plots.error_image(IMAGES[0], TRUTH, PREDICTION)
    assert shown.dtype == np.uint8 and shown.shape == (16, 16, 3)
    assert tuple(shown[5, 5]) == (100, 100, 100)  # true positive
    assert tuple(shown[15, 15]) == (185, 185, 185)  # true negative
    np.testing.assert_allclose(shown[5, 11], 15 + 0.85 * np.array(ORANGE), atol=0.5)  # false positive
    np.testing.assert_allclose(shown[5, 2], 15 + 0.85 * np.array(BLUE), atol=0.5)  # false negative
    for kind, pixels in (((185,) * 3, 256 - 80), ((100,) * 3, 48)):
        assert (shown == kind).all(-1).sum() == pixels


def test_error_colours_differ_in_brightness_too():
    """In grey (Rec. 601 luma): orange 162, blue 87."""
    shown = plots.error_image(IMAGES[0], TRUTH, PREDICTION) @ (0.299, 0.587, 0.114)
    assert abs(shown[5, 11] - shown[5, 2]) > 50


def test_error_maps_hatch_the_two_kinds_of_error_differently_and_tell_their_shares():
    figure = plots.error_maps(IMAGES[:1], [TRUTH], [PREDICTION], ["one"], [0.6])
    np.testing.assert_array_equal(panels(figure)[0], plots.error_image(IMAGES[0], TRUTH, PREDICTION))
    hatches = [c.hatches for c in figure.axes[0].collections if any(getattr(c, "hatches", ()))]
    assert hatches == [["////"], ["...."]]
    # 16 of 256 pixels each.
    assert "one (Jaccard 0.60): 6.2% of the image falsely called lesion, 6.2% missed" in figure.alt_text
    assert [text.get_text() for text in figure.legends[0].get_texts()][:2] == ["false positive", "false negative"]


def test_a_perfect_prediction_has_no_hatching():
    figure = plots.error_maps(IMAGES[:1], [TRUTH], [TRUTH])
    assert len(figure.axes[0].collections) == 1  # the outline


@pytest.mark.parametrize("kind", ["float", "uint8"])
def test_between_epochs_shows_probabilities_and_their_jaccard(kind):
    probabilities = np.stack([np.full((16, 16), 0.2), PREDICTION * 0.9, TRUTH * 1.0])[:, None]  # (3, 1, 16, 16)
    if kind == "uint8":
        probabilities = (probabilities * 255).round().astype(np.uint8)
    figure = plots.between_epochs(IMAGES[:1], [TRUTH], probabilities, [1, 5, 9], ["one"])
    assert titles(figure) == ["one", "epoch 1: 0.00", "epoch 5: 0.60", "epoch 9: 1.00"]
    np.testing.assert_allclose(panels(figure)[2], PREDICTION * 0.9, atol=0.002)
    assert "one: Jaccard 0.00 then 0.60 then 1.00" in figure.alt_text


def test_between_epochs_repeats_the_images_in_rows():
    figure = plots.between_epochs(IMAGES, [TRUTH, PREDICTION], np.zeros((3, 2, 16, 16)), [1, 2, 3])
    assert len(figure.axes) == 2 * (1 + 3)
    np.testing.assert_array_equal(panels(figure)[4], IMAGES[1])


def test_feature_maps_show_the_channels_that_vary_most_in_their_order():
    spread = np.array([1.0, 0.0, 5.0, 3.0])[:, None, None]
    features = spread * np.linspace(-1, 1, 12).reshape(3, 4)
    figure = plots.feature_maps(features, "stage 2", count=2)
    assert titles(figure) == ["2", "3"]
    np.testing.assert_allclose(panels(figure)[0], features[2])
    assert "2 of 4 channels of 3 x 4" in figure.alt_text and "1 of the 4 channels are constant" in figure.alt_text
