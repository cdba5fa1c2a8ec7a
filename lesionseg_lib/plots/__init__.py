"""Figures of the course: plain arrays, lists and small dicts in, a figure with alt text out. No model, no torch.

In a notebook a figure as the last expression of a cell is shown with its alt text, which the book hands on to the
page. Readable in grey and by the colour-blind: line styles, markers, contours and hatching carry whatever
colour carries.
"""

from lesionseg_lib.plots.bars import grouped_bars, parameter_bars, stacked_bars
from lesionseg_lib.plots.curves import curves, lines
from lesionseg_lib.plots.distributions import histograms, strips
from lesionseg_lib.plots.figure import Figure, new_figure, with_alt
from lesionseg_lib.plots.grid import panels
from lesionseg_lib.plots.images import (
    between_epochs,
    error_image,
    error_maps,
    feature_maps,
    overlays,
    samples,
    triptychs,
)
from lesionseg_lib.plots.intervals import comparison, cost_scatter, forest
from lesionseg_lib.plots.reliability import reliability

__all__ = [
    "Figure",
    "between_epochs",
    "comparison",
    "cost_scatter",
    "curves",
    "error_image",
    "error_maps",
    "feature_maps",
    "forest",
    "grouped_bars",
    "histograms",
    "lines",
    "new_figure",
    "overlays",
    "panels",
    "parameter_bars",
    "reliability",
    "samples",
    "stacked_bars",
    "strips",
    "triptychs",
    "with_alt",
]
