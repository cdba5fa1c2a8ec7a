"""Bars made of parts laid end to end: where the time of each of several things goes."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_rgb

from lesionseg_lib.plots.figure import BLUE, GREEN, GREY, ORANGE, SKY, STYLE, VERMILION, Figure, new_figure

FILLS = ((BLUE, ""), (ORANGE, "////"), ("#D9D9D9", "----"), (SKY, "...."), (VERMILION, "xxxx"), (GREEN, "\\\\\\\\"))
WIDE = 0.07  # of the longest bar: narrower parts get no number


def stacked_bars(values: Mapping[str, Mapping[str, float]], label: str, number: str = ".0f") -> Figure:
    """One horizontal bar per entry, made of its parts in order, the total behind it.

    ``values``: bar -> part -> size, the same parts in every bar, none negative, six at most; ``label`` says what the
    sizes are, ``number`` formats them. Raises ``ValueError``.
    """
    parts = list(next(iter(values.values()), {}))
    if not parts or len(parts) > len(FILLS):
        raise ValueError(f"stacked_bars: {len(parts)} parts; expected 1 to {len(FILLS)}.")
    for name, sizes in values.items():
        if list(sizes) != parts or min(sizes.values()) < 0:
            raise ValueError(f"stacked_bars: {name!r} has {dict(sizes)}; expected {parts}, none of them negative.")
    totals = {name: sum(sizes.values()) for name, sizes in values.items()}
    facts = [
        f"{name}: "
        + ", ".join(f"{part} {size:{number}}" for part, size in sizes.items())
        + f", in all {totals[name]:{number}}"
        for name, sizes in values.items()
    ]
    figure = new_figure(0.9 + 0.5 * len(values), f"{label}. " + "; ".join(facts) + ".")
    longest = max(totals.values())
    with mpl.rc_context({**STYLE, "hatch.color": "white", "hatch.linewidth": 1.0}):
        ax = figure.subplots()
        left = dict.fromkeys(values, 0.0)
        for part, (colour, hatch) in zip(parts, FILLS, strict=False):
            widths = [values[name][part] for name in values]
            places, starts = range(len(values)), list(left.values())
            ax.barh(
                places, widths, 0.62, starts,
                color=colour, hatch=hatch, edgecolor="white", linewidth=0.6, label=part,
            )  # fmt: skip
            ink = "white" if np.dot(to_rgb(colour), (0.299, 0.587, 0.114)) < 0.5 else "#222222"
            box = {"facecolor": colour, "edgecolor": "none", "pad": 1.5}
            for place, (name, start) in enumerate(left.items()):
                size = values[name][part]
                if size >= WIDE * longest:
                    middle = start + size / 2
                    ax.text(
                        middle, place, f"{size:{number}}", ha="center", va="center", color=ink, bbox=box, fontsize=8.5
                    )
                left[name] += size
        for place, total in enumerate(totals.values()):
            ax.text(total + 0.01 * longest, place, f"{total:{number}}", va="center", fontsize=8.5, color=GREY)
        ax.set_yticks(range(len(values)), list(values))
        ax.invert_yaxis()
        ax.margins(x=0.08)
        ax.set_xlabel(label)
        ax.tick_params(axis="y", length=0)
        ax.grid(True, axis="x")
        figure.legend(loc="outside upper left", ncols=len(parts))
    return figure
