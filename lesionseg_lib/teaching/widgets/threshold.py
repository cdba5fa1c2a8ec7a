"""A threshold to play with: what moving it does to the mask and to the scores of one photo.

What is saved in a notebook is a picture: widgets do nothing without a kernel. Live controls only when asked for; they
need ipywidgets 7 (Colab) or 8 and use only what both have.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.data.datasets import Sample
from lesionseg_lib.errors import ShapeError
from lesionseg_lib.evaluation.metrics import METRICS, confusion
from lesionseg_lib.models.postprocessing import binarise
from lesionseg_lib.plots import Figure, error_maps
from lesionseg_lib.teaching.widgets.live import jpeg, widget_package

Probabilities = NDArray[np.float32]
USUAL = 0.5  # the threshold of every recipe, which stays in view beside the one that moves
SHOWN = {"jaccard": "IoU", "dice": "Dice", "sensitivity": "sensitivity"}


def scores_at(sample: Sample, probabilities: Probabilities, threshold: float) -> dict[str, float]:
    """IoU, Dice and sensitivity of one photo whose probabilities (H, W) are cut at ``threshold``."""
    counts = confusion(binarise(probabilities, threshold), sample.mask)
    return {shown: float(METRICS[name](counts)[0]) for name, shown in SHOWN.items()}


def threshold_sheet(sample: Sample, probabilities: Probabilities, thresholds: Sequence[float]) -> Figure:
    """Error maps of one photo, one column a threshold, which stands above with Dice D, sensitivity S and IoU J."""
    scores = [scores_at(sample, probabilities, cut) for cut in thresholds]

    def short(number: float) -> str:
        return f"{number:.2f}".removeprefix("0")  # .89: four panels a row leave little room

    names = [
        f"> {short(cut)}: D {short(score['Dice'])} S {short(score['sensitivity'])}"
        for cut, score in zip(thresholds, scores, strict=True)
    ]
    return error_maps(
        [sample.image] * len(thresholds),
        [sample.mask] * len(thresholds),
        [binarise(probabilities, cut) for cut in thresholds],
        names,
        [score["IoU"] for score in scores],
        columns=len(thresholds),
    )


def threshold_explorer(
    samples: Sequence[Sample],
    probabilities: Sequence[Probabilities],
    thresholds: Sequence[float] = (0.1, 0.5, 0.7, 0.9),
    *,
    live: bool = False,
) -> Any:
    """What a threshold does to the masks of ``samples``, whose ``probabilities`` have the photos' sizes (H, W).

    Returns a figure of the first photo, one column a threshold; with ``live`` an ipywidgets box instead: a menu of
    all photos, a slider, and the photo cut at .5 beside the same photo cut where the slider stands. Raises
    ``ShapeError`` when a size does not fit, ``MissingPackageError`` when ``live`` is asked for and ipywidgets is
    missing.
    """
    sizes = [p.shape for p in probabilities]
    if not len(samples) or sizes != [sample.mask.shape for sample in samples]:
        raise ShapeError(
            f"{len(samples)} photos, and probabilities of sizes {sizes}. Expected at least one photo and a map of its "
            f"own size each; `model.probabilities(photo, size)` makes it."
        )
    if not live:
        return threshold_sheet(samples[0], probabilities[0], thresholds)
    return _controls(samples, probabilities)


def _controls(samples: Sequence[Sample], probabilities: Sequence[Probabilities]) -> Any:
    ipywidgets = widget_package("slider")
    options = [(sample.id, number) for number, sample in enumerate(samples)]
    photo = ipywidgets.Dropdown(options=options, value=0, description="photo")
    threshold = ipywidgets.FloatSlider(
        value=USUAL, min=0.01, max=0.99, step=0.01, description="threshold", continuous_update=False
    )
    text, picture = ipywidgets.HTML(), ipywidgets.Image(format="jpeg")

    def show(change: Any = None) -> None:
        sample, p = samples[photo.value], probabilities[photo.value]
        scores = scores_at(sample, p, threshold.value)
        text.value = ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
        picture.value = jpeg(threshold_sheet(sample, p, [USUAL, threshold.value]))

    for control in (photo, threshold):
        control.observe(show, names="value")
    show()
    return ipywidgets.VBox([photo, threshold, text, picture])
