"""What a loss does to pixels: maps of its pull on the logits, and the pull on one pixel over that pixel's logit."""

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.plots.figure import BLUE, GREY, RUN_COLOURS, STYLE, VERMILION, WIDTH, Figure, new_figure
from lesionseg_lib.utils.arrays import Mask

Array = npt.NDArray[np.floating]
COLOURS = LinearSegmentedColormap.from_list("pull", ["#401C00", VERMILION, "white", BLUE, "#001A33"])
OUTLINES: tuple[tuple[str, str, Any, float], ...] = (
    ("truth", "black", "solid", 1.5),
    ("prediction", "black", (0, (3, 1.5)), 1.0),
)
STYLES = ("solid", (0, (4, 2)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (2, 1, 1, 1)))


def gradient_maps(
    maps: Mapping[str, Array], truth: Mask, prediction: Mask, most: float = 12, columns: int = 3
) -> Figure:
    """Where losses push the logits: one panel a loss, all on one scale, in multiples of that loss's mean pull.

    ``maps``: name -> minus the gradient with respect to the logits, (H, W); above zero the logit is raised. Darkness is
    strength, white 0 and darkest ``most`` or more; the two directions also lie on two sides of the true outline. Raises
    ``ShapeError`` without maps or when shapes differ.
    """
    wrong = {name: pull.shape for name, pull in maps.items() if pull.shape != truth.shape}
    if not maps or wrong or prediction.shape != truth.shape:
        raise ShapeError(
            f"gradient_maps: truth {truth.shape}, prediction {prediction.shape}, maps {wrong or len(maps)}."
        )
    rows, facts = -(-len(maps) // columns), []
    panel = WIDTH / columns * truth.shape[0] / truth.shape[1]
    figure = new_figure(rows * (panel + 0.25) + 0.85, "")
    with mpl.rc_context(STYLE):
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for ax, (name, pull) in zip(axes, maps.items(), strict=False):
            relative = pull / max(float(np.abs(pull).mean()), 1e-30)
            root = np.sign(relative) * np.sqrt(np.abs(relative))  # or nothing but the strongest would be seen
            picture = ax.imshow(root, cmap=COLOURS, vmin=-np.sqrt(most), vmax=np.sqrt(most), interpolation="nearest")
            for mask, (_, colour, style, width) in zip((truth, prediction), OUTLINES, strict=True):
                ax.contour(np.pad(mask, 1)[1:-1, 1:-1], [0.5], colors=colour, linestyles=[style], linewidths=width)
            ax.set_title(name, fontsize=9, pad=2)
            facts.append(
                f"{name}: up to {max(relative.max(), 0):.1f} times upwards, {max(-relative.min(), 0):.1f} down"
            )
        for ax in axes:
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=ax.has_data(), color=GREY)
        ticks = [-most, -most / 3, -1, 0, 1, most / 3, most]
        bar = figure.colorbar(picture, ax=list(axes), location="bottom", shrink=0.75, aspect=45, pad=0.01)
        bar.set_ticks([np.sign(tick) * np.sqrt(abs(tick)) for tick in ticks], labels=[f"{abs(t):g}" for t in ticks])
        bar.set_label(
            "\u2190 lowered, towards skin      times the mean pull      raised, towards lesion \u2192", fontsize=9
        )
        lines = [Line2D([], [], label=name, color=c, linestyle=s, linewidth=w) for name, c, s, w in OUTLINES]
        figure.legend(handles=lines, loc="outside lower left", ncols=2)
    figure.alt_text = (
        "Maps of the pull of each loss on the logits, in multiples of its mean over the image; every pixel of the true "
        "lesion is pulled up, every other pixel down. " + "; ".join(facts) + "."
    )
    return figure


def pixel_curves(logits: Array, curves: Mapping[str, tuple[Array, Array]], label: str, most: float = 8) -> Figure:
    """Left the loss, cut off at ``most``, right its gradient, over the logit of one pixel.

    ``curves``: name -> (loss, gradient), each (K,) as ``logits``; five at most. ``label`` says which pixel. Raises
    ``ValueError``.
    """
    wrong = [name for name, pair in curves.items() if any(part.shape != logits.shape for part in pair)]
    if not 0 < len(curves) <= len(STYLES) or wrong:
        raise ValueError(f"one_pixel: {len(curves)} curves, of another length: {wrong}; expected 1 to {len(STYLES)}.")
    figure, facts = new_figure(3.0, ""), []
    with mpl.rc_context(STYLE):
        left, right = figure.subplots(1, 2)
        for (name, (loss, gradient)), style, colour in zip(curves.items(), STYLES, RUN_COLOURS, strict=False):
            left.plot(logits, loss, linestyle=style, color=colour, label=name)
            right.plot(logits, gradient, linestyle=style, color=colour)
            steepest = int(np.abs(gradient).argmax())
            facts.append(
                f"{name}: gradient at most {gradient[steepest]:.2f}, at logit {logits[steepest]:g}, and "
                f"{gradient[-1]:.2g} at {logits[-1]:g}"
            )
        left.set(title="loss", xlabel=label, ylim=(-0.03 * most, most))
        right.set(title="gradient", xlabel=label)
        for ax in (left, right):
            ax.grid(True)
        figure.legend(loc="outside lower left", ncols=3)
    figure.alt_text = f"Loss and gradient over {label}. " + "; ".join(facts) + "."
    return figure
