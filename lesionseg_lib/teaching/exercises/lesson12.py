"""Exercises of lesson 12: judge a claim, plan a test set, design a control."""

from dataclasses import replace
from typing import Any

import numpy as np

from lesionseg_lib.results.ablations import Step, other_differences
from lesionseg_lib.results.claims import highest_dice, is_possible
from lesionseg_lib.results.comparison import Row
from lesionseg_lib.results.seeds import SeedSpread
from lesionseg_lib.teaching.diagnosis import table_causes as table
from lesionseg_lib.teaching.diagnosis.causes import cause
from lesionseg_lib.teaching.diagnosis.engine import close, explain
from lesionseg_lib.teaching.diagnosis.reading import Wrong, demand, number, refuse, several, yes_or_no
from lesionseg_lib.teaching.diagnosis.suspects import slot, span
from lesionseg_lib.teaching.diagnosis.tables import digits
from lesionseg_lib.teaching.exercises.registry import exercise
from lesionseg_lib.training.recipes import Claim, Recipe, get_recipe

_PAIRS, _CHANCES, _CHANGE = "12: Pairs that cannot be", "12: Two chances", "12: One change at a time"

EXCHANGED = cause("iou-dice-exchanged")
SHARE_OF_BOUND = cause("share-of-bound")
ONE_MINUS = cause("rest-of-the-way")
OURS = cause("ours-not-the-claims")
IN_PERCENT = cause("evenness-in-percent")
GAP_ALONE = cause("gap-alone")
RATIO = cause("iou-over-dice")
BOUND = cause("bound-itself")
FROM_BOUND = cause("from-the-bound")
UPSIDE = cause("evenness-upside-down")
TO_ONE = cause("way-to-one")
OTHER_BOUND = cause("other-bound")
SQUARE_ROOTED = cause("evenness-root")


@exercise(
    "12.1",
    _PAIRS,
    "Where does a mean Dice lie if all photos score alike, and where if half of them are perfect and half are lost?",
    "Two ends: IoU itself, and the highest Dice that it allows. How far along the way between them does the claimed "
    "Dice lie?",
)
def judge_a_claim(answer: Any, claim: Claim, ours: Row) -> None:
    """the claim is judged by itself, and beside our interval. Paired it could be only with its table of images.

    ``answer``: whether the pair is possible, its evenness, and whether its IoU lies inside the interval of ``ours``.
    """
    possible, evenness, inside = several(answer, ["possible", "evenness", "inside"])
    said, within = yes_or_no(possible, "possible"), yes_or_no(inside, "inside")
    bound = highest_dice(claim.iou)
    most = f"an IoU of {claim.iou:.3f} allows a Dice of {bound:.3f} at most"
    demand(said == is_possible(claim), f"possible: {most}; claimed is {claim.dice:.3f}.")
    demand(ours.jaccard is not None and ours.dice is not None, f"{ours.name} has no record to compare with.")
    assert ours.jaccard is not None and ours.dice is not None
    jaccard, dice = ours.jaccard, ours.dice.mean
    right, found = _evenness(claim.iou, claim.dice), number(evenness, "evenness")
    if abs(found - right) > 0.006:  # rounded to two digits at most
        suspects = _evennesses(claim.iou, claim.dice, jaccard.mean, dice, digits([found]) is None)
        finding = explain(
            {"": found}, {"": right}, suspects, lambda a, b: bool(np.isfinite(b)) and close(a, b, _tolerance(found))
        )
        side = "high" if found > right else "low"
        refuse(
            f"evenness: {found:.3g} is too {side}.", finding, "It is a share of the way from IoU to its highest Dice."
        )
    low, high = jaccard.low, jaccard.high
    demand(within == (low <= claim.iou <= high), f"inside: our interval runs from {low:.3f} to {high:.3f}.")


def _tolerance(found: float) -> float:
    count = digits([found])
    return 2e-4 if count is None else max(2e-4, 0.51 * 10.0 ** -max(count, 2))


def _evennesses(iou: float, dice: float, our_iou: float, our_dice: float, exact: bool) -> Any:
    def compute(_: str, pair: Any, bound: Any, rule: Any, after: Any) -> Any:
        j, d = pair
        return after(rule(j, d, bound(j)))

    return span(
        compute,
        {
            "rule": slot(
                lambda j, d, b: (d - j) / (b - j),
                (lambda j, d, b: d / b, SHARE_OF_BOUND),
                (lambda j, d, b: 1 - (d - j) / (b - j), ONE_MINUS),
                (lambda j, d, b: (b - j) / (d - j), UPSIDE),
                (lambda j, d, b: d - j, GAP_ALONE),
                (lambda j, d, b: b - d, GAP_ALONE),
                (lambda j, d, b: b - j, GAP_ALONE),
                (lambda j, d, b: j / d, RATIO),
                (lambda j, d, b: d / j, RATIO),
                (lambda j, d, b: b, BOUND),
                (lambda j, d, b: (b - d) / b, FROM_BOUND),
                (lambda j, d, b: (d - j) / b, FROM_BOUND),
                (lambda j, d, b: (d - j) / d, FROM_BOUND),
                (lambda j, d, b: (d - j) / j, FROM_BOUND),
                (lambda j, d, b: j / b, SHARE_OF_BOUND),
                (lambda j, d, b: (d - j) / (1 - j), TO_ONE),
                (lambda j, d, b: (1 - d) / (1 - j), TO_ONE),
                (lambda j, d, b: (d - j) / (b + j), FROM_BOUND),
                (lambda j, d, b: (d + j) / (b + j), FROM_BOUND),
                (lambda j, d, b: (b - d) / (d - j), UPSIDE),
            ),
            "pair": slot(
                (iou, dice),
                ((dice, iou), EXCHANGED),
                ((our_iou, our_dice), OURS),
                ((our_iou, dice), OURS),
                ((iou, our_dice), OURS),
            ),
            "bound": slot(
                highest_dice,
                (lambda j: 2 * j / 1 + j, OTHER_BOUND),
                (lambda j: j / (2 - j), OTHER_BOUND),
                (lambda j: 2 * j / (2 + j), OTHER_BOUND),
                (lambda j: 1.0, TO_ONE),
                (lambda j: j**0.5, OTHER_BOUND),
            ),
            "after": slot(
                lambda x: x,
                (lambda x: 100 * x, IN_PERCENT),
                (lambda x: -x, table.NEGATIVE),
                (lambda x: x**2, SQUARE_ROOTED),
                (lambda x: abs(x) ** 0.5, SQUARE_ROOTED),
            ),
        },
        most=2 if exact else 1,
    )


def _evenness(jaccard: float, dice: float) -> float:
    return (dice - jaccard) / (highest_dice(jaccard) - jaccard)


SEEDS_FORGOTTEN = cause("seeds-forgotten")
ONE_RECIPE = cause("one-recipe-seeds")
SEED_ALONE = cause("one-seed")
SEEDS_ROOT = cause("root-of-seeds")
SEEDS_SQUARED = cause("seeds-times")
SPREAD_PLAIN = cause("spread-not-squared")
PAIR_TWICE = cause("pair-doubled")
PAIR_PLAIN = cause("pair-not-squared")
NO_FACTOR = cause("factor-196-missing")
OTHER_FACTOR = cause("factor-other-than-196")
WHOLE_WIDTH = cause("whole-width-planned")
TWO_POINTS = cause("other-effect")
SEEDS_ADDED = cause("variance-added")
NONE_NEEDED = cause("finite-or-not")
NONE_ENOUGH = cause("no-number-is-enough")
PER_SEED = cause("divided-by-seeds")
ROOT_OF_N = cause("root-of-images")
POWERED = cause("power-of-80")
TEST_SET = cause("this-test-set")


@exercise(
    "12.2",
    _CHANCES,
    "Two terms share the variance: which of them do more images shrink?",
    "Write down what one point allows, (.01 / 1.96) squared, take the seeds' term away, and see how many images the "
    "rest is enough for.",
)
def images_for_one_point(images: Any, seeds: int, pair: float, spread: SeedSpread) -> None:
    """fewer could not show it, and the seeds' term stays whatever the test set.

    ``images``: the smallest number of test images that shows one point with so many ``seeds`` a recipe; math.inf if
    there is none. ``pair``: standard deviation over images of a difference between two recipes.
    """
    found = number(images, "the number of images")
    left = 1 / 196**2 - 2 * spread.deviation**2 / seeds  # what is left for the images' term
    if left <= 0:
        if found != np.inf:
            refuse(f"{found:,.0f} images.", NONE_ENOUGH)
        return
    needed = pair**2 / left
    if 0.999 * needed <= found <= 1.02 * needed + 1:
        return
    if found == np.inf:
        refuse(f"with {seeds} seeds no number is said to be enough.", NONE_NEEDED)
    shown = 196 * np.sqrt(pair**2 / max(found, 1) + 2 * spread.deviation**2 / seeds)  # in points

    def near(a: float, b: float) -> bool:
        return bool(np.isfinite(b)) and b > 0 and abs(a - b) <= 0.001 * b + (1.01 if b > 50 else 1e-6)

    finding = explain({"": found}, {"": needed}, _plans(seeds, float(pair), float(spread.deviation), found), near)
    if found < needed:
        observed = f"with {found:,.0f} images nothing below {shown:.2f} points can be shown."
    else:
        observed = f"enough, but not the smallest number: {found:,.0f} images show {shown:.2f} points already."
    refuse(observed, finding, "Is the seeds' term 2 s^2 / k, and the images' term pair^2 / N?")


def _plans(seeds: int, pair: float, deviation: float, found: float) -> Any:
    """Two mistakes at once only for a number that was not rounded: among whole numbers too many pairs would fit."""

    def compute(_: str, allowed: Any, of_seeds: Any, of_images: Any, rule: Any) -> Any:
        return rule(of_images, allowed, of_seeds)

    s = deviation
    return span(
        compute,
        {
            "of_seeds": slot(
                2 * s**2 / seeds,
                (0.0, SEEDS_FORGOTTEN),
                (s**2 / seeds, ONE_RECIPE),
                (2 * s**2, SEED_ALONE),
                (2 * s**2 / seeds**0.5, SEEDS_ROOT),
                (2 * s**2 * seeds, SEEDS_SQUARED),
                (2 * s**2 / seeds**2, SEEDS_SQUARED),
                (4 * s**2 / seeds, SEEDS_SQUARED),
                (2 * s / seeds, SPREAD_PLAIN),
                (s**2, ONE_RECIPE),
                (s**2 / (2 * seeds), ONE_RECIPE),
                (2 * s**2 / (seeds - 1) if seeds > 1 else 0.0, SEEDS_SQUARED),
                (2 * s**2 / (2 * seeds), ONE_RECIPE),
            ),
            "of_images": slot(
                pair**2,
                (2 * pair**2, PAIR_TWICE),
                (pair, PAIR_PLAIN),
                (pair**2 / 2, PAIR_TWICE),
                (4 * pair**2, PAIR_TWICE),
            ),
            "allowed": slot(
                1 / 196**2,
                (1e-4, NO_FACTOR),
                (1 / 164.5**2, OTHER_FACTOR),
                (1 / 257.6**2, OTHER_FACTOR),
                (1 / 280**2, POWERED),
                (1 / 200**2, OTHER_FACTOR),
                (1 / 392**2, WHOLE_WIDTH),
                (4 / 196**2, TWO_POINTS),
                (0.25 / 196**2, WHOLE_WIDTH),
                (1 / 196, SPREAD_PLAIN),
                (1 / 1.96**2, TWO_POINTS),
            ),
            "rule": slot(
                lambda i, a, s: i / (a - s),
                (lambda i, a, s: i / (a + s), SEEDS_ADDED),
                (lambda i, a, s: i / (a - s) / seeds, PER_SEED),
                (lambda i, a, s: (i / (a - s)) ** 0.5, ROOT_OF_N),
                (lambda i, a, s: i / a + s, SEEDS_ADDED),
                (lambda i, a, s: i / (a - s) * seeds, PER_SEED),
                (lambda i, a, s: 379.0, TEST_SET),
                (lambda i, a, s: i / (a**0.5 - s**0.5) ** 2, SPREAD_PLAIN),
                (lambda i, a, s: 2 * i / (a - s), PAIR_TWICE),
                (lambda i, a, s: (i + s) / a, SEEDS_ADDED),
            ),
        },
        most=1 if found == int(found) else 2,
    )


FROM_SMP = cause("started-from-smp-unet")
OTHER_DECODER = cause("other-decoder")
SAME_DECODER = cause("same-decoder")
ALSO = cause("more-than-the-decoder")


@exercise(
    "12.3",
    _CHANGE,
    "Two recipes, one difference. Whose training is to be kept?",
    "Start from `light` and replace as little as possible: what the question is about, and the name.",
)
def next_control(control: Any) -> None:
    """one cause is left; now it can be trained.

    ``control``: a recipe that differs from `light` in the decoder alone.
    """
    if isinstance(control, list | tuple) and len(control) == 1:
        control = control[0]
    if isinstance(control, str):
        raise Wrong("expected a recipe; found str. Start from get_recipe, and change the decoder with replace.")
    demand(isinstance(control, Recipe), f"expected a recipe; found {type(control).__name__}. Start from get_recipe.")
    light, smp = get_recipe("light"), get_recipe("smp-unet")
    mine = replace(control, name="mine")
    more = other_differences(Step("own", "mine", "light", "decoder"), {"mine": mine, "light": light})
    if control.decoder == light.decoder:
        from_smp = not other_differences(
            Step("own", "mine", "smp", "decoder"), {"mine": mine, "smp": replace(smp, name="smp")}
        )
        refuse(
            f"the decoder is {control.decoder}, as light's" + (f"; it differs in: {', '.join(more)}." if more else "."),
            FROM_SMP if more and from_smp else SAME_DECODER,
        )
    if more:
        like_smp = not other_differences(
            Step("own", "mine", "smp", "decoder"), {"mine": mine, "smp": replace(smp, name="smp")}
        )
        start = " Start from light and change the decoder." if len(more) > 1 else ""
        refuse(f"it still differs in: {', '.join(more)}.{start}", FROM_SMP if like_smp else ALSO)
    if control.decoder != smp.decoder:
        refuse(f"the decoder is {control.decoder}.", OTHER_DECODER)
