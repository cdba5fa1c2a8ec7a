"""What is done to a photo before the encoder sees it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lesionseg_lib.models.preprocessing import default_preprocessing, normalise


def test_preprocessing_is_that_of_the_weights() -> None:
    preprocessing = default_preprocessing()
    assert preprocessing.mean == (0.485, 0.456, 0.406)
    assert preprocessing.std == (0.229, 0.224, 0.225)
    pixel = np.array([[[[255, 0, 51]]]], dtype=np.uint8)  # 1, 0 and 0.2 after division by 255
    expected = [(1 - 0.485) / 0.229, -0.456 / 0.224, (0.2 - 0.406) / 0.225]
    found = normalise(torch.from_numpy(pixel), preprocessing)
    assert found.shape == (1, 3, 1, 1)
    assert found.flatten().tolist() == pytest.approx(expected)
