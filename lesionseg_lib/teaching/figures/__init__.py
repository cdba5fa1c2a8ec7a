"""Figures of one idea of one lesson."""

from lesionseg_lib.teaching.figures.descent import descent
from lesionseg_lib.teaching.figures.gradients import gradient_maps, pixel_curves
from lesionseg_lib.teaching.figures.jensen import jensen
from lesionseg_lib.teaching.figures.receptive_fields import receptive_fields

__all__ = ["descent", "gradient_maps", "jensen", "pixel_curves", "receptive_fields"]
