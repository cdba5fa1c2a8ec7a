"""Scores and differences with their intervals: side by side, as a forest, and against what they cost."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from lesionseg_lib.plots.figure import BLACK, BLUE, GREY, RUN_COLOURS, RUN_MARKERS, STYLE, VERMILION, Figure, new_figure

ROW = 0.23  # inches


def forest(
    rows: Sequence[Mapping[str, Any]],
    label: str,
    intervals: tuple[str, str] = ("95 % interval", ""),
    reference: float | None = None,
    number: str = ".3f",
) -> Figure:
    """Dots with a thick interval, where given a thin, wider one around it, and what was claimed as an open diamond.

    ``rows``: mappings with ``name``, ``value``, ``low``, ``high``; optional ``wide`` (low, high), ``claimed`` and
    ``group``, a heading set where it changes. ``intervals`` says what the thick and the thin one are over;
    ``reference`` draws a line, and a dot is filled where the widest interval leaves it out. ``number`` formats the
    alt text. Raises ``ValueError`` without rows.
    """
    if not rows:
        raise ValueError("forest: nothing to draw; give at least one row.")
    facts, ticks, height, group = [], [], 0, None
    figure = new_figure(1, "")
    with mpl.rc_context(STYLE):
        ax = figure.subplots()
        for row in rows:
            if row.get("group") != group:
                group = row.get("group")
                ax.text(0.004, height, f"{group}", transform=ax.get_yaxis_transform(), va="center", fontsize=9,
                        fontweight="bold", color="#444444", zorder=5,
                        bbox={"facecolor": "white", "linewidth": 0, "pad": 1.0})  # fmt: skip
                height += 1
            _draw(ax, row, height, reference)
            facts.append(_fact(row, number))
            ticks.append((height, row["name"]))
            height += 1
        if reference is not None:
            ax.axvline(reference, color="black", linewidth=0.9, zorder=1)
        ax.set_yticks(*zip(*ticks, strict=True), fontsize=8.5)
        ax.set(xlabel=label, ylim=(height - 0.4, -0.6))
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.grid(True, axis="x")
        figure.set_size_inches(figure.get_figwidth(), 0.85 + ROW * height)
        figure.legend(handles=_legend(rows, intervals), loc="outside lower left", ncols=3)
    figure.alt_text = f"{label}; intervals: {', then '.join(filter(None, intervals))}. " + "; ".join(facts) + "."
    return figure


def _draw(ax: Any, row: Mapping[str, Any], y: int, reference: float | None) -> None:
    low, high = row["low"], row["high"]
    if row.get("claimed") is not None:
        ax.plot([row["value"], row["claimed"]], [y, y], color=GREY, linewidth=0.8, linestyle=":", zorder=1)
        ax.plot(row["claimed"], y, marker="D", markersize=5, color="white", markeredgecolor=VERMILION,
                markeredgewidth=1.4, zorder=3)  # fmt: skip
    ax.plot([low, high], [y, y], color=BLUE, linewidth=3.4, solid_capstyle="butt", zorder=2)
    if row.get("wide") is not None:
        ax.plot(row["wide"], [y, y], color="black", linewidth=1.0, marker="|", markersize=5, zorder=3)
        low, high = min(low, row["wide"][0]), max(high, row["wide"][1])
    filled = reference is None or not low <= reference <= high
    ax.plot(row["value"], y, marker="o", markersize=5.5, color=BLUE if filled else "white", markeredgecolor=BLUE,
            markeredgewidth=1.4, zorder=4)  # fmt: skip


def _fact(row: Mapping[str, Any], number: str) -> str:
    fact = f"{row['name']} {row['value']:{number}} ({row['low']:{number}} to {row['high']:{number}}"
    if row.get("wide") is not None:
        fact += f"; {row['wide'][0]:{number}} to {row['wide'][1]:{number}}"
    return fact + (f"), claimed {row['claimed']:{number}}" if row.get("claimed") is not None else ")")


def _legend(rows: Sequence[Mapping[str, Any]], intervals: tuple[str, str]) -> list[Line2D]:
    handles = [Line2D([], [], color=BLUE, marker="o", markersize=5.5, linewidth=3.4, label=intervals[0])]
    if any(row.get("wide") is not None for row in rows):
        handles.append(Line2D([], [], color="black", marker="|", markersize=5, linewidth=1.0, label=intervals[1]))
    if any(row.get("claimed") is not None for row in rows):
        handles.append(
            Line2D([], [], linestyle="none", marker="D", markersize=5, color="white", markeredgecolor=VERMILION,
                   markeredgewidth=1.4, label="claimed")
        )  # fmt: skip
    return handles


def comparison(rows: Sequence[Mapping[str, Any]], metric: str = "mean Jaccard", interval: str = "95 %") -> Figure:
    """Scores as dots with intervals, one row each, and what was claimed as an open diamond.

    ``rows``: mappings with ``name``, ``value``, ``low``, ``high`` and, where something was claimed, ``claimed``.
    """
    if not rows:
        raise ValueError("comparison: nothing to draw; give at least one row.")
    facts = []
    figure = new_figure(0.75 + 0.34 * len(rows) + 0.3, "")
    with mpl.rc_context(STYLE):
        ax = figure.subplots()
        for y, row in enumerate(rows):
            value, low, high, claimed = row["value"], row["low"], row["high"], row.get("claimed")
            fact = f"{row['name']}: {value:.3f} ({low:.3f} to {high:.3f})"
            if claimed is not None:
                fact += f", claimed {claimed:.3f}"
                ax.plot([value, claimed], [y, y], color=GREY, linewidth=0.9, linestyle=":", zorder=1)
                ax.plot(claimed, y, marker="D", color="white", markeredgecolor=VERMILION, markeredgewidth=1.6, zorder=3)
            ax.plot([low, high], [y, y], color=BLUE, linewidth=3, solid_capstyle="butt", zorder=2)
            ax.plot(value, y, marker="o", color=BLUE, markersize=7, zorder=4)
            facts.append(fact)
        ax.set_yticks(range(len(rows)), [row["name"] for row in rows])
        ax.set(xlabel=metric, ylim=(len(rows) - 0.5, -0.5))
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.grid(True)
        handles = [Line2D([], [], color=BLUE, marker="o", linewidth=3, label=f"measured, {interval} interval")]
        if any(row.get("claimed") is not None for row in rows):
            handles.append(
                Line2D([], [], linestyle="none", marker="D", color="white", markeredgecolor=VERMILION,
                       markeredgewidth=1.6, label="claimed by the author")
            )  # fmt: skip
        figure.legend(handles=handles, loc="outside lower left", ncols=2)
    figure.alt_text = f"{metric} with {interval} intervals. " + "; ".join(facts) + "."
    return figure


GROUP_COLOURS, GROUP_MARKERS = (*RUN_COLOURS, BLACK), (*RUN_MARKERS, "*")


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
    if not rows or not costs or len(groups) > len(GROUP_MARKERS):
        raise ValueError(
            f"cost_scatter: {len(rows)} rows, {len(costs)} costs, {len(groups)} groups; expected at least one of each, "
            f"and at most {len(GROUP_MARKERS)} groups."
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
        figure.legend(handles=_cost_legend(rows, groups), loc="outside lower left", ncols=5)
    figure.alt_text = f"{label} against cost, {len(rows)} networks. " + "; ".join(facts) + "."
    return figure


def _panel(ax: Any, rows: Sequence[Mapping[str, Any]], key: str, groups: Sequence[str], best: Sequence[int]) -> None:
    costs, scores = [rows[i][key] for i in best], [rows[i]["score"] for i in best]
    ax.plot(costs, scores, color=GREY, linewidth=1.0, linestyle="--", zorder=1)
    for row in rows:
        place = groups.index(row["group"])
        colour = GROUP_COLOURS[place]
        ax.plot([row[key]] * 2, [row["low"], row["high"]], color=colour, linewidth=0.8, zorder=2)
        ax.plot(row[key], row["score"], marker=GROUP_MARKERS[place], markersize=6, markeredgewidth=1.3,
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


def _cost_legend(rows: Sequence[Mapping[str, Any]], groups: Sequence[str]) -> list[Line2D]:
    handles = [
        Line2D([], [], linestyle="none", marker=GROUP_MARKERS[i], color=GROUP_COLOURS[i], label=group)
        for i, group in enumerate(groups)
    ]
    if any(row.get("open") for row in rows):
        handles.append(
            Line2D([], [], linestyle="none", marker="o", color="white", markeredgecolor=GREY, label="encoder frozen")
        )
    handles.append(Line2D([], [], color=GREY, linewidth=1.0, linestyle="--", label="nobody cheaper is better"))
    return handles
