"""Exercises of lesson 03: the scoring code of a student, and a claim that arithmetic can judge."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np

from lesionseg_lib.results.claims import highest_dice
from lesionseg_lib.teaching.clinic.cases import (
    BOTH,
    DRAWN,
    FOUR,
    FOUR_DRAWN,
    FOUR_TRUTHS,
    TRUTH,
    WIDE,
    WIDE_TRUTH,
)
from lesionseg_lib.teaching.clinic.cures import iou
from lesionseg_lib.teaching.clinic.score_suspects import of_masks
from lesionseg_lib.teaching.diagnosis import score_causes as scoring
from lesionseg_lib.teaching.diagnosis.causes import cause
from lesionseg_lib.teaching.diagnosis.engine import Finding, close, explain
from lesionseg_lib.teaching.diagnosis.guard import called
from lesionseg_lib.teaching.diagnosis.observing import constant, dependence, narrowed
from lesionseg_lib.teaching.diagnosis.reading import Wrong, ask, demand, number, opened, refuse, several, yes_or_no
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, slot, span
from lesionseg_lib.teaching.exercises.registry import exercise

FEW = 45  # photos of the claim's own test set
_SURE, _RULE = "03: How sure is a mean?", "03: The organisers' rule"
KEEPS = cause("keeps-state")
RANDOM = cause("random-score")
SPOILS = cause("changes-arguments")


def _photos() -> dict[str, tuple[Any, Any]]:
    nothing, one = np.zeros_like(TRUTH), np.ones((1, 1, 1), bool)
    return {
        "perfect masks": (TRUTH, TRUTH),
        "nothing drawn": (nothing, TRUTH),
        BOTH: (DRAWN, TRUTH),
        "everything drawn": (~nothing, TRUTH),
        "no lesion, nothing drawn": (nothing, nothing),
        FOUR: (FOUR_DRAWN, FOUR_TRUTHS),
        "three photos, the smallest lesion last": (FOUR_DRAWN[[1, 0, 2]], FOUR_TRUTHS[[1, 0, 2]]),
        "no lesion, something drawn": (DRAWN, nothing),
        "a single pixel": (one, one),
        "three photos, one without lesion and without a mask": (
            np.concatenate([DRAWN, nothing[:1]]),
            np.concatenate([TRUTH, nothing[:1]]),
        ),
        "one photo": (DRAWN[:1], TRUTH[:1]),
        "another single photo": (FOUR_DRAWN[1:2], FOUR_TRUTHS[1:2]),
        WIDE: (np.ones((1, 300, 400), bool), WIDE_TRUTH[None]),
    }


@exercise(
    "03.1",
    _RULE,
    "Give it two photos whose single scores you know. Is the answer their mean?",
    "Five suspects: the type of the mask just before it is counted, the axes of each sum, what is averaged last, 0 / "
    "0, and whether the answer depends on the photos before.",
)
def your_own(score: Any) -> None:
    """these small questions find nothing. What is left: files, sizes, thresholds, and who chose the epoch.

    ``score``: mask and truth, bool (N, H, W) -> mean Jaccard index.
    """
    questions = _photos()
    expected = {label: float(iou(*pair).mean()) for label, pair in questions.items()}
    found: dict[str, Any] = {}
    spoiled = False
    for label, pair in questions.items():
        given = deepcopy(pair)
        found[label] = _scored(ask(score, *given), label)
        spoiled = spoiled or any((a != b).any() for a, b in zip(given, pair, strict=True))
    off = [label for label in found if not close(found[label], expected[label], 1e-4)]
    again = [_scored(ask(score, *deepcopy(questions[label])), label) for label in (BOTH, "one photo")]
    first = [found[BOTH], found["one photo"]]
    if not all(close(a, b, 1e-4) for a, b in zip(first, again, strict=True)):
        fresh = all(close(a, expected[label], 1e-4) for a, label in zip(again, (BOTH, "one photo"), strict=True))
        refuse(
            f"{BOTH}: asked twice, it says {first[0]:.4g}, then {again[0]:.4g}.",
            RANDOM if "random" in called(score) and not fresh else KEEPS,
        )
    if not off:
        return
    label = off[0]
    side = "high" if np.ndim(found[label]) == 0 and found[label] > expected[label] else "low"
    shown = f"{found[label]:.3g} is too {side}" if np.ndim(found[label]) == 0 else f"{np.size(found[label])} numbers"
    observed = f"{label}: {shown}."
    always = constant(found, expected)

    def same(a: Any, b: Any) -> bool:
        return close(a, b, 1e-6 if _exact(a) else 1e-4)

    finding = (
        Finding(((always,),)) if always else explain(found, expected, of_masks(questions), same, names=called(score))
    )
    if finding is None and spoiled:
        finding = Finding(((SPOILS,),))
    unused = "" if finding else dependence(score, list(questions.values()), ("mask", "truth"))
    if unused:
        raise Wrong(f"{observed} {unused}", ("unused-argument",), _RULE)
    refuse(observed, finding, narrowed(off, [k for k in found if k not in off]))


def _exact(value: Any) -> bool:
    return bool(np.ndim(value) == 0 and np.isfinite(value))


def _scored(answer: Any, label: str) -> Any:
    """The score as a number; as an array where there are several; nan is an answer, too."""
    value = opened(answer)
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if isinstance(value, np.ndarray | list | tuple):
        array = np.asarray(value)
        demand(array.dtype.kind in "fiub", f"{label}: expected one number; found {type(answer).__name__}.")
        return float(array.reshape(-1)[0]) if array.size == 1 else array.astype(float)
    if isinstance(value, float | np.floating) and np.isnan(value):
        return float("nan")
    return number(value, label)


TWO_MEANS = cause("width-of-two-means")
OTHER_WAY = cause("dice-iou-direction")
OLD_DECODER = cause("old-decoder")
OF_THE_DICE = cause("from-the-claimed-dice")
BRACKET = cause("bracket-missing")
ROUNDING_TAKEN = cause("rounding-in-the-bound")
BOUND_IN_PERCENT = cause("bound-in-percent")
CLAIM_REPEATED = cause("claim-repeated")
NO_TWO = cause("bound-without-two")
OTHER_FORMULA = cause("bound-other-formula")
J_REPEATED = cause("iou-repeated")
SE = cause("standard-error")
NINETY = cause("factor-of-90")
NINETY_NINE = cause("factor-of-99")
OTHER_FACTOR = cause("other-factor")
WHOLE = cause("whole-width")
QUARTER = cause("half-of-half")
NO_ROOT = cause("n-without-root")
NO_DIVISION = cause("spread-of-photos")
ALL_PHOTOS = cause("all-photos")
VARIANCE = cause("variance")
IN_SHARES = cause("not-in-points")
TEN_TIMES = cause("points-times-hundred")
BINOMIAL = cause("binomial-interval")
RANGE = cause("range-of-scores")


@exercise(
    "03.2",
    _SURE,
    "For the first: which Dice has a photo whose IoU is .86, and can a mean of many photos be higher? For the "
    "second: what may .86 and .93 have been before they were rounded?",
    "For the third: the standard deviation of `test`, over the root of 45, times the factor of a 95 % interval, in "
    "points.",
)
def a_claim_on_the_desk(answer: Any, test_scores: Any) -> None:
    """three lines of arithmetic, and nobody has rerun anything.

    ``answer``: the highest mean Dice that an IoU of .86 allows, whether rounding can save a Dice of .93, and half the
    width of an interval of 45 photos in points, from the scores of one network, (N,).
    """
    highest, rounded, half = several(answer, ["highest", "rounded", "half"])
    bound = number(highest, "the highest Dice")
    expected = highest_dice(0.86)
    if abs(bound - expected) > 1e-3:
        digits = 5e-4 if abs(bound - round(bound, 3)) < 1e-9 or abs(bound - round(bound, 1)) < 1e-9 else 1e-5
        finding = explain({"": bound}, {"": expected}, _bounds(), lambda a, b: close(a, b, digits))
        side = "high" if bound > expected else "low"
        refuse(f"highest: {bound:.3g} is too {side}.", finding, "Which Dice belongs to a Jaccard index J?")
    said = yes_or_no(rounded, "rounded")
    saved = highest_dice(0.8649) >= 0.925  # the largest that is written as .86, the smallest that is written as .93
    demand(said == saved, "rounded: what may .86 have been before it was rounded, and what .93? Try the kindest pair.")
    scores = np.asarray(opened(test_scores), float).reshape(-1)
    found = number(half, "half the width")
    truly = 196 * float(scores.std()) / FEW**0.5
    if abs(found / truly - 1) < 0.06:  # 2 for 1.96, Student's t, N - 1, a bootstrap
        return
    finding = explain({"": found}, {"": truly}, _widths(scores, 1), lambda a, b: bool(b) and abs(a / b - 1) < 0.02)
    finding = finding or explain(
        {"": found}, {"": truly}, _widths(scores, 2), lambda a, b: bool(b) and abs(a / b - 1) < 2e-3
    )
    refuse(
        f"half: {found:.3g} points is not what {FEW} of these scores allow.",
        finding,
        "Is the standard deviation that of all of `test`, over the root of 45, times 1.96, in points?",
    )


def _bounds() -> Iterator[Suspect]:
    start = slot(
        0.86,
        (0.84, OLD_DECODER),
        (0.93, OF_THE_DICE),
        (0.8649, ROUNDING_TAKEN),
        (0.865, ROUNDING_TAKEN),
        (0.855, ROUNDING_TAKEN),
    )
    formula = slot(
        highest_dice,
        (lambda j: j / (2 - j), OTHER_WAY),
        (lambda j: 2 * j / 1 + j, BRACKET),
        (lambda j: 2 * j - 1 + j, BRACKET),
        (lambda j: 2 * j / (1 - j), OTHER_FORMULA),
        (lambda j: 2 * j / (2 - j), NO_TWO),
        (lambda j: j / (1 + j), NO_TWO),
        (lambda j: 4 * j / (1 + j), NO_TWO),
        (lambda j: 2 * j, OTHER_FORMULA),
        (lambda j: (1 + j) / 2, OTHER_FORMULA),
        (lambda j: j**0.5, OTHER_FORMULA),
        (lambda j: 2 * j - j**2, OTHER_FORMULA),
        (lambda j: j * (1 + j) / 2, OTHER_FORMULA),
        (lambda j: (1 + j) / (2 * j), OTHER_FORMULA),
        (lambda j: j, J_REPEATED),
        (lambda j: 0.93, CLAIM_REPEATED),
        (lambda j: 1.0, OTHER_FORMULA),
    )
    scale = slot(
        lambda x: x,
        (lambda x: 100 * x, BOUND_IN_PERCENT),
        (lambda x: 1 - x, scoring.COMPLEMENT),
        (lambda x: round(x, 1), scoring.ROUNDED),
        (lambda x: round(x, 2), scoring.ROUNDED),
    )
    yield from span(
        lambda _, start, formula, scale: scale(formula(start)), {"start": start, "formula": formula, "scale": scale}
    )


def _widths(scores: Any, most: int) -> Iterator[Suspect]:
    n, mean = len(scores), float(scores.mean())
    spread = slot(
        float(scores.std()),
        (float(scores.var()), VARIANCE),
        (float(np.sqrt(mean * (1 - mean))), BINOMIAL),
        (float(np.sqrt(0.86 * 0.14)), BINOMIAL),
        (float(scores.max() - scores.min()), RANGE),
        (float(np.subtract(*np.quantile(scores, [0.975, 0.025]))) / 3.92, RANGE),
        (float(np.subtract(*np.quantile(scores, [0.75, 0.25]))), RANGE),
        (float(np.sqrt(scores.std())), VARIANCE),
    )
    factor = slot(
        1.96,
        (1.0, SE),
        (1.645, NINETY),
        (2.576, NINETY_NINE),
        (3.92, WHOLE),
        (0.98, QUARTER),
        (1.96 * 2**0.5, TWO_MEANS),
        (1.28, OTHER_FACTOR),
        (3.0, OTHER_FACTOR),
    )
    over = slot(FEW**0.5, (float(FEW), NO_ROOT), (1.0, NO_DIVISION), (n**0.5, ALL_PHOTOS), (float(n), ALL_PHOTOS))
    scale = slot(100.0, (1.0, IN_SHARES), (10_000.0, TEN_TIMES))
    yield from span(
        lambda _, spread, factor, over, scale: scale * factor * spread / over,
        {"spread": spread, "factor": factor, "over": over, "scale": scale},
        most,
    )
