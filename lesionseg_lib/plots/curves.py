"""Figures made of numbers: learning curves, parameter counts, scores with intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from lesionseg_lib.plots.figure import RUN_COLOURS, RUN_MARKERS, STYLE, Figure, new_figure


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


LINES = ("solid", (0, (3, 1.5)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2)))


def lines(
    x: Sequence[float] | npt.NDArray[np.float64], series: Mapping[str, Sequence[float]], xlabel: str, ylabel: str
) -> Figure:
    """A few quantities over one setting. ``series``: name -> its value at each ``x``, four at most.

    Raises ``ValueError`` when there are none or too many, or when a series has another length than ``x``.
    """
    wrong = [name for name, y in series.items() if len(y) != len(x)]
    if not 0 < len(series) <= len(LINES) or wrong:
        raise ValueError(
            f"lines: {len(series)} series over {len(x)} places{', wrong: ' + ', '.join(wrong) if wrong else ''}; "
            f"expected 1 to {len(LINES)}, each with one value a place."
        )
    figure, facts = new_figure(3.2, ""), []
    with mpl.rc_context(STYLE):
        ax = figure.subplots()
        for (name, y), style, colour, marker in zip(series.items(), LINES, RUN_COLOURS, RUN_MARKERS, strict=False):
            ax.plot(x, y, linestyle=style, color=colour, marker=marker, markersize=4.5, label=name)
            best = int(np.argmax(y))
            facts.append(
                f"{name}: {y[0]:.3f} at {x[0]:g}, {y[-1]:.3f} at {x[-1]:g}, highest {y[best]:.3f} at {x[best]:g}"
            )
        ax.set(xlabel=xlabel, ylabel=ylabel)
        ax.grid(True)
        figure.legend(loc="outside lower left", ncols=4)
    figure.alt_text = f"{ylabel} over {xlabel}. " + "; ".join(facts) + "."
    return figure
