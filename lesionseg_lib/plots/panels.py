"""A table of pictures: photos, masks and maps of several resolutions, one thing a row, one view a column."""

from collections.abc import Sequence

import numpy as np

from lesionseg_lib.data.datasets.base import Mask
from lesionseg_lib.errors import ShapeError
from lesionseg_lib.plots.figure import Figure
from lesionseg_lib.plots.grid import TRUTH, Array, draw_mask, draw_outline, draw_picture, grid


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
