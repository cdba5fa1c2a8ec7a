"""May the probabilities be believed? The reliability diagram."""

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from lesionseg_lib.plots.figure import BLUE, GREEN, GREY, PURPLE, STYLE, VERMILION, Figure, new_figure

Array = npt.NDArray[Any]
LINES = (
    (BLUE, "o", "solid"), (VERMILION, "s", (0, (4, 1.5))), (GREEN, "^", (0, (1.2, 1.2))),
    (PURPLE, "D", (0, (5, 1.5, 1.2, 1.5))),
)  # fmt: skip


def reliability(models: Mapping[str, tuple[Array, Array, Array]]) -> Figure:
    """Left: the share of pixels that is lesion over the mean probability; right: how many pixels say so.

    ``models``: name -> share of all pixels, mean probability, share that is lesion, one number a bin, as
    ``calibration.Bins.reliability`` gives them, NaN in an empty bin; four at most. Raises ``ValueError``.
    """
    if not models or len(models) > len(LINES):
        raise ValueError(f"reliability: {len(models)} models; expected 1 to {len(LINES)}.")
    facts = []
    figure = new_figure(3.2, "")
    with mpl.rc_context(STYLE):
        left, right = figure.subplots(1, 2)
        left.plot([0, 1], [0, 1], color=GREY, linewidth=0.9)
        for (name, bins), (colour, marker, style) in zip(models.items(), LINES, strict=False):
            share, mean, true = (np.asarray(part)[np.isfinite(bins[1])] for part in bins)
            look = {"color": colour, "marker": marker, "linestyle": style, "markersize": 5}
            left.plot(mean, true, label=name, **look)
            right.plot(mean, 100 * share, **look)
            pairs = zip(mean, true, strict=True)
            facts.append(f"{name}: " + ", ".join(f"p {p:.2f} is lesion {f:.2f}" for p, f in pairs))
        left.set(xlabel="predicted probability of lesion", ylabel="share that is lesion", xlim=(0, 1), ylim=(0, 1))
        left.text(0.04, 0.92, "says too little", fontsize=9, color="#444444")
        left.text(0.96, 0.05, "claims too much", fontsize=9, color="#444444", ha="right")
        right.set(xlabel="predicted probability of lesion", ylabel="% of all pixels", yscale="log", xlim=(0, 1))
        for ax in (left, right):
            ax.grid(True)
        figure.legend(loc="outside lower left", ncols=len(models))
    figure.alt_text = "Reliability diagram. " + "; ".join(facts) + "."
    return figure
