"""Exercises of lesson 12: judge a claim, plan a test set, design a control."""

from dataclasses import replace
from typing import Any

import numpy as np

from lesionseg_lib.results.ablations import Step, other_differences
from lesionseg_lib.results.claims import highest_dice, is_possible
from lesionseg_lib.results.comparison import Row
from lesionseg_lib.results.seeds import SeedSpread
from lesionseg_lib.teaching.exercises.answers import Slip, Wrong, agree, demand, number
from lesionseg_lib.training.recipes import Claim, Recipe, get_recipe


def judge_a_claim(answer: Any, claim: Claim, ours: Row) -> None:
    """the claim is judged by itself, and beside our interval. Paired it could be only with its table of images.

    ``answer``: whether the pair is possible, its evenness, and whether its IoU lies inside the interval of ``ours``.
    """
    demand(isinstance(answer, list | tuple) and len(answer) == 3, "expected three: possible, evenness, inside.")
    possible, evenness, inside = answer
    for name, said in (("possible", possible), ("inside", inside)):
        demand(isinstance(said, bool | np.bool_), f"{name}: say True or False; found {said!r}.")
    bound = highest_dice(claim.iou)
    most = f"an IoU of {claim.iou:.3f} allows a Dice of {bound:.3f} at most"
    demand(bool(possible) == is_possible(claim), f"possible: {most}; claimed is {claim.dice:.3f}.")
    demand(ours.jaccard is not None and ours.dice is not None, f"{ours.name} has no record to compare with.")
    assert ours.jaccard is not None and ours.dice is not None
    jaccard, dice = ours.jaccard, ours.dice.mean
    right = _evenness(claim.iou, claim.dice)
    slips: list[Slip] = [
        ("IoU and Dice are exchanged.", lambda: {"evenness": _evenness(claim.dice, claim.iou)}),
        ("that is Dice as a share of its bound; wanted is a share of the way from IoU to the bound.",
         lambda: {"evenness": claim.dice / bound}),
        ("that is 1 minus it: how much of the way is left.", lambda: {"evenness": 1 - right}),
        ("that is ours, not the claim's.", lambda: {"evenness": _evenness(jaccard.mean, dice)}),
    ]  # fmt: skip
    agree({"evenness": number(evenness, "evenness")}, {"evenness": right}, slips, 0.02)
    low, high = jaccard.low, jaccard.high
    demand(bool(inside) == (low <= claim.iou <= high), f"inside: our interval runs from {low:.3f} to {high:.3f}.")


def _evenness(jaccard: float, dice: float) -> float:
    return (dice - jaccard) / (highest_dice(jaccard) - jaccard)


def images_for_one_point(images: Any, seeds: int, pair: float, spread: SeedSpread) -> None:
    """fewer could not show it, and the seeds' term stays whatever the test set.

    ``images``: the smallest number of test images that shows one point with so many ``seeds`` a recipe; math.inf if
    there is none. ``pair``: standard deviation over images of a difference between two recipes.
    """
    found = number(images, "the number of images")
    left = 1 / 196**2 - 2 * spread.deviation**2 / seeds  # what is left for the images' term
    if left <= 0:
        demand(found == np.inf, "the seeds' term alone is larger than one point: no number of images is enough.")
        return
    needed = pair**2 / left
    demand(found != np.inf, f"with {seeds} seeds some number of images is enough: solve the formula for it.")
    seedless = (196 * pair) ** 2
    if seedless < 0.99 * needed:
        sentence = "the seeds were forgotten: their term takes a part of the point away."
        demand(abs(found / seedless - 1) > 0.01, sentence)
    shown = 196 * np.sqrt(pair**2 / max(found, 1) + 2 * spread.deviation**2 / seeds)  # in points
    demand(found >= 0.999 * needed, f"with {found:,.0f} images nothing below {shown:.2f} points can be shown.")
    demand(found <= 1.02 * needed + 1, f"enough, but not the smallest number: it shows {shown:.2f} points already.")


def next_control(control: Any) -> None:
    """one cause is left; now it can be trained.

    ``control``: a recipe that differs from `light` in the decoder alone.
    """
    demand(isinstance(control, Recipe), f"expected a recipe; found {type(control).__name__}. Start from get_recipe.")
    light = get_recipe("light")
    demand(control.decoder != light.decoder, "the decoders are the same; the decoder is what is to be compared.")
    mine = replace(control, name="mine")
    more = other_differences(Step("own", "mine", "light", "decoder"), {"mine": mine, "light": light})
    if more:
        start = " Start from light and change the decoder." if len(more) > 1 else ""
        raise Wrong(f"it still differs in: {', '.join(more)}.{start}")
    demand(
        control.decoder == get_recipe("smp-unet").decoder, "one cause, but the question was about smp-unet's decoder."
    )
