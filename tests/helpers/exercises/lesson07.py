"""Answers to the exercises of lesson 07."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import torch

from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training import recipes
from tests.helpers.exercises.registry import case
from tests.helpers.stand_ins import lesson, official


@case("07.1")
def _() -> Any:
    torch.manual_seed(0)
    imagenet = MobileNetV2Encoder(None)
    weights = torch.nn.utils.parameters_to_vector(imagenet.stage(4).parameters()).detach()

    def way(rate: float, steps: int = 4) -> float:
        """Adam moves each weight by about the rate a step, here mostly to the same side."""
        return float(100 * 0.6 * steps * rate * len(weights) ** 0.5 / weights.norm())

    right = {rate: way(rate) for rate in (1e-3, 1e-4, 1e-5)}
    together = {1e-3: right[1e-3], 1e-4: 1.1 * right[1e-3], 1e-5: 1.11 * right[1e-3]}
    return (right, imagenet), [
        (({rate: right[1e-4] for rate in right}, imagenet), "`encoder_learning_rate`"),
        (({rate: 0.0 for rate in right}, imagenet), "nothing has moved"),
        ((together, imagenet), "afresh for every rate"),
        (({rate: d / 100 for rate, d in right.items()}, imagenet), "not percent"),
        (({rate: way(rate, 400) for rate in right}, imagenet), "cannot get that far"),
        (({1e-3: 1.0}, imagenet), "is missing"),
    ]


def put_back(model: Segmenter, old: MobileNetV2Encoder, together: bool = False, weights_only: bool = False) -> Any:
    kept = copy.deepcopy(model.encoder.state_dict())
    found = {None: official(model)}
    for stage in (1, 2, 3, 4):
        state = dict(old.stage(stage).named_parameters()) if weights_only else old.stage(stage).state_dict()
        model.encoder.stage(stage).load_state_dict(state, strict=not weights_only)
        found[stage] = official(model)
        if not together:
            model.encoder.load_state_dict(kept)
    model.encoder.load_state_dict(kept)
    return found


@case("07.3")
def _() -> Any:
    frozen, every = recipes.get_recipe("dilated-frozen"), recipes.get_recipe("dilated-all")
    slow = replace(frozen, name="slow", learning_rate=every.learning_rate)
    both = replace(every, name="both", learning_rate=frozen.learning_rate, encoder_learning_rate=every.learning_rate)
    faster = replace(both, encoder_learning_rate=frozen.learning_rate)
    return (("dilated-frozen-slow", "dilated-all-two-rates"), lesson()), [
        (((slow, faster), lesson()), "a third change"),
        (((slow, every), lesson()), "do not differ in the decoder's rate"),
        (((frozen, both), lesson()), "do not differ in the decoder's rate"),
        (((slow, slow), lesson()), "must train all stages"),
        (((both, both), lesson()), "must keep the encoder frozen"),
        (((replace(slow, loss="bce"), both), lesson()), "also in loss"),
        (((slow, None), lesson()), "expected recipes"),
        ((slow, lesson()), "two runs are missing"),
    ]
