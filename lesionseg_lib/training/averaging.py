"""An average of a network's weights over the steps of training: what is validated and kept where a recipe says so.

Near the end of training every step still jumps about a good place; the average lies nearer to it than any single step.
Source: Polyak and Juditsky 1992; with a decay and the shorter memory at the start as in TensorFlow's
``ExponentialMovingAverage``; for segmentation among others Tarvainen and Valpola, *Mean teachers*, NeurIPS 2017.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from lesionseg_lib.models.segmenter import Segmenter


class WeightAverage:
    """After step *n*: ``average = d * average + (1 - d) * weights``, with ``d = min(decay, (1 + n) / (10 + n))``.

    Batch norm's running means and variances are averaged like weights, so that they fit them; its counters are copied.
    ``network`` is the averaged segmenter, apart from the trained one and never given a gradient. ``trained`` must stay
    where it is: its tensors are looked up once.
    """

    def __init__(self, trained: Segmenter, decay: float) -> None:
        self.decay, self.steps = decay, 0
        self.network: Segmenter = copy.deepcopy(trained).requires_grad_(False)
        mine, theirs = self.network.state_dict(), trained.state_dict()
        real = [name for name, tensor in mine.items() if tensor.is_floating_point()]
        counters = [name for name in mine if name not in real]
        self._real = [mine[name] for name in real], [theirs[name] for name in real]
        self._counters = [mine[name] for name in counters], [theirs[name] for name in counters]

    @torch.no_grad()
    def update(self) -> None:
        """Take one step of the trained network in. Both are on one device; nothing waits for it."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(*self._real, 1 - decay)
        torch._foreach_copy_(*self._counters)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps: the averaged values, and of how many steps."""
        return {"steps": self.steps, "network": self.network.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state_dict``. Raises ``KeyError`` or ``RuntimeError``: it is of another network."""
        weights: Mapping[str, Tensor] = state["network"]
        self.network.load_state_dict(weights)
        self.steps = int(state["steps"])
