"""Exercises of lesson 01: thresholds, guesses that never look, a photo without a lesion."""

from typing import Any

import numpy as np

from lesionseg_lib.evaluation.metrics import confusion, reduce
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.teaching.exercises.answers import agree, demand, scores
from lesionseg_lib.teaching.lessons import Lesson

TENTHS = [round(0.1 * n, 1) for n in range(1, 10)]


def move_the_threshold(means: Any, network: Segmenter, lesson: Lesson) -> None:
    """nine masks of every validation photo, each enlarged, cut and scored; test stayed out of it.

    ``means``: mean J on validation for each threshold from .1 to .9.
    """
    found = scores(means, TENTHS, "mean J")
    photos, small = lesson.splits.validation, lesson.decoded.validation
    logits = network.logits(small.images)

    def at(x: Any, cuts: dict[float, float], data: Any = photos) -> dict[float, float]:
        return {t: float(score_images(sigmoid(x), data, cut)["jaccard"].mean()) for t, cut in cuts.items()}

    cuts = {t: t for t in TENTHS}
    expected = at(logits, cuts)
    truth = np.array(small.masks) > 0
    slips = [
        (
            "all nine are the score at .5: pass the threshold on, as third argument.",
            lambda: dict.fromkeys(TENTHS, expected[0.5]),
        ),
        (
            "the threshold was put on logits, where .5 means p > .62; score_images wants it for probabilities.",
            lambda: at(logits, {t: float(sigmoid(np.array(t, np.float32))) for t in TENTHS}),
        ),
        (
            "these went through a sigmoid twice, so every pixel is above .5: pass logits, score_images does the rest.",
            lambda: at(sigmoid(logits), cuts),
        ),
        (
            "scored at the network's size; a photo counts at its own. score_images enlarges before it cuts.",
            lambda: {t: reduce(confusion(sigmoid(logits) > t, truth), "jaccard") for t in TENTHS},
        ),
        (
            "these are test photos. Whoever picks a threshold there reports the luck of the pick as well.",
            lambda: at(network.logits(lesson.decoded.test.images), {0.5: 0.5}, lesson.splits.test),
        ),
    ]
    agree(found, expected, slips, hint="Was it this network, on the validation photos?")


def beat_nothing(found: Any, lesson: Lesson) -> None:
    """these three are what a score must beat before it says anything about a network.

    ``found``: mean J on validation of "all skin", "all lesion" and "mean mask".
    """
    found = scores(found, ["all skin", "all lesion", "mean mask"], "mean J")
    photos, size = lesson.splits.validation, lesson.decoded.validation.size
    share = np.array(lesson.decoded.train.masks).mean(axis=0)

    def score(guess: Any, data: Any = photos) -> float:
        repeated = np.repeat(np.asarray(guess, np.float32)[None], len(data), axis=0)
        return float(score_images(sigmoid(repeated), data)["jaccard"].mean())

    skin, lesion = score(-np.ones(size)), score(np.ones(size))
    expected = {"all skin": skin, "all lesion": lesion, "mean mask": score(share - 0.5)}
    slips = [
        (
            "skin and lesion are exchanged: positive logits mean lesion.",
            lambda: {"all skin": lesion, "all lesion": skin},
        ),
        (
            "the mean mask holds shares from 0 to 1, and as logits all of them count as lesion. Subtract one half.",
            lambda: {"mean mask": score(share)},
        ),
        (
            "a logit of 0 is p = .5, and that is not above .5: take a positive number for lesion.",
            lambda: {"all lesion": skin},
        ),
        (
            "this mean mask knows the validation masks. A guess may only know what training showed.",
            lambda: {"mean mask": score(np.array(lesson.decoded.validation.masks).mean(axis=0) - 0.5)},
        ),
        (
            "these are test photos; guesses are tried on validation.",
            lambda: {"all lesion": score(np.ones(size), lesson.splits.test)},
        ),
    ]
    agree(found, expected, slips)


def your_own_photo(mask: Any, photo: Any, network: Segmenter, size: tuple[int, int]) -> None:
    """whatever it shows, the network has outlined it.

    ``mask``: bool (H, W), what the network calls lesion in ``photo``, uint8 RGB (H, W, 3), read at ``size``.
    """
    photo, mask = np.asarray(photo), np.asarray(mask)
    demand(
        photo.dtype == np.uint8 and photo.ndim == 3 and photo.shape[2] == 3,
        f"the photo is {photo.dtype} {photo.shape}; it should be bytes, height x width x 3, as read_image gives it.",
    )
    demand(
        mask.dtype == np.bool_,
        f"the mask is {mask.dtype}, not bool: a mask says yes or no. Cut the probabilities at .5.",
    )
    demand(
        mask.shape == photo.shape[:2],
        f"the mask has the size {mask.shape}, the photo {photo.shape[:2]}. `probabilities` enlarges for you.",
    )
    p = network.probabilities(photo, size)

    def same(other: Any) -> bool:
        return float((mask == other).mean()) > 0.999

    if same(p > 0.5):
        return
    demand(not same(p <= 0.5), "skin and lesion are exchanged: lesion is what lies above .5.")
    demand(not same(p > 0), "every probability is above 0. You cut them as if they were logits; cut at .5.")
    demand(
        not same(network.probabilities(np.ascontiguousarray(photo[..., ::-1]), size) > 0.5),
        "the network saw this photo with red and blue exchanged. OpenCV reads blue first; read_image does not.",
    )
    demand(False, "this is not what this network says of this photo above .5.")
