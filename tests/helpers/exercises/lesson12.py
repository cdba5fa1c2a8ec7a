"""Answers to the exercises of lesson 12."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lesionseg_lib.results import comparison, seeds
from lesionseg_lib.training import recipes
from tests.helpers.exercises.registry import case


@case("12.1")
def _() -> Any:
    claim = recipes.Claim(iou=0.843, dice=0.910)
    ours = comparison.Row("x", None, (0,), comparison.Score(0.845, 0.83, 0.86), comparison.Score(0.908, 0.9, 0.92))
    bound = 2 * 0.843 / 1.843
    even = (0.910 - 0.843) / (bound - 0.843)
    our = (0.908 - 0.845) / (2 * 0.845 / 1.845 - 0.845)
    return ((True, even, np.bool_(True)), claim, ours), [
        (((False, even, True), claim, ours), "possible: an IoU of"),
        (((True, even, False), claim, ours), "inside: our interval"),
        (((True, 0.910 / bound, True), claim, ours), "share of its bound"),
        (((True, 1 - even, True), claim, ours), "1 minus it"),
        (((True, our, True), claim, ours), "ours, not the claim's"),
        ((("yes", even, True), claim, ours), "say True or False"),
        ((True, claim, ours), "expected three"),
    ]


SPREAD = seeds.SeedSpread(0.004, 6, ("a", "b"))


@case("12.2")
def _() -> Any:
    left = 1 / 196**2 - 2 * 0.004**2 / 3
    needed = np.ceil(0.1**2 / left)
    return (needed, 3, 0.1, SPREAD), [
        ((379, 3, 0.1, SPREAD), "nothing below"),
        ((10 * needed, 3, 0.1, SPREAD), "not the smallest"),
        (((0.1 * 196) ** 2, 3, 0.1, SPREAD), "seeds were forgotten"),
        ((np.inf, 3, 0.1, SPREAD), "is enough"),
        ((100_000, 1, 0.1, seeds.SeedSpread(0.01, 6, ("a",))), "no number of images"),
    ]


@case("12.3")
def _() -> Any:
    light, smp = recipes.get_recipe("light"), recipes.get_recipe("smp-unet")
    return (replace(light, name="control", decoder=smp.decoder),), [
        ((smp,), "it still differs in"),
        ((light,), "the decoders are the same"),
        ((replace(light, decoder="unet"),), "smp-unet's decoder"),
        (("smp-unet",), "expected a recipe"),
    ]
