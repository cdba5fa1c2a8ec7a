"""Exercises of lesson 01: thresholds, guesses that never look, a photo without a lesion."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import cv2
import numpy as np
import pandas as pd

from lesionseg_lib.evaluation.metrics import confusion, dice, jaccard, reduce
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.teaching.diagnosis import score_causes as scoring
from lesionseg_lib.teaching.diagnosis.causes import Cause, cause
from lesionseg_lib.teaching.diagnosis.engine import explain
from lesionseg_lib.teaching.diagnosis.reading import demand, numbers, refuse
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone
from lesionseg_lib.teaching.diagnosis.tables import Base, judge
from lesionseg_lib.teaching.exercises.registry import exercise
from lesionseg_lib.teaching.exercises.scored import misreadings
from lesionseg_lib.teaching.lessons import Lesson

TENTHS = [round(0.1 * n, 1) for n in range(1, 10)]
_HONEST, _MISTAKE = "01: How good is it, honestly?", "01: Would you notice a mistake?"

ALL_AT_HALF = cause("threshold-not-passed")
ON_LOGITS = cause("threshold-on-logits")
TWICE = cause("sigmoid-twice")
SMALL = cause("network-size")
OF_TEST = cause("test-photos")
STAIRS = cause("hard-masks-enlarged")
INVERTED = cause("prediction-inverted")
STRANGERS = cause("other-order")
OTHER_SCALE = cause("thresholds-times-ten")


@exercise(
    "01.1",
    _HONEST,
    "Nine calls that differ in one argument alone. Which one, and in which unit does it count?",
    "Score one threshold by hand first: .5 must give the lesson's own validation score. Then put the call into a loop.",
)
def move_the_threshold(means: Any, network: Segmenter, lesson: Lesson) -> None:
    """nine masks of every validation photo, each enlarged, cut and scored; test stayed out of it.

    ``means``: mean J on validation for each threshold from .1 to .9.
    """
    found = numbers(means, TENTHS, "mean J")
    photos, small = lesson.splits.validation, lesson.decoded.validation
    logits = network.logits(small.images)
    p = sigmoid(logits)
    truth = np.array(small.masks) > 0

    @cache
    def table(t: float) -> pd.DataFrame:
        return score_images(p, photos, t)

    def at(x: Any, cut: Callable[[float], float] = float, data: Any = photos) -> dict[float, float]:
        return {t: float(score_images(x, data, cut(t))["jaccard"].mean()) for t in TENTHS}

    def small_at(metric: str = "jaccard", how: str = "per_image") -> dict[float, float]:
        return {t: reduce(confusion(p > t, truth), metric, how) for t in TENTHS}

    expected = {t: float(table(t)["jaccard"].mean()) for t in TENTHS}
    bases: list[Base] = [
        (ALL_AT_HALF, lambda: dict.fromkeys(TENTHS, expected[0.5])),
        (SMALL, small_at),
        (OF_TEST, lambda: at(sigmoid(network.logits(lesson.decoded.test.images)), data=lesson.splits.test)),
        *misreadings(table, TENTHS),
        (ON_LOGITS, lambda: at(p, lambda t: float(sigmoid(np.array(t, np.float32))))),
        (TWICE, lambda: at(sigmoid(p))),
        (INVERTED, lambda: at(1 - p)),
        (
            STAIRS,
            lambda: {t: float(score_images((p > t).astype(np.float32), photos)["jaccard"].mean()) for t in TENTHS},
        ),
        (STRANGERS, lambda: at(p[::-1])),
        (STRANGERS, lambda: at(np.roll(p, 1, axis=0))),
        (OTHER_SCALE, lambda: at(p, lambda t: t / 10)),
        (OTHER_SCALE, lambda: at(p, lambda t: 10 * t)),
        (OTHER_SCALE, lambda: at(p, lambda t: 100 * t)),
    ]
    judge(found, expected, bases, hint="Was it this network, on the validation photos?")


KNOWS_VALIDATION = cause("guess-knows-validation")
SHARES = cause("shares-as-logits")
ZERO_LOGIT = cause("zero-is-half")
GUESSES_EXCHANGED = cause("guesses-exchanged")
MEAN_INVERTED = cause("mean-mask-inverted")
ONE_MASK = cause("one-mask")
ANYWHERE = cause("any-mask")
AREA_SHARE = cause("share-of-lesion")
FEW = (2, 3, 5, 10, 100)


@exercise(
    "01.2",
    _HONEST,
    "`score_images` wants one map for each photo. What does a guess look like that gives all photos the same map?",
    'A positive logit is lesion, a negative one skin. So which array says "lesion everywhere", and how does a share of '
    "training masks become positive exactly where it is above one half?",
)
def beat_nothing(found: Any, lesson: Lesson) -> None:
    """these three are what a score must beat before it says anything about a network.

    ``found``: mean J on validation of "all skin", "all lesion" and "mean mask".
    """
    keys = ["all skin", "all lesion", "mean mask"]
    found = numbers(found, keys, "mean J")
    photos, small = lesson.splits.validation, lesson.decoded.validation
    size, masks = small.size, np.array(lesson.decoded.train.masks)
    share = masks.mean(axis=0)

    @cache
    def scored(what: str, test: bool = False) -> pd.DataFrame:
        data = lesson.splits.test if test else photos
        repeated = np.repeat(np.asarray(maps[what], np.float32)[None], len(data), axis=0)
        return score_images(sigmoid(repeated), data)

    own = np.array(small.masks).mean(axis=0)
    maps: dict[str, Any] = {
        "all skin": -np.ones(size),
        "all lesion": np.ones(size),
        "mean mask": share - 0.5,
        "shares": share,
        "own": own - 0.5,
        "inverse": 0.5 - share,
        "first": masks[0] - 0.5,
        "last": masks[-1] - 0.5,
        "any": share - 1e-6,
        "all": share - (1 - 1e-6),
    }
    for count in FEW:
        maps[f"first {count}"] = masks[:count].mean(axis=0) - 0.5
    for limit in (0.3, 0.4, 0.6, 0.7):
        maps[f"at {limit}"] = share - limit

    def mean(what: str, test: bool = False) -> float:
        return float(scored(what, test)["jaccard"].mean())

    expected = {key: mean(key) for key in keys}
    skin, lesion = expected["all skin"], expected["all lesion"]
    truth = np.array(small.masks) > 0

    def at_network_size(function: Any = jaccard) -> dict[Any, float]:
        guesses = {key: np.broadcast_to(np.asarray(maps[key]) > 0, truth.shape) for key in keys}
        return {key: float(function(confusion(np.ascontiguousarray(g), truth)).mean()) for key, g in guesses.items()}

    bases: list[Base] = [
        (GUESSES_EXCHANGED, lambda: {"all skin": lesion, "all lesion": skin}),
        (GUESSES_EXCHANGED, lambda: {"all skin": lesion, "all lesion": skin, "mean mask": mean("inverse")}),
        (SHARES, lambda: {"mean mask": mean("shares")}),
        (ZERO_LOGIT, lambda: {"all lesion": skin}),
        (MEAN_INVERTED, lambda: {"mean mask": mean("inverse")}),
        (KNOWS_VALIDATION, lambda: {"mean mask": mean("own")}),
        *misreadings(scored, keys),
        (SMALL, at_network_size),
        (SMALL, lambda: at_network_size(dice)),
        (ONE_MASK, lambda: {"mean mask": mean("first")}),
        (ONE_MASK, lambda: {"mean mask": mean("last")}),
        *((ONE_MASK, lambda n=n: {"mean mask": mean(f"first {n}")}) for n in FEW),
        (ANYWHERE, lambda: {"mean mask": mean("any")}),
        (ANYWHERE, lambda: {"mean mask": mean("all")}),
        *(
            (scoring.OTHER_CUT, lambda limit=limit: {"mean mask": mean(f"at {limit}")})
            for limit in (0.3, 0.4, 0.6, 0.7)
        ),
        (AREA_SHARE, lambda: {"mean mask": float(share.mean())}),
        (AREA_SHARE, lambda: {"mean mask": float((share > 0.5).mean())}),
        (OF_TEST, lambda: {key: mean(key, True) for key in keys}),
    ]
    judge(found, expected, bases, hint="(Each guess, repeated for every validation photo.)")


NOT_BOOL = "a mask says yes or no. Cut the probabilities at .5."
LOGITS_LIMIT = cause("zero-limit-on-p")
BLUE_FIRST = cause("blue-first")
OTHER_SIZE = cause("other-input-size")
ONLY_LARGEST = cause("largest-blob")
TURNED_MASK = cause("mask-turned")
DARK_IS_LESION = cause("photo-thresholded")


@exercise(
    "01.3",
    _MISTAKE,
    "`probabilities` gives numbers from 0 to 1, at the photo's size. Two things are left: a limit, and a type.",
    "Print dtype, shape, smallest and largest value of what you pass. A mask is bool, of the photo's height and width.",
)
def your_own_photo(mask: Any, photo: Any, network: Segmenter, size: tuple[int, int]) -> None:
    """whatever it shows, the network has outlined it.

    ``mask``: bool (H, W), what the network calls lesion in ``photo``, uint8 RGB (H, W, 3), read at ``size``.
    """
    photo, mask = np.asarray(photo), np.asarray(mask)
    demand(
        photo.dtype == np.uint8 and photo.ndim == 3 and photo.shape[2] == 3,
        f"the photo is {photo.dtype} {photo.shape}; it should be bytes, height x width x 3, as read_image gives it.",
    )
    if mask.ndim == 3 and 1 in (mask.shape[0], mask.shape[2]):
        mask = mask.reshape([side for side in mask.shape if side != 1] if mask.shape[0] == 1 else mask.shape[:2])
    demand(mask.dtype == np.bool_, f"the mask is {mask.dtype}, not bool: {_numbers_in(mask)}{NOT_BOOL}")
    demand(
        mask.shape == photo.shape[:2],
        f"the mask has the size {mask.shape}, the photo {photo.shape[:2]}. {_size_of(mask, photo, size)}"
        "`probabilities` enlarges for you.",
    )
    p = network.probabilities(photo, size)
    right = p > 0.5
    if _alike(mask, right):
        return
    finding = explain({"mask": mask}, {"mask": right}, _drawn(photo, network, size, p), _alike)
    differ, share = float((mask != right).mean()), float(mask.mean())
    refuse(
        f"this is not what this network says of this photo above .5: {differ:.1%} of the pixels differ, and "
        f"{share:.0%} are called lesion instead of {right.mean():.0%}.",
        finding,
        "Is it this photo, this network, and its probabilities enlarged before the cut?",
    )


def _numbers_in(mask: Any) -> str:
    if mask.dtype.kind == "f" and mask.size and mask.min() >= 0 and mask.max() <= 1 and len(np.unique(mask)) > 2:
        return "these are the probabilities; "
    if mask.dtype.kind == "f" and len(np.unique(mask)) > 2:
        return "these look like logits; "
    return "these are numbers; "


def _size_of(mask: Any, photo: Any, size: tuple[int, int]) -> str:
    if mask.shape == photo.shape[1::-1]:
        return "Height and width are exchanged. "
    return "That is the network's size. " if mask.shape == tuple(size) else ""


def _alike(a: Any, b: Any) -> bool:
    return a.shape == b.shape and float((a == b).mean()) > 0.999


def _drawn(photo: Any, network: Segmenter, size: tuple[int, int], p: Any) -> Iterator[Suspect]:
    def one(why: Cause, draw: Callable[[], Any]) -> Suspect:
        return alone(why, lambda _: draw())

    shape = p.shape[::-1]
    yield one(INVERTED, lambda: p <= 0.5)
    yield one(LOGITS_LIMIT, lambda: p > 0)
    yield one(scoring.ALL_LESION, lambda: np.ones(p.shape, bool))
    yield one(scoring.NO_LESION, lambda: np.zeros(p.shape, bool))
    for limit in (0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.45, 0.55, 0.6, 0.62, 0.65, 0.7, 0.75, 0.8, 0.9, 0.95):
        yield one(scoring.OTHER_CUT, lambda limit=limit: p > limit)  # type: ignore[misc]
    yield one(scoring.ADAPTIVE_CUT, lambda: p > p.mean())
    yield one(scoring.ADAPTIVE_CUT, lambda: p > np.median(p))
    yield one(scoring.SCALED, lambda: (p - p.min()) / max(p.max() - p.min(), 1e-9) > 0.5)
    for turn in (lambda a: a.T, np.rot90, lambda a: np.rot90(a, -1), lambda a: np.rot90(a, 2).T):
        yield one(TURNED_MASK, lambda turn=turn: turn(p > 0.5))  # type: ignore[misc]
    for turn in (lambda a: a[::-1], lambda a: a[:, ::-1], lambda a: a[::-1, ::-1]):
        yield one(TURNED_MASK, lambda turn=turn: turn(p > 0.5))  # type: ignore[misc]
        yield one(TURNED_MASK, lambda turn=turn: network.probabilities(np.ascontiguousarray(turn(photo)), size) > 0.5)  # type: ignore[misc]
    yield one(BLUE_FIRST, lambda: network.probabilities(np.ascontiguousarray(photo[..., ::-1]), size) > 0.5)
    small = cv2.resize(photo, tuple(size)[::-1], interpolation=cv2.INTER_AREA)
    at_size = network.probabilities(small, size)
    for flag in (cv2.INTER_NEAREST, cv2.INTER_LINEAR):
        enlarged = cv2.resize((at_size > 0.5).astype(np.float32), shape, interpolation=flag)
        yield one(STAIRS, lambda e=enlarged: e > 0.5)  # type: ignore[misc]
        yield one(STAIRS, lambda e=enlarged: e > 0)  # type: ignore[misc]
    grey = photo.mean(2)
    yield one(DARK_IS_LESION, lambda: grey < grey.mean())
    yield one(DARK_IS_LESION, lambda: grey < 128)
    yield one(DARK_IS_LESION, lambda: grey > 128)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((p > 0.5).astype(np.uint8))
    if count > 1:
        yield one(ONLY_LARGEST, lambda: labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))
    for factor in (0.5, 2.0):
        other = (int(size[0] * factor), int(size[1] * factor))
        yield one(OTHER_SIZE, lambda other=other: network.probabilities(photo, other) > 0.5)  # type: ignore[misc]
