"""Which pixels of a mask file are lesion: what has one meaning is read; what has two is refused, naming both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.data.decoding import Stored
from lesionseg_lib.errors import DataError
from lesionseg_lib.utils.arrays import Mask

MaskValue = int | Sequence[int] | Literal["grey", "alpha"]
"""What is lesion: a value or several, ``"grey"`` for all above half of white, or ``"alpha"`` for all that is opaque."""

GREY, ALPHA = "grey", "alpha"
MASK_THRESHOLD = 128
"""Of 255: the organisers count a grey level above it as lesion."""

_LOSSY = 24  # levels by which the channels of a grey JPEG may differ
_CLASSES = 16  # a picture of more different levels is grey, not one of class numbers
_NEAR_END = 16  # of 255: levels this near to black or white are noise of a JPEG that was saved as PNG
_HIGHEST_CLASS = 20


def mask_value_of(words: Sequence[str] | None) -> MaskValue | None:
    """What a command line says: ``["1", "2"]`` -> ``[1, 2]``, ``["grey"]`` -> ``"grey"``. Raises ``DataError``."""
    if not words:
        return None
    if words == [GREY] or words == [ALPHA]:
        return "grey" if words == [GREY] else "alpha"
    try:
        return [int(word) for word in words]
    except ValueError as error:
        raise DataError(f"There is no mask value {' '.join(words)!r}; give numbers, or grey or alpha alone.") from error


def lesion_in(found: Stored, path: Path, wanted: MaskValue | None = None) -> Mask:
    """The mask that a file holds, bool (H, W). Raises ``DataError`` for what has no meaning or two."""
    if wanted is not None:
        return _as_asked(found, path, wanted)
    if found.alpha is None or _is_constant(found.alpha):
        return _by_level(found, path)
    assert found.sure is not None
    # How a mask comes that was drawn as a layer: the colour is the same wherever anything is seen.
    drawn = _is_constant(found.levels, found.alpha | ~found.sure)
    if _is_constant(found.levels):
        return found.alpha
    try:
        coloured = _by_level(found, path)
    except DataError:
        if drawn:
            return found.alpha
        raise
    if (coloured == found.alpha)[found.sure].all():
        return coloured & found.alpha
    raise DataError(
        f"{path} holds two masks, one in its colours ({coloured.mean():.1%} lesion) and one in its transparency "
        f'({found.alpha.mean():.1%} opaque). Say which is meant with mask_value="grey" or mask_value="alpha" (on the '
        "command line --mask-value), or save it as a grey PNG without transparency."
    )


def _by_level(found: Stored, path: Path) -> Mask:
    # Two numbers, of which 0 is black: the number and the colour say the same, whatever the second colour is.
    numbered = found.index is not None and found.index.max(initial=0) <= 1
    if numbered and found.palette is not None and not found.palette[0].any():
        return np.asarray(found.index == 1)
    return _by_grey(_grey(found, path), found, path)


def _grey(found: Stored, path: Path) -> NDArray[Any]:
    """One level a pixel, (H, W). Raises ``DataError`` for colours."""
    if found.levels.ndim == 2:
        return found.levels
    spread = found.levels.max(axis=-1).astype(np.int64) - found.levels.min(axis=-1)
    if spread.max(initial=0) > (_LOSSY if found.lossy else 0):
        if found.index is not None:
            raise DataError(
                f"{path} is coloured: a palette gives colours to the numbers {_listed(np.unique(found.index))}. Say "
                "which number is the lesion with mask_value=... (on the command line --mask-value), or save the mask "
                "as a grey PNG, 0 outside and 255 inside the lesion."
            )
        raise DataError(
            f"{path} is coloured, but a mask has one channel (or three equal ones) that is 0 outside "
            "and 255 inside the lesion. Is it a photo or an overlay? Save the mask as a grey PNG."
        )
    return np.asarray(found.levels[..., 1])


def _by_grey(levels: NDArray[Any], found: Stored, path: Path) -> Mask:
    if levels.dtype.kind == "f":
        levels = _whole(levels, path)
    values, white = np.unique(levels), int(found.white)
    highest, threshold = int(values[-1]), white * MASK_THRESHOLD / 255
    if len(values) <= 2 and any(set(values.tolist()) <= {0, full} for full in (1, white, min(255, white))):
        return levels > 0
    if values[0] < 0 or _are_classes(levels, values, white, found.lossy):
        raise DataError(
            f"{path} has the values {_listed(values)}, which may be class numbers (one of them the lesion, and often "
            f"the last for what is to be ignored) or grey levels (lesion above half of {white}). Say which with "
            f'mask_value={_first_class(values)}, the number of the lesion, or mask_value="grey" (on the command line '
            "--mask-value)."
        )
    if highest <= threshold:
        raise DataError(
            f"{path}: the mask's largest value is {highest}. Expected 0 and {white}, or 0 and 1; above "
            f"{threshold:.0f} counts as lesion, so this mask would be empty. Say which value is the lesion with "
            f"mask_value={highest} (on the command line --mask-value), or multiply it so that the lesion is {white}, "
            "and save it again as a grey PNG."
        )
    if values[0] > threshold and highest - values[0] > white * _NEAR_END / 255:
        raise DataError(
            f"{path} has the values {_listed(values)}, all above half of {white}: as grey levels all would be lesion. "
            "Say which value is the lesion with mask_value=... (on the command line --mask-value)."
        )
    return levels > threshold


def _whole(levels: NDArray[Any], path: Path) -> NDArray[np.int64]:
    if not np.isfinite(levels).all():
        raise DataError(f"{path} holds values that are not finite (NaN or infinity). Save the mask as a grey PNG.")
    if (levels != np.round(levels)).any() or np.abs(levels).max(initial=0) > 255:
        raise DataError(
            f"{path} holds fractions from {levels.min():.4g} to {levels.max():.4g}: probabilities, distances or grey "
            'levels. Say that they are grey levels with mask_value="grey" (on the command line --mask-value), lesion '
            "being what is above half of white, or save the mask as a grey PNG, 0 outside and 255 inside the lesion."
        )
    return levels.astype(np.int64)


def _are_classes(levels: NDArray[Any], values: NDArray[Any], white: int, lossy: bool) -> bool:
    """Whether levels between black and white make up regions of their own, as classes do and soft edges do not."""
    inner = values[(values > 0) & (values < white)]
    threshold, near = white * MASK_THRESHOLD / 255, white * _NEAR_END / 255
    if lossy or not inner.size or len(values) <= 2 or values[-1] <= threshold:
        return False
    none_high = not (inner > threshold).any()
    if none_high and inner.max() <= min(_HIGHEST_CLASS, threshold):
        return True
    if len(values) > _CLASSES:
        return False
    numbers = np.searchsorted(values, levels).astype(np.uint8)
    square = np.ones((3, 3), np.uint8)
    flat = cv2.erode(numbers, square) == cv2.dilate(numbers, square)
    plateaus = np.unique(levels[1:-1, 1:-1][flat[1:-1, 1:-1]])
    middle = (plateaus > near) & (plateaus < white - near)
    low = (plateaus > 0) & (plateaus <= near)
    return bool(middle.any() or (none_high and low.any()))


def _as_asked(found: Stored, path: Path, wanted: MaskValue) -> Mask:
    if wanted == ALPHA:
        if found.alpha is None:
            raise DataError(f"{path} has no transparency, and the mask was to be read from it. Leave mask_value out.")
        return found.alpha
    if wanted == GREY:
        levels = _grey(found, path)
        if levels.dtype.kind == "f" and not np.isfinite(levels).all():
            _whole(levels, path)
        return np.asarray(levels > found.white * (0.5 if levels.dtype.kind == "f" else MASK_THRESHOLD / 255))
    if isinstance(wanted, str):
        raise DataError(
            f'There is no mask_value={wanted!r}; give the number of the lesion, several, "grey" or "alpha".'
        )
    levels = found.levels
    if levels.ndim == 3:
        coloured = found.index is not None and (levels != levels[..., :1]).any()
        levels = found.index if coloured and found.index is not None else _grey(found, path)
    return np.isin(levels, [wanted] if isinstance(wanted, int) else list(wanted))


def _is_constant(pixels: NDArray[Any], where: Mask | None = None) -> bool:
    """Whether all pixels of (H, W) or (H, W, 3), or those chosen, are the same."""
    chosen = pixels.reshape(*pixels.shape[:2], -1)[np.ones(pixels.shape[:2], bool) if where is None else where]
    return not (chosen != chosen[:1]).any()


def _first_class(values: NDArray[Any]) -> int:
    return next((int(value) for value in values if value > 0), 1)


def _listed(values: NDArray[Any]) -> str:
    numbers = [str(value) for value in values[:5].tolist()]
    if len(values) > 5:
        return f"{', '.join(numbers)} and {len(values) - 5} more"
    return " and ".join([", ".join(numbers[:-1]), numbers[-1]] if len(numbers) > 1 else numbers)
