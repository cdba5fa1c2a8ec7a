"""Exercises of lesson 03: the scoring code of a student, and a claim that arithmetic can judge."""

from typing import Any

import numpy as np

from lesionseg_lib.evaluation.metrics import confusion, dice
from lesionseg_lib.results.claims import highest_dice
from lesionseg_lib.teaching.clinic import patients
from lesionseg_lib.teaching.clinic.cases import BOTH, DRAWN, TRUTH
from lesionseg_lib.teaching.clinic.cures import iou
from lesionseg_lib.teaching.exercises.answers import Slip, agree, ask, demand, number

FEW = 45  # photos of the claim's own test set


def your_own(score: Any) -> None:
    """these small questions find nothing. What is left: files, sizes, thresholds, and who chose the epoch.

    ``score``: mask and truth, bool (N, H, W) -> mean Jaccard index.
    """
    nothing = np.zeros_like(TRUTH)
    questions = {
        "perfect masks": (TRUTH, TRUTH, 1.0, "a perfect mask must score 1"),
        "nothing drawn": (nothing, TRUTH, 0.0, "where a lesion is missed altogether the score is 0"),
        BOTH: (DRAWN, TRUTH, float(iou(DRAWN, TRUTH).mean()), "this is no mean over photos of overlap by union"),
        "everything drawn": (~nothing, TRUTH, float(TRUTH.mean()), "a mask that calls all lesion scores its share"),
        "no lesion, nothing drawn": (nothing, nothing, 1.0, "two empty masks agree: the organisers give 1"),
    }
    for name, (mask, truth, expected, why) in questions.items():
        said = number(ask(score, mask.copy(), truth.copy()), name)
        agree({name: said}, {name: expected}, [_suspect(name, s, mask, truth) for s in SUSPECTS], 1e-4, f"{why}.")
    again = number(ask(score, DRAWN[:1], TRUTH[:1]), "one photo")
    demand(
        abs(again - iou(DRAWN[:1], TRUTH[:1])[0]) < 1e-4,
        "asked about one photo after others, it answers differently: does it keep counts from the call before?",
    )


SUSPECTS: dict[str, Any] = {
    "pooled": patients.pooled,
    "background": patients.background,
    "agreement": patients.agreement,
    "nothing": patients.nothing,
    "mean Dice": lambda mask, truth: dice(confusion(mask, truth)).mean(),
}


def _suspect(question: str, suspect: str, mask: Any, truth: Any) -> Slip:
    who = suspect if suspect == "mean Dice" else f"`{suspect}` of the clinic"

    def said() -> dict[str, float]:
        with np.errstate(all="ignore"):
            return {question: float(SUSPECTS[suspect](mask, truth))}

    return f"{question}: it says what {who} says.", said


def a_claim_on_the_desk(answer: Any, test_scores: Any) -> None:
    """three lines of arithmetic, and nobody has rerun anything.

    ``answer``: the highest mean Dice that an IoU of .86 allows, whether rounding can save a Dice of .93, and half the
    width of an interval of 45 photos in points, from the scores of one network, (N,).
    """
    demand(isinstance(answer, list | tuple) and len(answer) == 3, "expected three: highest, rounded, half.")
    highest, rounded, half = answer
    bound = number(highest, "the highest Dice")
    demand(bound <= 1, "a Dice runs from 0 to 1, not in percent.")
    slips = [
        ("this is the IoU that a Dice of .86 has: the other direction.", lambda: {"highest": 0.86 / (2 - 0.86)}),
        (
            "this is the bound of .84. The Dice was claimed for the new decoder.",
            lambda: {"highest": highest_dice(0.84)},
        ),
    ]
    agree({"highest": bound}, {"highest": highest_dice(0.86)}, slips, 1e-3, "The bound is 2 J / (1 + J).")
    demand(rounded in (True, False), "say True or False: can rounding save the pair?")
    saved = highest_dice(0.8649) >= 0.925  # the largest that is written as .86, the smallest that is written as .93
    demand(bool(rounded) == saved, "what may .86 have been before it was rounded, and what .93? Try the kindest pair.")
    spread = 196 * float(np.std(test_scores))
    expected, found = spread / FEW**0.5, number(half, "half the width")
    demand(found > 0.05, "half a width in points, please; one point is .01.")
    demand(
        abs(found / (2 * expected) - 1) > 0.2 or found < 1.5 * expected,
        "that is the whole width; an interval reaches half of it to each side.",
    )
    demand(
        abs(found / (spread / len(test_scores) ** 0.5) - 1) > 0.2 or len(test_scores) < 2 * FEW,
        f"that is the half-width of all {len(test_scores)} photos. They have {FEW}.",
    )
    # Five students found five widths in the lesson: 45 scores say how they scatter only roughly.
    demand(0.55 * expected < found < 1.5 * expected, f"{found:.1f} points is not what {FEW} of these scores allow.")
