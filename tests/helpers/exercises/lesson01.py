"""Answers to the exercises of lesson 01."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lesionseg_lib.evaluation import scoring
from lesionseg_lib.models.postprocessing import sigmoid
from tests.helpers.exercises.registry import case
from tests.helpers.stand_ins import SIZE, dark, lesson, score


@case("01.1")
def _() -> Any:
    small, data, tenths = lesson().decoded.validation, lesson().splits.validation, [n / 10 for n in range(1, 10)]
    logits = dark().logits(small.images)

    def means(x: Any = logits, cut: Callable[[float], float] = float, data: Any = data) -> dict[float, float]:
        return {t: scoring.score_images(sigmoid(x), data, cut(t))["jaccard"].mean() for t in tenths}

    of_test = means(dark().logits(lesson().decoded.test.images), data=lesson().splits.test)
    rest = dark(), lesson()
    return (means(), *rest), [
        (({t: 100 * j for t, j in means().items()}, *rest), "percent"),
        ((means(cut=lambda t: float(sigmoid(np.array(t, np.float32)))), *rest), "put on logits"),
        ((means(cut=lambda t: 0.5), *rest), "third argument"),
        ((means(sigmoid(logits)), *rest), "twice"),
        ((of_test, *rest), "test photos"),
        ((list(means().values())[:8], *rest), "expected 9 numbers"),
        ((list(means().values())[::-1], *rest), "too"),
    ]


@case("01.2")
def _() -> Any:
    train = lesson().decoded.train.masks.mean(0)

    def of(guess: Any, part: str = "validation") -> float:
        return score(np.repeat(np.asarray(guess, np.float32)[None], len(getattr(lesson().splits, part)), 0), part)

    right = {"all skin": of(-np.ones(SIZE)), "all lesion": of(np.ones(SIZE)), "mean mask": of(train - 0.5)}
    return (right, lesson()), [
        ((right | {"mean mask": of(train)}, lesson()), "Subtract one half"),
        ((right | {"all skin": right["all lesion"], "all lesion": right["all skin"]}, lesson()), "exchanged"),
        ((right | {"all lesion": 0.0}, lesson()), "not above .5"),
        ((right | {"all lesion": of(np.ones(SIZE), "test")}, lesson()), "test photos"),
        (({"all skin": 0.0}, lesson()), "all lesion is missing"),
    ]


@case("01.3")
def _() -> Any:
    photo, network = lesson().splits.test[0].image, dark()
    p = network.probabilities(photo, SIZE)
    swapped = network.probabilities(np.ascontiguousarray(photo[..., ::-1]), SIZE) > 0.5
    return (p > 0.5, photo, network, SIZE), [
        ((p, photo, network, SIZE), "not bool"),
        ((p > 0, photo, network, SIZE), "as if they were logits"),
        ((p <= 0.5, photo, network, SIZE), "exchanged"),
        ((swapped, photo, network, SIZE), "red and blue"),
        (((p > 0.5)[:50], photo, network, SIZE), "enlarges for you"),
        ((p > 0.5, photo / 255, network, SIZE), "bytes"),
        ((p > 0.9, photo, network, SIZE), "not what this network says"),
    ]
