"""Names for what goes wrong with a mask: a few labels, a rule for those that counting can tell, and a comparison."""

from collections.abc import Mapping

import numpy as np
from scipy.ndimage import label

from lesionseg_lib.data.datasets import Mask
from lesionseg_lib.errors import DataError
from lesionseg_lib.evaluation.metrics import confusion
from lesionseg_lib.utils.lookup import look_up

LABELS = {
    "missed": "hardly a tenth of the lesion is in the mask",
    "too large": "the mask takes in skin",
    "too small": "the mask leaves out lesion",
    "fragment": "a part of the mask lies elsewhere, as an island",
    "artefact": "hair, ink, a sticker, a dark corner led it astray",
    "doubtful truth": "another expert might side with the network",
}
"""The first four can be told by counting pixels, the last two only by looking."""

MISSED, ISLANDS = 0.1, 0.1


def rule_label(prediction: Mask, truth: Mask, missed: float = MISSED, islands: float = ISLANDS) -> str:
    """The label that counting gives a failure; both bool (H, W).

    "missed" if less than the share ``missed`` of the lesion is found; else "fragment" if more than the share
    ``islands`` of the mask lies outside its largest connected part; else "too large" or "too small", whichever error
    has more pixels. Raises ``ShapeError``.
    """
    counts = confusion(prediction, truth)
    tp, fp, fn = int(counts.tp[0]), int(counts.fp[0]), int(counts.fn[0])
    if tp < missed * (tp + fn):
        return "missed"
    parts, _ = label(prediction)
    sizes = np.bincount(parts.ravel())[1:]
    if len(sizes) and sizes.sum() - sizes.max() > islands * sizes.sum():
        return "fragment"
    return "too large" if fp > fn else "too small"


def compare_labels(mine: Mapping[str, str], others: Mapping[str, str]) -> str:
    """Where two labellings, id -> label, agree; says so when ``mine`` is still empty.

    Raises ``UnknownNameError`` for a label that is not one of ``LABELS``, ``DataError`` for an id that ``others`` does
    not have.
    """
    if not mine:
        return "No label yet: look at the figure, fill in the dictionary, run the cell again."
    for photo, name in mine.items():
        look_up(LABELS, name, "label")
        if photo not in others:
            raise DataError(f"{photo} is none of the photos to label: {', '.join(others)}.")
    differ = [photo for photo in mine if mine[photo] != others[photo]]
    lines = [f"{len(mine) - len(differ)} of {len(mine)} labels agree."]
    lines += [f"{photo}: {mine[photo]}, the other says {others[photo]}" for photo in differ]
    return "\n".join(lines)
