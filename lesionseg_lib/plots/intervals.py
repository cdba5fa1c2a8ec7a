"""Many scores or differences with their intervals, one thin row each: a forest plot."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.lines import Line2D

from lesionseg_lib.plots.figure import BLUE, GREY, STYLE, VERMILION, Figure, new_figure

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
