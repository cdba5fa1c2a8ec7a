"""Figures made of numbers: learning curves, parameter counts, scores with intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from lesionseg_lib.plots.figure import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, STYLE, VERMILION, Figure, new_figure

RUN_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY)
RUN_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def curves(histories: Mapping[str, Sequence[Any]]) -> Figure:
    """Loss (training dashed, validation solid) and validation Jaccard over the epochs, best epoch marked.

    ``histories``: name of the run -> its epochs, each a mapping or object with ``epoch``, ``train_loss``,
    ``validation_loss`` and ``validation_jaccard``, as in a record's ``history``. Raises ``ValueError`` without epochs.
    """
    if not histories or not all(len(history) for history in histories.values()):
        empty = [name for name, history in histories.items() if not len(history)]
        raise ValueError(f"curves: no epochs to draw{' for ' + ', '.join(empty) if empty else ''}; train first.")
    facts = []
    with mpl.rc_context(STYLE):
        figure = new_figure(3.2 + 0.22 * ((len(histories) - 1) // 3), "")
        loss, score = figure.subplots(1, 2)
        for number, (name, history) in enumerate(histories.items()):
            rows = [row if isinstance(row, Mapping) else vars(row) for row in history]
            epoch, train, validation, jaccard = (
                np.array([row[key] for row in rows], float)
                for key in ("epoch", "train_loss", "validation_loss", "validation_jaccard")
            )
            colour, marker = RUN_COLOURS[number % 7], RUN_MARKERS[number % 7]
            every = {"markevery": max(1, len(rows) // 6), "markersize": 4.5}
            loss.plot(epoch, train, color=colour, linestyle=(0, (3, 1.5)), linewidth=1.3)
            loss.plot(epoch, validation, color=colour, marker=marker, **every)
            score.plot(epoch, jaccard, color=colour, marker=marker, label=name, **every)
            best = int(np.nanargmax(jaccard)) if np.isfinite(jaccard).any() else 0
            score.plot(
                epoch[best], jaccard[best], marker="*", markersize=15, color=colour, markeredgecolor="black",
                linestyle="none", zorder=5,
            )  # fmt: skip
            facts.append(
                f"{name}: training loss {train[0]:.3f} to {train[-1]:.3f}, validation loss {validation[0]:.3f} to "
                f"{validation[-1]:.3f} in {len(rows)} epochs; best validation Jaccard {jaccard[best]:.3f} at epoch "
                f"{epoch[best]:.0f}"
            )
        for ax, title in ((loss, "Loss"), (score, "Validation Jaccard")):
            ax.set(title=title, xlabel="epoch")
            ax.grid(True, axis="y")
            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        styles = [
            Line2D([], [], color="black", linestyle=(0, (3, 1.5)), linewidth=1.3, label="training"),
            Line2D([], [], color="black", label="validation"),
        ]
        loss.legend(handles=styles, loc="upper right")
        star = Line2D([], [], linestyle="none", color="white", markeredgecolor="black", marker="*", markersize=13)
        score.legend([star], ["best epoch"], loc="lower right")
        figure.legend(*score.get_legend_handles_labels(), loc="outside lower left", ncols=3)
    figure.alt_text = "Learning curves. " + "; ".join(facts) + "."
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
