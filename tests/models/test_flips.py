"""Four answers, each flipped back, and their mean."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from lesionseg_lib.models.flips import flip_averaged
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from tests.helpers.tiny import discs, tiny_segmenter


class TopLeft(nn.Module):
    """Says "lesion" at the first pixel, wherever the photo has it."""

    def forward(self, pyramid: list[Tensor], size: tuple[int, int]) -> Tensor:
        logits = torch.full((len(pyramid[0]), 1, *size), -100.0)
        logits[:, :, 0, 0] = 100
        return logits


def test_an_answer_is_turned_back_to_where_it_belongs() -> None:
    network = Segmenter(tiny_segmenter("light").encoder, TopLeft())
    probabilities = flip_averaged(network, np.zeros((2, 32, 64, 3), np.uint8))
    expected = np.zeros((2, 32, 64))
    expected[:, [0, 0, -1, -1], [0, -1, 0, -1]] = 0.25
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)
    assert probabilities.dtype == np.float32


def test_the_average_does_not_care_how_a_photo_was_held() -> None:
    network, images = tiny_segmenter("light"), discs(2, side=64).images
    upright = flip_averaged(network, images)
    np.testing.assert_allclose(flip_averaged(network, images[:, ::-1])[:, ::-1], upright, atol=1e-5)
    assert np.abs(sigmoid(network.logits(images)) - upright).max() > 1e-3  # one answer alone does
