"""Optimisers at work in a valley of two weights: their paths, and how high they still are after each step."""

from collections.abc import Callable, Mapping

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from lesionseg_lib.plots.figure import GREY, RUN_COLOURS, RUN_MARKERS, STYLE, Figure, new_figure

Array = npt.NDArray[np.float64]
FLOOR = 1e-7
"""Heights below this share of the first are not shown: nobody trains so far."""

STYLES = ("solid", (0, (4, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (2, 1)))


def descent(height: Callable[[Array, Array], Array], paths: Mapping[str, Array]) -> Figure:
    """Left the paths over contours of ``height(x, y)``, right the height after each step, logarithmic.

    ``paths``: name -> (steps + 1, 2), the start first; five at most. Raises ``ValueError``.
    """
    wrong = [name for name, path in paths.items() if path.ndim != 2 or path.shape[1] != 2 or len(path) < 2]
    if not 0 < len(paths) <= len(STYLES) or wrong:
        raise ValueError(f"descent: {len(paths)} paths, wrong {wrong}; expected 1 to {len(STYLES)}, each (steps, 2).")
    figure, facts = new_figure(3.3, ""), []
    points = np.concatenate(list(paths.values()))
    low, high = points.min(0), points.max(0)
    margin = 0.12 * (high - low) + 1e-3
    sides = [np.linspace(a, b, 120) for a, b in zip(low - margin, high + margin, strict=True)]
    ground = height(*np.meshgrid(*sides))
    with mpl.rc_context(STYLE):
        left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
        levels = np.geomspace(max(float(ground.max()) / 3000, 1e-12), float(ground.max()), 9)
        left.contour(*sides, ground, levels, colors="#BBBBBB", linewidths=0.8)
        for (name, path), style, colour, marker in zip(paths.items(), STYLES, RUN_COLOURS, RUN_MARKERS, strict=False):
            look = {"linestyle": style, "color": colour, "marker": marker, "markersize": 4, "linewidth": 1.4}
            left.plot(*path.T, markevery=max(1, len(path) // 12), label=name, **look)
            heights = height(*path.T)
            right.plot(heights, markevery=max(1, len(path) // 12), **look)
            facts.append(f"{name}: from {heights[0]:.3g} to {heights[-1]:.3g} in {len(path) - 1} steps")
        left.plot(*next(iter(paths.values()))[0], "ko", markersize=7, markerfacecolor="white")
        left.set(title="paths, from the open dot", xlabel="weight 1", ylabel="weight 2")
        right.set(title="height", xlabel="step", yscale="log")
        highest = max(float(line.get_ydata().max()) for line in right.lines)
        right.set_ylim(max(right.get_ylim()[0], FLOOR * highest), 3 * highest)
        right.grid(True, color=GREY, alpha=0.3)
        figure.legend(loc="outside lower left", ncols=len(paths))
    figure.alt_text = "Paths down a valley. " + "; ".join(facts) + "."
    return figure
