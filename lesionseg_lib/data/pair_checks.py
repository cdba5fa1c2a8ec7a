"""Does a mask belong to its photo? Cheap tests for pairs, and for a transform that must move both together.

No network takes part. Each test looks at one thing that a wrong pair gets wrong: the colours on the two sides of the
outline, the values of a mask, the balance of red and blue, the orientations that come.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lesionseg_lib.data.datasets import Image
from lesionseg_lib.data.properties import lab
from lesionseg_lib.errors import ShapeError
from lesionseg_lib.utils.checks import Need, check_arrays
from lesionseg_lib.utils.outline import distance_to_outline

U8 = NDArray[np.uint8]

OUTLINE_WIDTH = 0.04
"""Width of the two bands along an outline, as a share of the image's mean side."""


def outline_contrast(image: Image, mask: NDArray[Any], width: float = OUTLINE_WIDTH) -> float:
    """How far the colour jumps at the outline: the distance (CIE76) of two bands' mean colours, inside and outside.

    ``image``: uint8 (H, W, 3), RGB; ``mask``: (H, W), lesion where it is not 0. Each band is ``width`` mean sides wide.
    NaN for an empty mask and for one that fills the image. Raises ``ShapeError``.
    """
    check_arrays(image=Need(image, "H W 3", "uint8"), mask=Need(mask, "H W", "number or bool"))
    lesion = mask != 0
    if not lesion.any() or lesion.all():
        return float("nan")
    colour, pixels = lab(image), width * np.sqrt(mask.size)
    near = distance_to_outline(lesion) <= pixels - 0.5  # the centres of a band of so many pixels on either side
    inside, outside = lesion & near, ~lesion & near
    return float(np.linalg.norm(colour[inside].mean(axis=0) - colour[outside].mean(axis=0)))


def outline_contrasts(images: Sequence[Image] | U8, masks: Sequence[Any] | NDArray[Any]) -> NDArray[np.float64]:
    """``outline_contrast`` of N pairs, (N,). Raises ``ShapeError`` for differing numbers, or as that does."""
    if len(images) != len(masks):
        raise ShapeError(f"{len(images)} images and {len(masks)} masks. Expected one mask an image.")
    return np.array([outline_contrast(image, mask) for image, mask in zip(images, masks, strict=True)])


def describe_pairs(images: U8, masks: U8) -> pd.Series:
    """What can be seen of N pairs, images (N, H, W, 3) and masks (N, H, W), without knowing the truth.

    ``step``: median ``outline_contrast``. ``beats next mask``: the share of photos whose own mask has a larger one than
    the mask of the next photo; for right pairs far above one half. ``red - blue``: mean difference of these channels,
    positive for skin. ``mask max``: the largest value. ``lesion``: the mean of the masks, as a loss would see it.
    Raises ``ShapeError``.
    """
    check_arrays(images=Need(images, "N H W 3", "uint8"), masks=Need(masks, "N H W", "number or bool"))
    own, strange = outline_contrasts(images, masks), outline_contrasts(images, np.roll(masks, 1, axis=0))
    known = np.isfinite(own) & np.isfinite(strange)
    return pd.Series(
        {
            "step": float(np.nanmedian(own)),
            "beats next mask": float((own > strange)[known].mean()),
            "red - blue": float(images[..., 0].mean() - images[..., 2].mean()),
            "mask max": int(masks.max()),
            "lesion": float(masks.mean()),
        }
    )
