"""Exercises of lesson 06: forgotten normalisation, and what a grid could carry."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import torch

from lesionseg_lib.evaluation.metrics import confusion, reduce
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.preprocessing import Preprocessing, default_preprocessing, normalise
from lesionseg_lib.teaching.diagnosis.causes import cause
from lesionseg_lib.teaching.diagnosis.engine import Finding, explain
from lesionseg_lib.teaching.diagnosis.reading import demand, numbers, refuse, rows
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone
from lesionseg_lib.teaching.diagnosis.tables import Base, Costly, judge, spanned
from lesionseg_lib.teaching.exercises.registry import exercise
from lesionseg_lib.teaching.exercises.scored import misreadings
from lesionseg_lib.teaching.exercises.shared_encoders import probabilities_of
from lesionseg_lib.teaching.lessons import Fit, Lesson
from lesionseg_lib.training.probing import best_cover, cover

DIVIDED, BYTES = "only / 255", "bytes"
_NORMAL, _GRID = "06: The scores, and what was claimed", "06: What does a stride cost?"

MEAN_KEPT = cause("mean-still-subtracted")
STD_KEPT = cause("std-still-divided")
AS_TRAINED = cause("preprocessing-unchanged")
UPSIDE_DOWN = cause("std-upside-down")
IN_BYTES = cause("units-of-bytes")
SLIPS_EXCHANGED = cause("slips-exchanged")
ROLES_OF_TWO = cause("mean-std-exchanged")
ONE_255 = cause("constant-255")
SCORE_AS_TRAINED = cause("slip-not-applied")
OTHER_SLIP = cause("other-slip")
OTHER_FAMILY = cause("other-family")
MANY = 150
"""Photos: with a real network more would take the check beyond a few seconds."""
OF_TRAINING = cause("training-photos")
LEFT_OVER = cause("share-of-as-trained")
COST = cause("loss-of-score")
OF_TEST = cause("slip-on-test")
SMALL = cause("slip-at-network-size")


@exercise(
    "06.1",
    _NORMAL,
    "The network computes (bytes / 255 - mean) / std. For which mean does the subtraction do nothing, for which std "
    "the division?",
    "Print the smallest and largest value of `normalise(photo, your_slip)`: 0 to 1 for the one, 0 to 255 for the "
    "other. And give every family a copy of its own.",
)
def the_other_half(slipped: Any, slips: Mapping[str, Preprocessing], fits: Mapping[str, Fit], lesson: Lesson) -> None:
    """both slips are what they claim to be, and cost what you say. The models are as they were.

    ``slipped``: slip -> family -> mean J on validation. ``slips``: the preprocessing of each slip.
    """
    photos = torch.tensor(np.array(lesson.decoded.validation.images[:2]))
    for name in (DIVIDED, BYTES):
        demand(name in slips, f"there is no slip called {name!r}; found {', '.join(map(str, slips))}.")
        demand(isinstance(slips[name], Preprocessing), f"{name}: expected a Preprocessing; found {slips[name]!r:.60}.")
        _check_slip(name, slips[name], photos)
    for family, fit in fits.items():
        demand(
            fit.model.preprocessing == default_preprocessing(),
            f"{family} still forgets to normalise. Change a copy (copy.deepcopy), or put it back.",
        )
    slipped = rows(slipped, [DIVIDED, BYTES], "{slip: {family: mean J}}")
    if not {DIVIDED, BYTES} & set(slipped) and set(fits) <= set(slipped):
        families = {family: dict(slipped[family]) for family in fits}
        slipped = {slip: {family: row.get(slip) for family, row in families.items()} for slip in (DIVIDED, BYTES)}

    @cache
    def drawn(slip: str) -> dict[str, Any]:
        preprocessing = slips[slip] if slip else default_preprocessing()
        return probabilities_of({f: fit.model for f, fit in fits.items()}, preprocessing, lesson.decoded.validation)

    @cache
    def table(family: str, slip: str) -> pd.DataFrame:
        return score_images(drawn(slip)[family], lesson.splits.validation)

    def mean(family: str, slip: str) -> float:
        return float(table(family, slip)["jaccard"].mean())

    for slip, other in ((DIVIDED, BYTES), (BYTES, DIVIDED)):
        demand(slip in slipped, f"{slip}: there is no score yet.")
        found = numbers(slipped[slip], list(fits), f"{slip}, mean J")
        expected = {family: mean(family, slip) for family in fits}

        def on_part(family: str, part: str, slip: str = slip) -> float:
            decoded, data = getattr(lesson.decoded, part), getattr(lesson.splits, part)
            p = probabilities_of({family: fits[family].model}, slips[slip], decoded)[family]
            return float(score_images(p, data)["jaccard"].mean())

        def at_size(slip: str = slip) -> dict[Any, float]:
            truth = np.array(lesson.decoded.validation.masks) > 0
            return {f: reduce(confusion(p > 0.5, truth), "jaccard") for f, p in drawn(slip).items()}

        bases: list[Base] = [
            (SCORE_AS_TRAINED, Costly(lambda f: mean(f, ""))),
            (OTHER_SLIP, lambda other=other: {f: mean(f, other) for f in fits}),  # type: ignore[misc]
            *((OTHER_FAMILY, lambda o=o, e=expected: dict.fromkeys(fits, e[o])) for o in fits),
            *misreadings(lambda family, slip=slip: table(family, slip), list(fits)),  # type: ignore[misc]
            (COST, Costly(lambda f, e=expected: mean(f, "") - e[f])),  # type: ignore[misc]
            (COST, Costly(lambda f, e=expected: e[f] - mean(f, ""))),  # type: ignore[misc]
            (COST, Costly(lambda f, e=expected: 100 * (mean(f, "") - e[f]))),  # type: ignore[misc]
            (LEFT_OVER, Costly(lambda f, e=expected: e[f] / max(mean(f, ""), 1e-9))),  # type: ignore[misc]
            (LEFT_OVER, Costly(lambda f, e=expected: 1 - e[f] / max(mean(f, ""), 1e-9))),  # type: ignore[misc]
            (SMALL, at_size),
            *(
                (why, Costly(lambda f, part=part, on_part=on_part: on_part(f, part)))  # type: ignore[misc]
                for why, part in ((OF_TEST, "test"), (OF_TRAINING, "train"))
                if len(getattr(lesson.splits, part)) <= MANY
            ),
        ]
        judge(found, expected, bases, hint="(On the validation photos.)", of=slip)


def _check_slip(name: str, slip: Preprocessing, photos: Any) -> None:
    bytes_ = photos.float().permute(0, 3, 1, 2)
    wanted = {DIVIDED: bytes_ / 255, BYTES: bytes_}
    sent, expected = normalise(photos, slip), wanted[name]
    if torch.allclose(sent, expected, atol=1e-3, rtol=1e-4):
        return
    usual = default_preprocessing()
    tries: list[tuple[Any, Any, Any]] = [
        (AS_TRAINED, usual.mean, usual.std),
        (STD_KEPT, (0,) * 3, usual.std),
        (UPSIDE_DOWN, (0,) * 3, (255,) * 3),
        (MEAN_KEPT, usual.mean, (1,) * 3),
        (MEAN_KEPT, usual.mean, (1 / 255,) * 3),
        (ROLES_OF_TWO, (1,) * 3, (0,) * 3),
        (ROLES_OF_TWO, (1 / 255,) * 3, (0,) * 3),
        (ROLES_OF_TWO, (1,) * 3, (1e-9,) * 3),
        (ONE_255, (255,) * 3, (1,) * 3),
        (ONE_255, (255,) * 3, (255,) * 3),
        (IN_BYTES, tuple(255 * m for m in usual.mean), tuple(255 * s for s in usual.std)),
        (IN_BYTES, (127.5,) * 3, (127.5,) * 3),
        (MEAN_KEPT, (0.5,) * 3, (0.5,) * 3),
        (ROLES_OF_TWO, usual.std, usual.mean),
        (ONE_255, (1 / 255,) * 3, (1 / 255,) * 3),
        (ONE_255, (1 / 255,) * 3, (1,) * 3),
        (MEAN_KEPT, (0.5,) * 3, (1,) * 3),
        (MEAN_KEPT, (1,) * 3, (1,) * 3),
    ]

    def suspects() -> Iterator[Suspect]:
        other = BYTES if name == DIVIDED else DIVIDED
        if torch.allclose(sent, wanted[other], atol=1e-3, rtol=1e-4):
            yield alone(SLIPS_EXCHANGED, lambda _: sent.numpy())
        for why, mean, std in tries:
            yield alone(why, lambda _, m=mean, s=std: normalise(photos, Preprocessing(m, s)).numpy())  # type: ignore[misc]

    finding = explain({"": sent.numpy()}, {"": expected.numpy()}, suspects())
    refuse(
        f"{name}: the network gets {sent.min():.3g} to {sent.max():.3g} where the photos say {expected.min():.3g} to "
        f"{expected.max():.3g}.",
        finding,
        "It computes (bytes / 255 - mean) / std, so mean and std count from 0 to 1.",
    )


YARDSTICK = cause("yardstick-itself")
PROBABILITIES_AS_LOGITS = cause("probabilities-as-logits")
SAME_STRIDE = cause("stride-not-passed")
STRIDES_REVERSED = cause("strides-reversed")
STRIDES_SWAPPED = cause("strides-mixed")
FREE_SMALL = cause("cover-network-size")
TOO_GOOD = cause("more-than-a-grid")
NEAREST = cause("grid-as-squares")
PREDICTED = cause("falling-loss")
FINER = cause("one-stride-finer")
FEW_STEPS = cause("too-few-steps")


@exercise(
    "06.2",
    _GRID,
    "Start from the cell's average, and compare with the masks at full size after every step: what may still change?",
    "The library does it: `best_cover`. It returns probabilities; the lesson's `score` and its cell of the yardstick "
    "show what they must become first.",
)
def is_it_a_bound(free: Any, lesson: Lesson) -> None:
    """the yardstick is no bound: one number a cell, chosen freely, carries more than the average.

    ``free``: mean J on validation for strides 8, 16 and 32.
    """
    strides = [8, 16, 32]
    found = numbers(free, strides, "mean J")
    small, photos = lesson.decoded.validation, lesson.splits.validation
    masks = small.masks

    def scored(probabilities: Any) -> pd.DataFrame:
        return score_images(np.asarray(probabilities, np.float32), photos)

    def mean(probabilities: Any) -> float:
        return float(scored(probabilities)["jaccard"].mean())

    average = {s: mean(cover(masks, s)) for s in strides}

    @cache
    def best(stride: int) -> Any:
        return best_cover(masks, stride).numpy()

    @cache
    def table(stride: int) -> pd.DataFrame:
        return scored(best(stride))

    coarse = float(table(32)["jaccard"].mean())
    in_order = found[8] > found[16] > found[32]
    carries = found[32] > (average[32] + 2 * coarse) / 3 and found[32] < coarse + 0.03 and max(found.values()) <= 1
    above = all(found[s] > average[s] - 0.005 for s in strides)
    plain = any(abs(found[s] - average[s]) > 1e-3 for s in strides)
    if in_order and carries and above and plain and not _dice_for_j(found, table, coarse):
        return
    truth = np.array(masks) > 0
    if max(found.values()) - min(found.values()) < 1e-6:
        values = {s: float(table(s)["jaccard"].mean()) for s in strides}
        if any(abs(found[8] - value) < 5e-3 for value in values.values()):
            refuse(f"all three are {found[8]:.3f}.", SAME_STRIDE)

    def own(why: Any, values: Callable[[], Mapping[Any, float]]) -> Base:
        return why, values

    expected = {s: float(table(s)["jaccard"].mean()) for s in strides}
    bases = [
        own(YARDSTICK, lambda: average),
        own(PROBABILITIES_AS_LOGITS, lambda: {s: mean(sigmoid(best(s))) for s in strides}),
        own(
            STRIDES_REVERSED,
            lambda: {s: float(table(t)["jaccard"].mean()) for s, t in zip(strides, strides[::-1], strict=True)},
        ),
        own(FINER, lambda: {s: expected[s // 2] for s in strides[1:]}),
        own(FREE_SMALL, lambda: {s: reduce(confusion(best(s) > 0.5, truth), "jaccard") for s in strides}),
        *misreadings(table, strides),
        own(
            YARDSTICK,
            lambda: {s: reduce(confusion(_blocks(cover(masks, s), s) > 0.5, truth), "jaccard") for s in strides},
        ),
    ]
    finding = explain(found, expected, spanned(expected, bases), lambda a, b: abs(a - b) <= 3e-3, partial=False)
    first = next((s for s in strides if abs(found[s] - expected[s]) > 5e-3), 32)
    observed = f"stride {first}: {found[first]:.3f}."
    if finding is None:
        low = [s for s in strides if found[s] <= average[s] - 0.005]
        if found[8] < found[16] < found[32]:
            finding = _of(STRIDES_REVERSED)
        elif low:
            first = low[0]
            observed, finding = (
                f"stride {first}: {found[first]:.3f} lies below the average it began with.",
                _of(PREDICTED),
            )
        elif not in_order:
            finding = _of(STRIDES_SWAPPED)
        elif all(abs(found[s] - expected[s // 2]) < 5e-3 for s in strides[1:]):
            finding = _of(FINER)
        elif found[32] >= coarse + 0.03:
            observed, finding = f"stride 32: {found[32]:.3f} is very high.", _of(TOO_GOOD)
        else:
            observed, finding = f"stride 32: {found[32]:.3f}.", _of(FEW_STEPS)
    refuse(observed, finding)


def _of(why: Any) -> Any:
    return Finding(((why,),))


def _dice_for_j(found: Mapping[Any, float], table: Any, coarse: float) -> bool:
    dice = float(table(32)["dice"].mean())
    return abs(found[32] - dice) < 2e-3 and abs(coarse - dice) > 4e-3


def _blocks(cells: Any, stride: int) -> Any:
    return np.asarray(cells).repeat(stride, axis=1).repeat(stride, axis=2)
