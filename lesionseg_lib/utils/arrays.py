"""Array types that several folders speak of, once."""

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (H, W, 3), RGB
Mask = NDArray[np.bool_]  # (H, W), True inside the lesion
Logits = NDArray[np.float32]  # (N, h, w) or (h, w), at the network's size
Probabilities = NDArray[np.float32]  # the same after the sigmoid, from 0 to 1
