"""Accuracy against cost: who pays what for a score, and who pays too much."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from lesionseg_lib.plots.curves import RUN_COLOURS, RUN_MARKERS
from lesionseg_lib.plots.figure import BLACK, GREY, STYLE, Figure, new_figure

COLOURS, MARKERS = (*RUN_COLOURS, BLACK), (*RUN_MARKERS, "*")


def front(costs: Sequence[float], scores: Sequence[float]) -> list[int]:
    """Places of the entries that no other beats: none is as cheap or cheaper with a higher score. Cheapest first."""
    kept: list[int] = []
    for i in sorted(range(len(costs)), key=lambda i: (costs[i], -scores[i])):
        if not kept or scores[i] > scores[kept[-1]]:
            kept.append(i)
    return kept


def cost_scatter(rows: Sequence[Mapping[str, Any]], costs: Mapping[str, str], label: str = "mean Jaccard") -> Figure:
    """A panel for each cost, logarithmic, with the same scores upwards and a line through the front.

    ``rows``: mappings with ``name``, ``group``, ``score``, ``low``, ``high`` and the costs, positive numbers; optional
    ``open`` draws an empty marker. ``costs``: key in the rows -> what it is. Groups differ in marker; at most eight.
    Raises ``ValueError``.
    """
    groups = list(dict.fromkeys(row["group"] for row in rows))
    if not rows or not costs or len(groups) > len(MARKERS):
        raise ValueError(
            f"cost_scatter: {len(rows)} rows, {len(costs)} costs, {len(groups)} groups; expected at least one of each, "
            f"and at most {len(MARKERS)} groups."
        )
    facts, columns = [], min(2, len(costs))
    lines = -(-len(costs) // columns)
    figure = new_figure(0.5 + 2.9 * lines, "")
    with mpl.rc_context(STYLE):
        panels = figure.subplots(lines, columns, sharey=True, squeeze=False).ravel()
        for ax in panels[len(costs) :]:
            ax.remove()
        for ax, (key, title) in zip(panels, costs.items(), strict=False):
            best = front([row[key] for row in rows], [row["score"] for row in rows])
            _panel(ax, rows, key, groups, best)
            ax.set_xlabel(title)
            facts.append(
                f"{title}, front: "
                + ", ".join(f"{rows[i]['name']} {rows[i][key]:.3g} ({rows[i]['score']:.3f})" for i in best)
            )
        for ax in panels[: len(costs) : columns]:
            ax.set_ylabel(label)
        figure.legend(handles=_legend(rows, groups), loc="outside lower left", ncols=5)
    figure.alt_text = f"{label} against cost, {len(rows)} networks. " + "; ".join(facts) + "."
    return figure


def _panel(ax: Any, rows: Sequence[Mapping[str, Any]], key: str, groups: Sequence[str], best: Sequence[int]) -> None:
    costs, scores = [rows[i][key] for i in best], [rows[i]["score"] for i in best]
    ax.plot(costs, scores, color=GREY, linewidth=1.0, linestyle="--", zorder=1)
    for row in rows:
        place = groups.index(row["group"])
        colour = COLOURS[place]
        ax.plot([row[key]] * 2, [row["low"], row["high"]], color=colour, linewidth=0.8, zorder=2)
        ax.plot(row[key], row["score"], marker=MARKERS[place], markersize=6, markeredgewidth=1.3,
                color="white" if row.get("open") else colour, markeredgecolor=colour, zorder=3)  # fmt: skip
    for number, i in enumerate(best, start=1):
        ax.annotate(f"{number}", (rows[i][key], rows[i]["high"]), (0, 2), fontsize=8, textcoords="offset points",
                    ha="center", zorder=4)  # fmt: skip
    names = "\n".join(f"{number} {rows[i]['name']}" for number, i in enumerate(best, start=1))
    side = _emptier_side(np.log([row[key] for row in rows]), np.array([row["score"] for row in rows]))
    ax.text(0.98 if side == "right" else 0.02, 0.47, names, transform=ax.transAxes, ha=side, va="center", fontsize=8,
            zorder=4, bbox={"facecolor": "white", "edgecolor": "#DDDDDD", "pad": 3})  # fmt: skip
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.grid(True)
    ax.margins(x=0.1, y=0.1)


def _emptier_side(x: npt.NDArray[np.float64], scores: npt.NDArray[np.float64]) -> str:
    """Where a box at half height hides fewer points: the best networks lie above it."""
    low = x[scores < scores.min() + 0.75 * np.ptp(scores)]
    middle = (x.min() + x.max()) / 2
    return "left" if (low > middle).sum() > (low <= middle).sum() else "right"


def _legend(rows: Sequence[Mapping[str, Any]], groups: Sequence[str]) -> list[Line2D]:
    handles = [
        Line2D([], [], linestyle="none", marker=MARKERS[i], color=COLOURS[i], label=group)
        for i, group in enumerate(groups)
    ]
    if any(row.get("open") for row in rows):
        handles.append(
            Line2D([], [], linestyle="none", marker="o", color="white", markeredgecolor=GREY, label="encoder frozen")
        )
    handles.append(Line2D([], [], color=GREY, linewidth=1.0, linestyle="--", label="nobody cheaper is better"))
    return handles
