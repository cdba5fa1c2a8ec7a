"""How far pixels lie from the outline of a mask. NumPy and SciPy only."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from lesionseg_lib.utils.arrays import Mask
from lesionseg_lib.utils.checks import Need, check_arrays


def distance_to_outline(mask: Mask) -> NDArray[np.float64]:
    """How far the centre of each pixel lies from the outline of a mask (H, W), in pixels; the same inside and outside.

    The outline runs between pixels, so .5 is the least. The frame of the image is no outline: a lesion that leaves the
    image has none there. Infinity everywhere for a mask that is empty or full. Raises ``ShapeError`` for what is not
    bool: ``~mask`` of bytes is nowhere 0.
    """
    check_arrays(mask=Need(mask, "H W", "bool"))
    if mask.all() or not mask.any():
        return np.full(mask.shape, np.inf)
    # For a pixel of the one kind the transform is the distance to the nearest pixel of the other kind.
    distance = np.where(mask, distance_transform_edt(mask), distance_transform_edt(~mask))
    return np.asarray(distance - 0.5, dtype=np.float64)
