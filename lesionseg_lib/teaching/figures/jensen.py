"""Figures about scores themselves: what averaging does to them, and how they move with a setting."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from lesionseg_lib.plots.figure import BLUE, GREY, STYLE, VERMILION, Figure, new_figure


def jensen(photos: Mapping[str, Sequence[float] | npt.NDArray[np.float64]]) -> Figure:
    """Why the mean Dice stays below 2 J / (1 + J) of the mean Jaccard J: one panel for each set of photos.

    ``photos``: name -> Jaccard index of each photo. Every photo lies on the curve; their mean lies below it. Raises
    ``ValueError`` without photos.
    """
    if not photos or not all(len(jaccard) for jaccard in photos.values()):
        raise ValueError("jensen: nothing to draw; give at least one set of photos, each with at least one photo.")
    figure, facts = new_figure(3.5, ""), []
    with mpl.rc_context(STYLE):
        axes = figure.subplots(1, len(photos), squeeze=False)[0]
        for ax, (name, values) in zip(axes, photos.items(), strict=True):
            jaccard = np.asarray(values, dtype=np.float64)
            dice = 2 * jaccard / (1 + jaccard)
            mean, mean_dice = jaccard.mean(), dice.mean()
            bound = 2 * mean / (1 + mean)
            x = np.linspace(max(0.0, jaccard.min() - 0.05), 1, 100)
            ax.plot(x, 2 * x / (1 + x), color=GREY, label="D = 2 J / (1 + J)")
            ax.plot(jaccard, dice, "o", color=BLUE, markersize=5, markerfacecolor="none", label="one photo")
            if len(jaccard) == 2:
                ax.plot(jaccard, dice, color=BLUE, linewidth=1, linestyle=":")
            ax.plot([mean, mean], [mean_dice, bound], color="black", linewidth=1)
            ax.plot(mean, bound, "^", color="black", markersize=8, label="most that the mean J allows")
            ax.plot(mean, mean_dice, "D", color=VERMILION, markersize=7, label="mean J, mean D")
            ax.set(title=f"{name}: {100 * (bound - mean_dice):.1f} points below", xlabel="Jaccard index J")
            ax.grid(True)
            facts.append(
                f"{name}: mean J {mean:.4f}, mean D {mean_dice:.4f}, at most {bound:.4f} by the curve, "
                f"{100 * (bound - mean_dice):.1f} points more"
            )
        axes[0].set_ylabel("Dice D")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower left", ncols=4)
    figure.alt_text = "Dice over Jaccard index, a curve that bends downwards. " + "; ".join(facts) + "."
    return figure
