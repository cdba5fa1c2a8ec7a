"""What every figure keeps: its width, its weight, its alt text; what none draws."""

import io
import re
from base64 import b64decode

import matplotlib.pyplot as plt
import numpy as np
import PIL.Image
import pytest

from lesionseg_lib import plots
from lesionseg_lib.data.datasets.synthetic import SyntheticLesions
from lesionseg_lib.errors import ShapeError
from tests.helpers.figures import IMAGES, PREDICTION, TRUTH, history


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


@pytest.mark.parametrize("plot", [plots.triptychs, plots.overlays, plots.error_maps])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([], [], []), "No images"),
        ((IMAGES, [TRUTH], [PREDICTION, TRUTH]), "1 truths for 2 images"),
        ((IMAGES, [TRUTH, TRUTH], [PREDICTION]), "1 predictions for 2 images"),
        ((IMAGES[:1], [TRUTH], [PREDICTION], ["a", "b"]), "2 ids for 1 images"),
        ((IMAGES[:1], [TRUTH], [PREDICTION], None, []), "0 scores for 1 images"),
        ((IMAGES[:1], [TRUTH], [PREDICTION[:8]]), r"\(16, 16, 3\), mask \(8, 16\)"),
        (([IMAGES[0][..., 0]], [TRUTH], [PREDICTION]), r"image has shape \(16, 16\)"),
    ],
)
def test_shapes_and_numbers_that_do_not_fit_are_refused(plot, arguments, words):
    with pytest.raises(ShapeError, match=words):
        plot(*arguments)


@pytest.mark.parametrize(
    ("call", "error", "words"),
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
