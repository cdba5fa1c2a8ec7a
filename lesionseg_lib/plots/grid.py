"""Images, masks and outlines on a grid of axes: what the figures of `pictures` and `panels` are drawn with."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.plots.figure import BLUE, GREY, STYLE, WIDTH, Figure, new_figure
from lesionseg_lib.utils.arrays import Mask

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
    """A picture under its title; ``options`` as for ``imshow``."""
    ax.imshow(picture, **options)
    ax.set_title(title, fontsize=9, pad=2)


def draw_mask(ax: Axes, mask: Mask, title: str) -> None:
    """A mask, bool (H, W), in black and white with a frame."""
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
    """White lines over an area, bool (H, W); ``pattern`` as matplotlib's ``hatches``."""
    if area.any():
        with mpl.rc_context({"hatch.color": "white", "hatch.linewidth": 1.0}):
            filled = ax.contourf(area.astype(float), [0.5, 1.5], colors="none", hatches=[pattern])
            filled.set(edgecolor="white", linewidth=0)


def line_handle(label: str, line: dict[str, Any]) -> Line2D:
    """An entry of a legend: a line with the halo it has in the picture."""
    handle = Line2D([], [], label=label, **line)
    handle.set_path_effects([withStroke(linewidth=line["linewidth"] + 1.3, foreground=HALO[line["color"]])])
    return handle


def add_legend(figure: Figure, handles: list[Any]) -> None:
    """One row under the whole figure."""
    with mpl.rc_context(STYLE):
        figure.legend(handles=handles, loc="outside lower left", ncols=len(handles), handlelength=2.4)


def panels(
    rows: Sequence[Sequence[Array]],
    titles: Sequence[Sequence[str]],
    alt: str,
    outlines: Sequence[Sequence[Mask | None]] | None = None,
) -> Figure:
    """One panel per entry of ``rows``: photos (H, W, 3) uint8, masks (h, w) bool, any other map (h, w) of numbers.

    A map is stretched to its own range and drawn over the area of the first picture of its row, so that maps of
    different strides stay in register; ``outlines`` are masks of that first picture's size, or None. ``alt`` says what
    there is to see. Raises ``ShapeError`` when the numbers of panels differ or an outline does not fit.
    """
    columns = len(rows[0]) if len(rows) else 0
    outlines = outlines or [[None] * columns for _ in rows]
    shapes = {tuple(len(row) for row in part) for part in (rows, titles, outlines)}
    if columns == 0 or shapes != {(columns,) * len(rows)}:
        raise ShapeError(
            f"panels: rows, titles and outlines have {sorted(shapes)} panels a row; give the same number, at least "
            "one, in every row of each."
        )
    figure, axes = grid(columns * len(rows), columns, [row[0] for row in rows for _ in row], alt)
    places = iter(axes)
    for row, names, masks in zip(rows, titles, outlines, strict=True):
        height, width = row[0].shape[:2]
        area = {"extent": (-0.5, width - 0.5, height - 0.5, -0.5)}
        for picture, name, mask in zip(row, names, masks, strict=True):
            ax = next(places)
            if picture.dtype == np.bool_:
                draw_mask(ax, picture, name)
                ax.images[0].set_extent(area["extent"])
            elif picture.ndim == 3:
                draw_picture(ax, picture, name, **area)
            else:
                low, high = np.percentile(picture, (1, 99))
                draw_picture(ax, picture, name, cmap="magma", vmin=low, vmax=max(high, low + 1e-6), **area)
            if mask is not None:
                if mask.shape != (height, width):
                    raise ShapeError(f"panels: outline {mask.shape} on a picture of {(height, width)}.")
                draw_outline(ax, mask, TRUTH)
    return figure
