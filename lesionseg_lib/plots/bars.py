"""Bars side by side: the same few quantities for several things."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np

from lesionseg_lib.plots.figure import BLUE, GREY, ORANGE, SKY, STYLE, VERMILION, Figure, new_figure

FILLS = ((BLUE, ""), (ORANGE, "////"), (SKY, "...."), (VERMILION, "xxxx"), ("#D9D9D9", "----"))


def grouped_bars(values: Mapping[str, Mapping[str, float]], label: str, number: str = ".2f") -> Figure:
    """One group of bars per category, one bar per series, each with its number on top.

    ``values``: series -> category -> value, the same categories in every series. ``label`` says what the numbers are;
    ``number`` formats them. Five series at most. Raises ``ValueError``.
    """
    series = list(values)
    if not series or len(series) > len(FILLS):
        raise ValueError(f"grouped_bars: {len(series)} series; expected 1 to {len(FILLS)}.")
    categories = list(values[series[0]])
    for name in series:
        if list(values[name]) != categories:
            raise ValueError(f"grouped_bars: {name!r} has {list(values[name])}, expected {categories} as the first.")
    facts = [f"{s}: " + ", ".join(f"{c} {v:{number}}" for c, v in values[s].items()) for s in series]
    figure = new_figure(3.1, f"{label}. " + "; ".join(facts) + ".")
    places, width = np.arange(len(categories)), 0.8 / len(series)
    with mpl.rc_context({**STYLE, "hatch.color": "white", "hatch.linewidth": 1.0}):
        ax = figure.subplots()
        for index, (name, (colour, hatch)) in enumerate(zip(series, FILLS, strict=False)):
            bars = ax.bar(
                places + (index - (len(series) - 1) / 2) * width, list(values[name].values()), 0.92 * width,
                color=colour, hatch=hatch, edgecolor="white", linewidth=0, label=name,
            )  # fmt: skip
            ax.bar_label(bars, fmt=f"{{:{number}}}", fontsize=8.5, padding=2, color="#222222")
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.margins(y=0.12)
        ax.set_xticks(places, categories)
        ax.set_ylabel(label)
        ax.tick_params(axis="x", length=0)
        ax.grid(True, axis="y")
        figure.legend(loc="outside lower left", ncols=len(series))
    return figure
