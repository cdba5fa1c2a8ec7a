"""Exercises of lesson 06: forgotten normalisation, and what a grid could carry."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.preprocessing import Preprocessing, default_preprocessing, normalise
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.teaching.exercises.answers import Slip, agree, demand, scores
from lesionseg_lib.teaching.lessons import Fit, Lesson
from lesionseg_lib.training.probing import best_cover, cover

DIVIDED, BYTES = "only / 255", "bytes"


def the_other_half(slipped: Any, slips: Mapping[str, Preprocessing], fits: Mapping[str, Fit], lesson: Lesson) -> None:
    """both slips are what they claim to be, and cost what you say. The models are as they were.

    ``slipped``: slip -> family -> mean J on validation. ``slips``: the preprocessing of each slip.
    """
    photos = torch.tensor(np.array(lesson.decoded.validation.images[:2]))
    bytes_ = photos.float().permute(0, 3, 1, 2)
    for name, expected in {DIVIDED: bytes_ / 255, BYTES: bytes_}.items():
        demand(name in slips, f"there is no slip called {name!r}; found {', '.join(slips)}.")
        sent = normalise(photos, slips[name])
        demand(
            torch.allclose(sent, expected, atol=1e-3, rtol=1e-4),
            f"{name}: the network gets {sent.min():.3g} to {sent.max():.3g} where the photos say {expected.min():.3g} "
            f"to {expected.max():.3g}. It computes (bytes / 255 - mean) / std, so mean and std count from 0 to 1.",
        )
    for family, fit in fits.items():
        demand(
            fit.model.preprocessing == default_preprocessing(),
            f"{family} still forgets to normalise. Change a copy (copy.deepcopy), or put it back.",
        )
    demand(isinstance(slipped, Mapping), "expected {slip: {family: mean J}}.")
    family, fit = next(iter(fits.items()))  # one is enough to tell whether the scores belong to the slips
    cost = {slip: _with(fit.model, slips[slip], lesson) for slip in (DIVIDED, BYTES)}
    mistakes: list[Slip] = [
        (
            "this is the score as trained. Did the model get your preprocessing?",
            lambda: {family: _with(fit.model, default_preprocessing(), lesson)},
        ),
        ("this is what dividing alone costs.", lambda: {family: cost[DIVIDED]}),
        ("this is what feeding bytes costs.", lambda: {family: cost[BYTES]}),
    ]
    for slip, price in cost.items():
        demand(slip in slipped, f"{slip}: there is no score yet.")
        found = scores(slipped[slip], list(fits), f"{slip}, mean J")
        agree({family: found[family]}, {family: price}, mistakes, hint="(On the validation photos.)", of=slip)


def _with(model: Segmenter, preprocessing: Preprocessing, lesson: Lesson) -> float:
    before = model.preprocessing
    try:
        model.preprocessing = preprocessing
        logits = model.logits(lesson.decoded.validation.images)
    finally:
        model.preprocessing = before
    return float(score_images(sigmoid(logits), lesson.splits.validation)["jaccard"].mean())


def is_it_a_bound(free: Any, lesson: Lesson) -> None:
    """the yardstick is no bound: one number a cell, chosen freely, carries more than the average.

    ``free``: mean J on validation for strides 8, 16 and 32.
    """
    found = scores(free, [8, 16, 32], "mean J")
    masks, photos = lesson.decoded.validation.masks, lesson.splits.validation

    def score(probabilities: Any) -> float:
        logits = torch.logit(torch.as_tensor(probabilities), eps=1e-6).numpy()
        return float(score_images(sigmoid(logits), photos)["jaccard"].mean())

    average = {s: score(cover(masks, s)) for s in (8, 16, 32)}
    demand(
        any(abs(found[s] - average[s]) > 1e-3 for s in average),
        "this is the yardstick itself. Let gradient descent move the numbers away from the average.",
    )
    best = best_cover(masks, 32)
    as_logits = float(score_images(sigmoid(best.numpy()), photos)["jaccard"].mean())
    demand(
        abs(found[32] - as_logits) > 1e-3 or abs(score(best) - as_logits) < 1e-3,
        "best_cover gives probabilities and `score` wants logits; as they are, all of them are above 0. torch.logit.",
    )
    for s, value in average.items():
        demand(found[s] > value - 0.005, f"stride {s}: below the average it began with. Is the loss going down?")
    # Whoever writes a descent of their own may end a little higher or lower than the library's.
    demand(
        found[32] > (average[32] + 2 * score(best)) / 3,
        "stride 32: the grid can carry more. Run more steps, and compare with the masks at full size.",
    )
