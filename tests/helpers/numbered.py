"""A data set that is counted and not read."""

from __future__ import annotations

import numpy as np

from lesionseg_lib.data.datasets import LesionDataset


class Numbered(LesionDataset):
    """Sample i is a 2 x 3 image full of i, with a mask of ``mask_shape``."""

    def __init__(self, count: int, mask_shape: tuple[int, int] = (2, 3), contents: str = "") -> None:
        self.name = "numbered"
        self.ids = tuple(f"lesion-{number}" for number in range(count))
        self._mask_shape = mask_shape
        self._contents = contents

    def image(self, index):
        return np.full((2, 3, 3), index, dtype=np.uint8)

    def truth(self, index):
        return np.ones(self._mask_shape, dtype=bool)

    def attributes(self, index):
        return {"number": str(index)}

    def _stamp(self, index):
        return f"{index}{self._contents}"

    def _content(self, index):
        return f"{index}{self._contents}".encode()
