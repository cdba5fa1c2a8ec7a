"""Images, masks and outlines on a grid of axes: what the figures of `pictures` and `panels` are drawn with."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from lesionseg_lib.data.datasets.base import Mask
from lesionseg_lib.plots.figure import BLUE, GREY, STYLE, WIDTH, Figure, new_figure

Array = npt.NDArray[Any]
TITLE = 0.24  # inches above an image
TRUTH = {"color": "white", "linestyle": "solid", "linewidth": 1.2}
PREDICTION = {"color": BLUE, "linestyle": (0, (2.4, 1.2)), "linewidth": 1.7}
HALO = {"white": "black", BLUE: "white"}  # a line is seen on any background through a halo in the opposite tone


def grid(
    count: int,
    columns: int,
    panels: Sequence[Array],
    alt: str,
    *,
    block: int | None = None,
    extra: float = 0.0,
    photographic: bool = True,
) -> tuple[Figure, list[Axes]]:
    """A figure of book width with ``count`` panels; each row is as high as its tallest panel needs.

    A gap follows every ``block`` columns; ``extra`` inches are kept for a legend or a heading.
    """
    columns = min(columns, max(count, 2))  # a single image need not fill the page
    rows = -(-count // columns)
    gaps = list(range(block, columns, block)) if block else []
    cell = WIDTH / (columns + 0.15 * len(gaps))
    tallest = [max(p.shape[0] / p.shape[1] for p in panels[row * columns : (row + 1) * columns]) for row in range(rows)]
    heights = [cell * ratio + TITLE for ratio in tallest]
    widths = [1.0] * columns
    for gap in reversed(gaps):
        widths.insert(gap, 0.15)
    figure = new_figure(sum(heights) + extra, alt, photographic=photographic)
    spec = figure.add_gridspec(rows, len(widths), height_ratios=heights, width_ratios=widths)
    places = [column for column, width in enumerate(widths) if width == 1.0]
    with mpl.rc_context(STYLE):
        axes = [figure.add_subplot(spec[index // columns, places[index % columns]]) for index in range(count)]
    for ax in axes:
        ax.axis("off")
        ax.set_anchor("N")  # titles of a row stay in line when the images differ in shape
    return figure, axes


def draw_picture(ax: Axes, picture: Array, title: str, **options: Any) -> None:
    ax.imshow(picture, **options)
    ax.set_title(title, fontsize=9, pad=2)


def draw_mask(ax: Axes, mask: Mask, title: str) -> None:
    draw_picture(ax, mask, title, cmap="gray", vmin=0, vmax=1)
    # A frame, so that the mask's black does not merge with a dark page nor its white with a light one.
    ax.axis("on")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set(visible=True, color=GREY)


def draw_outline(ax: Axes, mask: Mask, line: dict[str, Any]) -> None:
    """The mask's contour, closed also where the lesion leaves the image. Nothing for an empty mask."""
    if not mask.any():
        return
    h, w = mask.shape
    contour = ax.contour(
        np.arange(-1, w + 1), np.arange(-1, h + 1), np.pad(mask, 1).astype(float), [0.5],
        colors=[line["color"]], linestyles=[line["linestyle"]], linewidths=[line["linewidth"]],
    )  # fmt: skip
    contour.set(path_effects=[withStroke(linewidth=line["linewidth"] + 1.3, foreground=HALO[line["color"]])])
    ax.set(xlim=(-0.5, w - 0.5), ylim=(h - 0.5, -0.5))


def draw_hatch(ax: Axes, area: Mask, pattern: str) -> None:
    if area.any():
        with mpl.rc_context({"hatch.color": "white", "hatch.linewidth": 1.0}):
            filled = ax.contourf(area.astype(float), [0.5, 1.5], colors="none", hatches=[pattern])
            filled.set(edgecolor="white", linewidth=0)


def line_handle(label: str, line: dict[str, Any]) -> Line2D:
    handle = Line2D([], [], label=label, **line)
    handle.set_path_effects([withStroke(linewidth=line["linewidth"] + 1.3, foreground=HALO[line["color"]])])
    return handle


def add_legend(figure: Figure, handles: list[Any]) -> None:
    with mpl.rc_context(STYLE):
        figure.legend(handles=handles, loc="outside lower left", ncols=len(handles), handlelength=2.4)
