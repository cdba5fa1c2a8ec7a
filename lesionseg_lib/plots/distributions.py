"""How numbers are spread: as histograms, or as one dot each in groups side by side."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.plots.figure import BLUE, STYLE, VERMILION, Figure, new_figure

BINS = 30


def histograms(values: Mapping[str, Sequence[float]], columns: int = 3) -> Figure:
    """One histogram per entry (label -> numbers), the median as a line. NaN is left out. Raises ``ValueError``."""
    panels = {label: _finite(label, numbers) for label, numbers in values.items()}
    columns = min(columns, max(len(panels), 1))
    rows = -(-len(panels) // columns)
    facts = [
        f"{label}: {len(x)} values, median {np.median(x):.3g}, 5 to 95 %: {np.percentile(x, 5):.3g} to "
        f"{np.percentile(x, 95):.3g}"
        for label, x in panels.items()
    ]
    figure = new_figure(2.2 * max(rows, 1), "Histograms. " + "; ".join(facts) + ".")
    with mpl.rc_context(STYLE):
        axes = np.ravel(figure.subplots(rows, columns, squeeze=False))
        for ax, (label, x) in zip(axes, panels.items(), strict=False):
            ax.hist(x, BINS, color=BLUE, edgecolor="white", linewidth=0.4)
            ax.axvline(float(np.median(x)), color=VERMILION, linestyle="--")
            ax.set(xlabel=label)
        axes[0].set_ylabel("photos")
        for ax in axes[len(panels) :]:
            ax.axis("off")
    return figure


def strips(values: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """One panel per entry (label -> group -> numbers): a dot a number, a bar at each group's median.

    NaN is left out; dots are shifted sideways so that they do not hide each other. Raises ``ValueError``.
    """
    panels = {
        label: {group: _finite(f"{label}, {group}", numbers) for group, numbers in groups.items()}
        for label, groups in values.items()
    }
    facts = [
        f"{label}: " + ", ".join(f"{group} {np.median(x):.3g}" for group, x in groups.items())
        for label, groups in panels.items()
    ]
    figure = new_figure(2.6, "Dots in groups, with medians. " + "; ".join(facts) + ".")
    with mpl.rc_context(STYLE):
        widths = [len(groups) + 1 for groups in panels.values()]
        axes = np.ravel(figure.subplots(1, max(len(panels), 1), squeeze=False, width_ratios=widths or None))
        for ax, (label, groups) in zip(axes, panels.items(), strict=False):
            for place, x in enumerate(groups.values()):
                # The golden ratio spreads any number of dots evenly, without a random draw.
                shift = (np.arange(len(x)) * 0.618034 % 1 - 0.5) * 0.6
                ax.plot(place + shift, np.sort(x), ".", color=BLUE, markersize=4, alpha=0.6)
                middle = float(np.median(x))
                ax.plot([place - 0.38, place + 0.38], [middle, middle], color=VERMILION, linewidth=2.4)
            ax.set_xticks(range(len(groups)), list(groups))
            ax.set_title(label)
            ax.grid(True, axis="y")
    return figure


def _finite(label: str, numbers: Sequence[float]) -> NDArray[np.float64]:
    x = np.asarray(numbers, float)
    x = x[np.isfinite(x)]
    if not len(x):
        raise ValueError(f"{label}: no number to draw.")
    return np.asarray(x)
