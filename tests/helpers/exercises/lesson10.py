"""Answers to the exercises of lesson 10."""

from __future__ import annotations

from typing import Any

from lesionseg_lib.models.encoder import MobileNetV2Encoder
from tests.helpers.exercises.registry import case


@case("10.1")
def _() -> Any:
    return ((9, 1, 3),), [
        (((2, 2, 2),), "without a rate of 1"),
        (((1, 3, 10),), "too wide"),
        (((1, 2, 5),), "see further"),
        (((1, 2.5, 3),), "whole number"),
        (((1, 3),), "three layers"),
    ]


@case("10.2")
def _() -> Any:
    encoder = MobileNetV2Encoder(None)
    return ({16: 64, 8: 49, "4": 9}, encoder), [
        (({16: 64, 8: 49, 4: 25}, encoder), "whole squares"),
        (({16: 8, 8: 7, 4: 5}, encoder), "sides of the squares"),
        (({16: 9, 8: 49, 4: 64}, encoder), "mixed up"),
        (({16: 1, 8: 49, 4: 9}, encoder), "16: 1 is too low"),
        (({16: 64, 8: 49}, encoder), "4 is missing"),
    ]


@case("10.3")
def _() -> Any:
    rates = (6, 12, 18)
    return ((0, 8 / 9, 8 / 9), rates, 8), [
        (((1, 1 / 9, 1 / 9), rates, 8), "the weights that live"),
        (((8 / 9, 8 / 9, 8 / 9), rates, 8), "in a corner"),
        (((0, 4 / 9, 4 / 9), rates, 8), "only the corners"),
        (((0, 89, 89), rates, 8), "percent"),
        (((0, 0.5, 0.5), rates, 8), "too low"),
        (((0, None, None), rates, 8), "still missing"),
    ]
