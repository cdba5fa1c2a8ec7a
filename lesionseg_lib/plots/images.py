"""Figures made of images, masks and feature maps."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lesionseg_lib.data.datasets.base import Sample
from lesionseg_lib.errors import ShapeError
from lesionseg_lib.plots.figure import BLUE, ORANGE, Figure
from lesionseg_lib.plots.grid import (
    PREDICTION,
    TRUTH,
    Array,
    add_legend,
    draw_hatch,
    draw_mask,
    draw_outline,
    draw_picture,
    grid,
    line_handle,
)
from lesionseg_lib.utils.arrays import Image, Mask
from lesionseg_lib.utils.checks import Need, check_arrays


def samples(samples: Iterable[Sample], count: int = 12, columns: int = 4, outline: bool = True) -> Figure:
    """The first ``count`` samples of a data set, or any samples, with the true outline drawn in."""
    chosen = list(islice(samples, count))
    _check_any(chosen, "samples")
    alt = f"{len(chosen)} images{', the true outline drawn in white' if outline else ''}: " + "; ".join(
        f"{sample.id}, lesion {sample.mask.mean():.0%} of the image" for sample in chosen
    )
    figure, axes = grid(len(chosen), columns, [sample.image for sample in chosen], alt)
    for ax, sample in zip(axes, chosen, strict=True):
        draw_picture(ax, sample.image, sample.id)
        if outline:
            draw_outline(ax, sample.mask, TRUTH)
    return figure


def triptychs(
    images: Sequence[Image],
    truths: Sequence[Mask],
    predictions: Sequence[Mask],
    ids: Sequence[str] | None = None,
    scores: Sequence[float] | None = None,
) -> Figure:
    """Image, true mask and predicted mask side by side, two triptychs a row if there are more than two.

    ``images``: N of (H, W, 3) uint8; ``truths`` and ``predictions``: N of (H, W), bool or 0/1; ``scores``: N Jaccard
    indices. Raises ``ShapeError`` when numbers or shapes do not fit.
    """
    names, truths, predictions = _check(images, truths, predictions, ids, scores)
    alt = f"{len(images)} triptychs of image, true mask and predicted mask: " + _listed(names, scores)
    panels = [panel for image in images for panel in (image, image, image)]
    figure, axes = grid(3 * len(images), 3 if len(images) <= 2 else 6, panels, alt, block=3)
    for index, (image, truth, prediction) in enumerate(zip(images, truths, predictions, strict=True)):
        left, middle, right = axes[3 * index : 3 * index + 3]
        draw_picture(left, image, names[index] if ids else "")
        draw_mask(middle, truth, "truth")
        draw_mask(right, prediction, "prediction" if scores is None else f"J = {scores[index]:.2f}")
    return figure


def overlays(
    images: Sequence[Image],
    truths: Sequence[Mask],
    predictions: Sequence[Mask],
    ids: Sequence[str] | None = None,
    scores: Sequence[float] | None = None,
    columns: int = 3,
) -> Figure:
    """Both outlines on the image: truth solid white, prediction dashed blue. Arguments as for ``triptychs``."""
    names, truths, predictions = _check(images, truths, predictions, ids, scores)
    alt = f"{len(images)} images with true outline (solid white) and predicted outline (dashed blue): "
    figure, axes = grid(len(images), columns, images, alt + _listed(names, scores), extra=0.3)
    for index, ax in enumerate(axes):
        draw_picture(ax, images[index], _title(names, scores, index))
        draw_outline(ax, truths[index], TRUTH)
        draw_outline(ax, predictions[index], PREDICTION)
    add_legend(figure, [line_handle("truth", TRUTH), line_handle("prediction", PREDICTION)])
    return figure


def error_image(image: Image, truth: Mask, prediction: Mask) -> Image:
    """Where a prediction is right and wrong, uint8 (H, W, 3).

    True positive: the image as it is. True negative: grey, faded. False positive: orange. False negative: blue.
    """
    (truth,), (prediction,) = _as_masks([image], [truth]), _as_masks([image], [prediction])
    grey = image.astype(float) @ (0.299, 0.587, 0.114)
    result = np.repeat((0.45 * grey + 0.55 * 255)[..., None], 3, axis=2)
    result[truth & prediction] = image[truth & prediction]
    for wrong, colour in ((prediction & ~truth, ORANGE), (truth & ~prediction, BLUE)):
        result[wrong] = 0.15 * image[wrong] + 0.85 * 255 * np.array(to_rgb(colour))
    return result.round().astype(np.uint8)


def error_maps(
    images: Sequence[Image],
    truths: Sequence[Mask],
    predictions: Sequence[Mask],
    ids: Sequence[str] | None = None,
    scores: Sequence[float] | None = None,
    columns: int = 3,
) -> Figure:
    """``error_image`` of each, false areas hatched too, the true outline in white. Arguments as for ``triptychs``."""
    names, truths, predictions = _check(images, truths, predictions, ids, scores)
    shares = [
        f"{name}: {(p & ~t).mean():.1%} of the image falsely called lesion, {(t & ~p).mean():.1%} missed"
        for name, t, p in zip(_with_scores(names, scores), truths, predictions, strict=True)
    ]
    alt = f"{len(images)} error maps; false positives orange and striped, false negatives blue and dotted. "
    figure, axes = grid(len(images), columns, images, alt + "; ".join(shares), extra=0.3)
    for index, ax in enumerate(axes):
        truth, prediction = truths[index], predictions[index]
        draw_picture(ax, error_image(images[index], truth, prediction), _title(names, scores, index))
        draw_hatch(ax, prediction & ~truth, "////")
        draw_hatch(ax, truth & ~prediction, "....")
        draw_outline(ax, truth, TRUTH)
    add_legend(
        figure,
        [
            Patch(facecolor=ORANGE, edgecolor="white", hatch="////", label="false positive"),
            Patch(facecolor=BLUE, edgecolor="white", hatch="....", label="false negative"),
            line_handle("truth", TRUTH),
            Line2D([], [], linestyle="none", label="true positive: in natural colour"),
        ],
    )
    return figure


def between_epochs(
    images: Sequence[Image],
    truths: Sequence[Mask],
    probabilities: Array,
    epochs: Sequence[int],
    ids: Sequence[str] | None = None,
    threshold: float = 0.5,
) -> Figure:
    """The same images after several epochs: one row an image, one column an epoch.

    ``probabilities``: (E, N, H, W), float 0 to 1 or uint8 0 to 255; ``epochs``: the E numbers to print. Each
    panel shows the probability as brightness, the true outline solid and the thresholded prediction dashed, with its
    Jaccard index.
    """
    names, truths, _ = _check(images, truths, truths, ids, None)
    expected = (len(epochs), len(images), *images[0].shape[:2])
    if probabilities.shape != expected:
        raise ShapeError(
            f"between_epochs: probabilities have shape {probabilities.shape}, expected {expected}: one map (H, W) "
            "for each of the epochs and each of the images. Choose the same epochs and images on both sides."
        )
    if probabilities.dtype == np.uint8:
        probabilities = probabilities / np.float32(255)
    scores = [
        [_jaccard(truth, p > threshold) for truth, p in zip(truths, of_epoch, strict=True)]
        for of_epoch in probabilities
    ]
    alt = f"Predicted probabilities for {len(images)} images after epochs {', '.join(map(str, epochs))}. " + "; ".join(
        f"{name}: Jaccard {' then '.join(f'{of_epoch[row]:.2f}' for of_epoch in scores)}"
        for row, name in enumerate(names)
    )
    columns = len(epochs) + 1
    panels = [image for image in images for _ in range(columns)]
    figure, axes = grid(len(panels), columns, panels, alt, extra=0.3)
    for row, (image, truth) in enumerate(zip(images, truths, strict=True)):
        first, *others = axes[row * columns : (row + 1) * columns]
        draw_picture(first, image, names[row] if ids else "")
        draw_outline(first, truth, TRUTH)
        for column, ax in enumerate(others):
            title = f"epoch {epochs[column]}: " if row == 0 else ""
            draw_picture(
                ax, probabilities[column, row], f"{title}{scores[column][row]:.2f}", cmap="gray", vmin=0, vmax=1
            )
            draw_outline(ax, truth, TRUTH)
            draw_outline(ax, probabilities[column, row] > threshold, PREDICTION)
    number = Line2D([], [], linestyle="none", label="number: Jaccard index")
    add_legend(
        figure, [line_handle("truth", TRUTH), line_handle(f"prediction (p > {threshold:g})", PREDICTION), number]
    )
    return figure


def feature_maps(features: Array, title: str, count: int = 24, columns: int = 8) -> Figure:
    """The ``count`` channels of a feature map (C, H, W) that vary most, each stretched to its own range.

    Channels stand in the order of their numbers. ``title`` names the stage, for example ``"stride 4, 24 channels"``.
    """
    if features.ndim != 3 or features.size == 0:
        raise ShapeError(f"feature_maps: shape {features.shape}, expected (channels, height, width) of one image.")
    features = features.astype(np.float32)
    spread = features.std(axis=(1, 2))
    chosen = np.sort(np.argsort(-spread, kind="stable")[:count])
    silent = int((spread < 1e-6).sum())
    c, h, w = features.shape
    alt = (
        f"{title}: {len(chosen)} of {c} channels of {h} x {w}, those that vary most over the image: "
        f"{', '.join(map(str, chosen))}. {silent} of the {c} channels are constant."
    )
    figure, axes = grid(len(chosen), columns, [features[0]] * len(chosen), alt, extra=0.3, photographic=False)
    figure.suptitle(title, x=0.01, ha="left")
    for ax, channel in zip(axes, chosen, strict=True):
        low, high = np.percentile(features[channel], (1, 99))
        draw_picture(ax, features[channel], str(channel), cmap="magma", vmin=low, vmax=max(high, low + 1e-6))
    return figure


def _check(
    images: Sequence[Image],
    truths: Sequence[Mask],
    predictions: Sequence[Mask],
    ids: Sequence[str] | None,
    scores: Sequence[float] | None,
) -> tuple[list[str], list[Mask], list[Mask]]:
    """Names to print (given or counted), and both sets of masks as bool. Raises ``ShapeError``."""
    _check_any(images, "images")
    for name, values in (("truths", truths), ("predictions", predictions), ("ids", ids), ("scores", scores)):
        if values is not None and len(values) != len(images):
            raise ShapeError(f"{len(values)} {name} for {len(images)} images; give one each.")
    names = list(ids) if ids is not None else [f"image {number}" for number in range(1, len(images) + 1)]
    return names, _as_masks(images, truths), _as_masks(images, predictions)


def _check_any(values: Sequence[Any], name: str) -> None:
    if len(values) == 0:
        raise ShapeError(f"No {name} to show; give at least one.")


def _as_masks(images: Sequence[Image], masks: Sequence[Mask]) -> list[Mask]:
    for number, (image, mask) in enumerate(zip(images, masks, strict=True)):
        check_arrays(
            f"bring the prediction to the image's size first (pair {number})",
            image=Need(image, "H W 3", "uint8"),
            mask=Need(mask, "H W", "number or bool"),
        )
    return [np.asarray(mask, dtype=bool) for mask in masks]


def _title(names: list[str], scores: Sequence[float] | None, index: int) -> str:
    return names[index] if scores is None else f"{names[index]}  J = {scores[index]:.2f}"


def _with_scores(names: list[str], scores: Sequence[float] | None) -> list[str]:
    return names if scores is None else [f"{n} (Jaccard {s:.2f})" for n, s in zip(names, scores, strict=True)]


def _listed(names: list[str], scores: Sequence[float] | None) -> str:
    return ", ".join(_with_scores(names, scores)) + "."


def _jaccard(truth: Mask, prediction: Mask) -> float:
    union = (truth | prediction).sum()
    return float((truth & prediction).sum() / union) if union else 1.0
