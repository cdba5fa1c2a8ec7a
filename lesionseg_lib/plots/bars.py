"""Bars: the same few quantities side by side, parts laid end to end, and parameters by part."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_rgb

from lesionseg_lib.plots.figure import BLUE, GREEN, GREY, ORANGE, SKY, STYLE, VERMILION, Figure, new_figure

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


def parameter_bars(counts: Mapping[str, Mapping[str, int]]) -> Figure:
    """Trainable and frozen parameters as stacked bars with the total beside them.

    ``counts``: name -> at least ``trainable`` and ``frozen``, as in a record's ``parameters``.
    """
    if not counts:
        raise ValueError("parameter_bars: nothing to draw; give at least one network.")
    names = list(counts)
    trainable, frozen = (np.array([counts[name][key] for name in names]) / 1e6 for key in ("trainable", "frozen"))
    facts = [
        f"{name}: {c['trainable'] + c['frozen']:,} in total, {c['trainable']:,} trainable, {c['frozen']:,} frozen"
        for name, c in counts.items()
    ]
    figure = new_figure(0.75 + 0.34 * len(names) + 0.3, "Parameters. " + "; ".join(facts) + ".")
    with mpl.rc_context(STYLE):
        ax = figure.subplots()
        ax.barh(names, trainable, color=BLUE, height=0.66, label="trainable")
        ax.barh(
            names, frozen, left=trainable, color="#D9D9D9", edgecolor=GREY, hatch="////", linewidth=0, height=0.66,
            label="frozen",
        )  # fmt: skip
        widest = float((trainable + frozen).max())
        for row, total in enumerate(trainable + frozen):
            for start, part, tone in ((0.0, trainable[row], "white"), (trainable[row], frozen[row], "black")):
                if part > 0.1 * widest:  # else the number does not fit in
                    ax.text(
                        start + part / 2,
                        row,
                        f"{part:.2f} M",
                        ha="center",
                        va="center",
                        color=tone,
                        fontsize=9,
                        bbox={"facecolor": BLUE if tone == "white" else "#D9D9D9", "linewidth": 0, "pad": 1.5},
                    )
            ax.annotate(
                f"{total:.2f} M in all", (total, row), (4, 0), textcoords="offset points", va="center", fontsize=9
            )
        ax.invert_yaxis()
        ax.set(xlabel="million parameters", xlim=(0, 1.2 * widest))
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.grid(True, axis="x")
        figure.legend(loc="outside lower left", ncols=2)
    return figure


STACK_FILLS = (
    (BLUE, ""),
    (ORANGE, "////"),
    ("#D9D9D9", "----"),
    (SKY, "...."),
    (VERMILION, "xxxx"),
    (GREEN, "\\\\\\\\"),
)


NUMBERED = 0.07  # of the longest bar: narrower parts get no number


def stacked_bars(values: Mapping[str, Mapping[str, float]], label: str, number: str = ".0f") -> Figure:
    """One horizontal bar per entry, made of its parts in order, the total behind it.

    ``values``: bar -> part -> size, the same parts in every bar, none negative, six at most; ``label`` says what the
    sizes are, ``number`` formats them. Raises ``ValueError``.
    """
    parts = list(next(iter(values.values()), {}))
    if not parts or len(parts) > len(STACK_FILLS):
        raise ValueError(f"stacked_bars: {len(parts)} parts; expected 1 to {len(STACK_FILLS)}.")
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
        for part, (colour, hatch) in zip(parts, STACK_FILLS, strict=False):
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
                if size >= NUMBERED * longest:
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
