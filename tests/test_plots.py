import io
import re
from base64 import b64decode
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import PIL.Image
import pytest

from lesionseg_lib import plots
from lesionseg_lib.data.datasets.base import Sample
from lesionseg_lib.data.datasets.synthetic import SyntheticLesions
from lesionseg_lib.errors import ShapeError

BLUE, ORANGE = (0, 114, 178), (230, 159, 0)  # Okabe and Ito


def square(size, top, left, side):
    mask = np.zeros((size, size), bool)
    mask[top : top + side, left : left + side] = True
    return mask


TRUTH, PREDICTION = square(16, 2, 2, 8), square(16, 2, 4, 8)  # 64 pixels each, 48 shared: Jaccard 48 / 80 = .6
IMAGES = [np.full((16, 16, 3), 100, np.uint8), np.full((16, 16, 3), 200, np.uint8)]


def panels(figure):
    """The arrays shown, in order."""
    return [ax.images[0].get_array() for ax in figure.axes if ax.images]


def titles(figure):
    return [ax.get_title() for ax in figure.axes]


def history(*jaccards):
    return [
        {"epoch": e, "train_loss": 1 / e, "validation_loss": 2 / e, "validation_jaccard": j, "seconds": 1.0}
        for e, j in enumerate(jaccards, start=1)
    ]


def all_figures():
    data, masks, wrong = SyntheticLesions(2, size=(24, 32)), [TRUTH, TRUTH], [PREDICTION, TRUTH]
    yield plots.samples(data)
    yield plots.triptychs(IMAGES, masks, wrong)
    yield plots.overlays(IMAGES, masks, wrong)
    yield plots.error_maps(IMAGES, masks, wrong)
    yield plots.between_epochs(IMAGES, masks, np.zeros((2, 2, 16, 16)), [1, 9])
    yield plots.feature_maps(np.random.default_rng(0).normal(size=(5, 4, 4)), "stage 1")
    yield plots.curves({"a": history(0.5, 0.7)})
    yield plots.parameter_bars({"a": {"trainable": 1, "frozen": 2}})
    yield plots.comparison([{"name": "a", "value": 0.5, "low": 0.4, "high": 0.6}])


def test_every_figure_has_alt_text_book_width_stays_under_150_kB_and_is_not_left_with_pyplot():
    kinds = []
    for figure in all_figures():
        data, metadata = figure.mimebundle()
        (kind,) = [kind for kind in data if kind.startswith("image/")]
        kinds.append(kind)
        picture = data[kind].encode() if kind == "image/svg+xml" else b64decode(data[kind])
        assert len(figure.alt_text) > 20
        assert data["text/plain"] == metadata[kind]["alt"] == figure.alt_text
        assert 500 <= metadata[kind]["width"] <= 730
        if kind != "image/svg+xml":
            assert PIL.Image.open(io.BytesIO(picture)).format == {"image/png": "PNG", "image/jpeg": "JPEG"}[kind]
        assert len(picture) < 150_000
    # Photos as JPEG, maps as PNG, charts as SVG.
    assert kinds == ["image/jpeg"] * 5 + ["image/png"] + ["image/svg+xml"] * 3
    assert plt.get_fignums() == []


def test_a_notebook_shows_a_figure_once_and_with_its_alt_text(monkeypatch):
    published = []
    monkeypatch.setattr(
        "IPython.display.publish_display_data", lambda data, metadata: published.append((data, metadata))
    )
    from IPython.core.formatters import DisplayFormatter

    figure = plots.samples(SyntheticLesions(1, size=32))
    assert DisplayFormatter().format(figure) == ({}, {})  # it has shown itself, IPython adds nothing
    ((data, metadata),) = published
    assert set(data) == {"image/jpeg", "text/plain"}
    assert metadata["image/jpeg"]["alt"] == figure.alt_text


def test_with_alt_takes_a_pyplot_figure_over():
    figure, ax = plt.subplots()
    ax.plot([0, 1])
    ours = plots.with_alt(figure, " A line rises. ")
    assert ours is figure and ours.alt_text == "A line rises."
    assert figure.number not in plt.get_fignums()  # the inline backend would show it a second time
    assert ours.mimebundle()[1]["image/svg+xml"]["alt"] == "A line rises."


def test_a_chart_is_the_same_text_whenever_it_is_drawn_and_its_words_are_words():
    drawn = [plots.curves({"a": history(0.5, 0.7)}).mimebundle()[0]["image/svg+xml"] for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert re.search(r"<text [^>]*>epoch</text>", drawn[0])
    assert "<dc:date>" not in drawn[0]


def test_a_chart_of_very_many_points_is_stored_as_pixels():
    figure = plots.new_figure(2, "Ten thousand points.")
    figure.add_subplot().scatter(*np.random.default_rng(0).normal(size=(2, 10_000)))
    assert "image/png" in figure.mimebundle()[0]


def test_with_alt_refuses_an_empty_text():
    with pytest.raises(ValueError, match="Say in a sentence"):
        plots.with_alt(plots.new_figure(1, "x"), "  ")


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


@pytest.mark.parametrize("count, rows, columns", [(1, 1, 3), (2, 2, 3), (3, 2, 6), (4, 2, 6), (5, 3, 6)])
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


def test_curves_draw_every_run_and_mark_the_best_epoch():
    runs = {"first": history(0.5, 0.8, 0.7), "second": history(0.6, 0.6, 0.9)}
    figure = plots.curves(runs)
    loss, score = figure.axes
    np.testing.assert_allclose([line.get_ydata() for line in loss.lines[:2]], [[1, 1 / 2, 1 / 3], [2, 1, 2 / 3]])
    assert loss.lines[0].get_linestyle() != loss.lines[1].get_linestyle()
    assert loss.lines[1].get_marker() != loss.lines[3].get_marker()  # runs differ without colour too
    stars = [(line.get_xdata()[0], line.get_ydata()[0]) for line in score.lines if line.get_marker() == "*"]
    assert stars == [(2, 0.8), (3, 0.9)]
    assert "first: training loss 1.000 to 0.333, validation loss 2.000 to 0.667 in 3 epochs" in figure.alt_text
    assert "best validation Jaccard 0.800 at epoch 2" in figure.alt_text
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["first", "second"]


def test_curves_take_objects_and_runs_with_a_missing_score():
    rows = [SimpleNamespace(**row) for row in history(float("nan"), 0.4)]
    assert "best validation Jaccard 0.400 at epoch 2" in plots.curves({"run": rows}).alt_text


def test_parameter_bars_stack_frozen_on_trainable():
    """The published counts of the dilated decoder: 4,771,585 trainable and 2,223,872 frozen, 6,995,457 in all."""
    figure = plots.parameter_bars({"frozen": {"trainable": 4_771_585, "frozen": 2_223_872, "total": 6_995_457}})
    trainable, frozen = figure.axes[0].patches
    assert (trainable.get_x(), trainable.get_width()) == (0, 4.771585)
    assert (frozen.get_x(), frozen.get_width()) == (4.771585, 2.223872)
    assert frozen.get_hatch() and not trainable.get_hatch()
    assert [text.get_text() for text in figure.axes[0].texts] == ["4.77 M", "2.22 M", "7.00 M in all"]
    assert "6,995,457 in total, 4,771,585 trainable, 2,223,872 frozen" in figure.alt_text


def test_comparison_draws_value_interval_and_claim():
    rows = [
        {"name": "a", "value": 0.8, "low": 0.78, "high": 0.82, "claimed": 0.9},
        {"name": "b", "value": 0.7, "low": 0.6, "high": 0.8, "claimed": None},
    ]
    figure = plots.comparison(rows)
    (ax,) = figure.axes
    of_kind = {marker: [line for line in ax.lines if line.get_marker() == marker] for marker in "oD"}
    assert [line.get_xdata()[0] for line in of_kind["o"]] == [0.8, 0.7]
    assert [line.get_xdata()[0] for line in of_kind["D"]] == [0.9]
    assert [0.78, 0.82] in [list(line.get_xdata()) for line in ax.lines]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert ax.yaxis_inverted()  # the first row on top
    assert figure.alt_text.endswith("a: 0.800 (0.780 to 0.820), claimed 0.900; b: 0.700 (0.600 to 0.800).")


def test_comparison_without_claims_does_not_explain_them():
    figure = plots.comparison([{"name": "a", "value": 0.5, "low": 0.4, "high": 0.6}])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["measured, 95 % interval"]


@pytest.mark.parametrize("plot", [plots.triptychs, plots.overlays, plots.error_maps])
@pytest.mark.parametrize(
    "arguments, words",
    [
        (([], [], []), "No images"),
        ((IMAGES, [TRUTH], [PREDICTION, TRUTH]), "1 truths for 2 images"),
        ((IMAGES, [TRUTH, TRUTH], [PREDICTION]), "1 predictions for 2 images"),
        ((IMAGES[:1], [TRUTH], [PREDICTION], ["a", "b"]), "2 ids for 1 images"),
        ((IMAGES[:1], [TRUTH], [PREDICTION], None, []), "0 scores for 1 images"),
        ((IMAGES[:1], [TRUTH], [PREDICTION[:8]]), r"\(16, 16, 3\) and mask \(8, 16\)"),
        (([IMAGES[0][..., 0]], [TRUTH], [PREDICTION]), r"image \(16, 16\)"),
    ],
)
def test_shapes_and_numbers_that_do_not_fit_are_refused(plot, arguments, words):
    with pytest.raises(ShapeError, match=words):
        plot(*arguments)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: plots.samples([]), ShapeError, "No samples"),
        (lambda: plots.error_image(IMAGES[0], TRUTH, PREDICTION[:4]), ShapeError, r"mask \(4, 16\)"),
        (lambda: plots.feature_maps(np.zeros((1, 3, 4, 4)), "x"), ShapeError, r"\(1, 3, 4, 4\)"),
        (
            lambda: plots.between_epochs(IMAGES[:1], [TRUTH], np.zeros((2, 1, 8, 8)), [1, 2]),
            ShapeError,
            r"\(2, 1, 8, 8\), expected \(2, 1, 16, 16\)",
        ),
        (lambda: plots.curves({}), ValueError, "no epochs"),
        (lambda: plots.curves({"good": history(0.5), "bad": []}), ValueError, "for bad"),
        (lambda: plots.parameter_bars({}), ValueError, "at least one"),
        (lambda: plots.comparison([]), ValueError, "at least one"),
    ],
)
def test_nothing_to_draw_or_the_wrong_shape_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
