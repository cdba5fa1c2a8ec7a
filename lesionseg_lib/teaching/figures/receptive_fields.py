"""Receptive fields: squares over a photo, also those that are larger than the photo."""

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.plots.figure import BLUE, GREY, ORANGE, SKY, STYLE, VERMILION, Figure, new_figure

Image = npt.NDArray[np.uint8]
LINES: tuple[tuple[str, Any], ...] = (
    (BLUE, "-"),
    (VERMILION, (0, (4, 1.5))),
    (SKY, (0, (2.5, 1))),
    (ORANGE, (0, (5, 1.5, 1, 1.5))),
    ("#000000", "-"),
    (GREY, (0, (2, 2))),
    (VERMILION, (0, (1, 1))),
    (BLUE, (0, (7, 2))),
)


def receptive_fields(photo: Image, sides: Mapping[str, float]) -> Figure:
    """Squares around the middle of a photo uint8 (H, W, 3): the photo on the left, on the right those larger than it.

    ``sides``: name -> width in pixels, eight at most. Raises ``ShapeError`` for none, or for more.
    """
    if not 0 < len(sides) <= len(LINES):
        raise ShapeError(f"fields: {len(sides)} squares; expected 1 to {len(LINES)}.")
    height, width = photo.shape[:2]
    facts = ", ".join(f"{name} {side:g}" for name, side in sides.items())
    outside = sum(side > max(height, width) for side in sides.values())
    figure = new_figure(
        4.1,
        f"Receptive fields as squares around the middle of a photo of {width} x {height} pixels, width in pixels: "
        f"{facts}. {outside} of {len(sides)} are larger than the photo.",
    )
    half = 0.52 * max(*sides.values(), height, width)
    with mpl.rc_context(STYLE):
        close, far = figure.subplots(1, 2)
        larger = {name: side if side > min(height, width) else 0 for name, side in sides.items()}
        for ax, shown, reach in ((close, sides, 0.52 * max(height, width)), (far, larger, half)):
            _draw(ax, photo, shown)
            ax.set(xlim=(width / 2 - reach, width / 2 + reach), ylim=(height / 2 + reach, height / 2 - reach))
            ax.set(xticks=[], yticks=[], facecolor="#E8E8E8")
            ax.spines[:].set_visible(False)
        close.set_title("the photo")
        far.set_title("the photo and what is padding")
        handles = [
            Line2D([], [], color=colour, linestyle=style, label=f"{name}: {side:g} px")
            for (name, side), (colour, style) in zip(sides.items(), LINES, strict=False)
        ]
        figure.legend(handles=handles, loc="outside lower left", ncols=3, handlelength=2.6)
    return figure


def _draw(ax: Axes, photo: Image, sides: Mapping[str, float]) -> None:
    height, width = photo.shape[:2]
    ax.imshow(photo, extent=(0, width, height, 0))
    for side, (colour, style) in zip(sides.values(), LINES, strict=False):
        if not side:
            continue
        line: dict[str, Any] = {"edgecolor": colour, "linestyle": style, "linewidth": 1.8, "facecolor": "none"}
        square = Rectangle(((width - side) / 2, (height - side) / 2), side, side, **line)
        square.set_path_effects([withStroke(linewidth=3.2, foreground="white")])
        ax.add_patch(square)
