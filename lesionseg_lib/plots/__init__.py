"""Figures of the course: plain arrays, lists and small dicts in, a figure with alt text out. No model, no torch.

In a notebook a figure as the last expression of a cell is shown with its alt text, which the book hands on to the
page. Readable in grey and by the colour-blind: line styles, markers, contours and hatching carry whatever
colour carries.
"""

from lesionseg_lib.plots.bars import grouped_bars
from lesionseg_lib.plots.cost import cost_scatter
from lesionseg_lib.plots.curves import comparison, curves, parameter_bars
from lesionseg_lib.plots.distributions import histograms, strips
from lesionseg_lib.plots.figure import Figure, new_figure, with_alt
from lesionseg_lib.plots.images import (
    between_epochs,
    error_image,
    error_maps,
    feature_maps,
    overlays,
    samples,
    triptychs,
)
from lesionseg_lib.plots.intervals import forest
from lesionseg_lib.plots.panels import panels
from lesionseg_lib.plots.reliability import reliability
from lesionseg_lib.plots.stacks import stacked_bars
from lesionseg_lib.teaching.figures.descent import descent
from lesionseg_lib.teaching.figures.gradients import one_pixel, pulls
from lesionseg_lib.teaching.figures.jensen import jensen, lines
from lesionseg_lib.teaching.figures.receptive_fields import fields

__all__ = [
    "Figure",
    "between_epochs",
    "comparison",
    "cost_scatter",
    "curves",
    "descent",
    "error_image",
    "error_maps",
    "feature_maps",
    "forest",
    "fields",
    "grouped_bars",
    "histograms",
    "jensen",
    "lines",
    "new_figure",
    "one_pixel",
    "overlays",
    "panels",
    "parameter_bars",
    "pulls",
    "reliability",
    "samples",
    "stacked_bars",
    "strips",
    "triptychs",
    "with_alt",
]
