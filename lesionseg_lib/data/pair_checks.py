"""Does a mask belong to its photo? Cheap tests for pairs, and for a transform that must move both together.

No network takes part. Each test looks at one thing that a wrong pair gets wrong: the colours on the two sides of the
outline, the values of a mask, the balance of red and blue, the orientations that come.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from lesionseg_lib.data.datasets import Image
from lesionseg_lib.data.properties import lab
from lesionseg_lib.errors import ShapeError

U8 = NDArray[np.uint8]
Transform = Callable[[U8, U8, np.random.Generator], tuple[U8, U8]]

BAND = 0.04
"""Width of the two bands along an outline, as a share of the image's mean side."""

DRAWS = 400  # with eight orientations 50 each, give or take 7


def step_across(image: Image, mask: NDArray[Any]) -> float:
    """How far the colour jumps at the outline: the distance (CIE76) of two bands' mean colours, inside and outside.

    ``image``: uint8 (H, W, 3), RGB; ``mask``: (H, W), lesion where it is not 0. Each band is 4 % of the mean side wide.
    NaN for an empty mask and for one that fills the image. Raises ``ShapeError``.
    """
    if image.ndim != 3 or image.shape[:2] != mask.shape:
        raise ShapeError(f"image {image.shape} and mask {mask.shape}; expected (H, W, 3) and (H, W) of the same size.")
    lesion = mask != 0
    if not lesion.any() or lesion.all():
        return float("nan")
    colour, width = lab(image), BAND * np.sqrt(mask.size)
    inside = lesion & (distance_transform_edt(lesion) <= width)
    outside = ~lesion & (distance_transform_edt(~lesion) <= width)
    return float(np.linalg.norm(colour[inside].mean(axis=0) - colour[outside].mean(axis=0)))


def steps_across(images: Sequence[Image] | U8, masks: Sequence[Any] | NDArray[Any]) -> NDArray[np.float64]:
    """``step_across`` of N pairs, (N,)."""
    return np.array([step_across(image, mask) for image, mask in zip(images, masks, strict=True)])


def describe_pairs(images: U8, masks: U8) -> pd.Series:
    """What can be seen of N pairs, images (N, H, W, 3) and masks (N, H, W), without knowing the truth.

    ``step``: median ``step_across``. ``beats a stranger``: the share of photos whose own mask has a larger step than
    the mask of the next photo; for right pairs far above one half. ``red - blue``: mean difference of these channels,
    positive for skin. ``mask max``: the largest value. ``lesion``: the mean of the masks, as a loss would see it.
    """
    own, strange = steps_across(images, masks), steps_across(images, np.roll(masks, 1, axis=0))
    known = np.isfinite(own) & np.isfinite(strange)
    return pd.Series(
        {
            "step": float(np.nanmedian(own)),
            "beats a stranger": float((own > strange)[known].mean()),
            "red - blue": float(images[..., 0].mean() - images[..., 2].mean()),
            "mask max": int(masks.max()),
            "lesion": float(masks.mean()),
        }
    )


def transform_fault(transform: Transform) -> str | None:
    """Try ``transform(image, mask, rng) -> (image, mask)``, which should turn and mirror, on marked squares.

    Expected: image and mask move together, shapes, types and the mask's two values stay, the given arrays are not
    written to, all draws come from ``rng``, and all eight orientations of a square come equally often. Returns the
    first fault, in a sentence, or None.
    """
    mask = np.zeros((8, 8), np.uint8)
    mask[0, 1:4] = mask[1, 1] = 1  # looks different in each of the eight orientations
    image = np.repeat((mask * 200)[..., None], 3, axis=2)
    mask.setflags(write=False)
    image.setflags(write=False)
    names = [(turned if not mirrored else turned[:, ::-1]).tobytes() for turned, mirrored in _orientations(mask)]
    counts = dict.fromkeys(names, 0)
    for seed in range(DRAWS):
        try:
            found, drawn = transform(image, mask, np.random.default_rng(seed))
            again = transform(image, mask, np.random.default_rng(seed))
        except Exception as error:
            return f"It stopped: {error!r}. (The given arrays are read-only, as those of a cache are.)"
        fault = _fault(image, mask, found, drawn, again)
        if fault:
            return f"Draw {seed}: {fault}"
        if (key := np.ascontiguousarray(drawn).tobytes()) not in counts:
            return f"Draw {seed}: the mask is none of the eight orientations of the one given."
        counts[key] += 1
    fewest, most = min(counts.values()), max(counts.values())
    if fewest < DRAWS / 8 - 30 or most > DRAWS / 8 + 30:  # more than four standard deviations
        came = sum(count > 0 for count in counts.values())
        return f"Of eight orientations {came} came in {DRAWS} draws, the rarest {fewest}, the commonest {most} times."
    return None


def _orientations(mask: U8) -> list[tuple[U8, bool]]:
    return [(np.rot90(mask, turns), mirrored) for turns in range(4) for mirrored in (False, True)]


def _fault(image: U8, mask: U8, found: U8, drawn: U8, again: tuple[U8, U8]) -> str:
    if found.shape != image.shape or drawn.shape != mask.shape or found.dtype != np.uint8 or drawn.dtype != np.uint8:
        return f"image {found.dtype} {found.shape}, mask {drawn.dtype} {drawn.shape}; both should stay as they were."
    if set(np.unique(drawn)) - {0, 1}:
        return f"the mask holds {sorted(map(int, np.unique(drawn)))}, not 0 and 1."
    if not np.array_equal(found[..., 0] > 100, drawn == 1):
        return "the lesion in the image is not where the mask says."
    if not (np.array_equal(found, again[0]) and np.array_equal(drawn, again[1])):
        return "a second call with an equal generator gave something else; draw from `rng` only."
    return ""
