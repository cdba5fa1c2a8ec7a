"""Exercises of lesson 07: how far a rate lets weights go, which change mattered, and the missing control."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from lesionseg_lib.evaluation.metrics import confusion, reduce
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.models.encoder import STAGES, MobileNetV2Encoder
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.results.ablations import Step, other_differences, settings
from lesionseg_lib.teaching.exercises.answers import agree, demand, numbers, scores
from lesionseg_lib.teaching.lessons import Fit, Lesson
from lesionseg_lib.training.checkpoints import BEST
from lesionseg_lib.training.recipes import Recipe, get_recipe

RATES, STEPS = (1e-3, 1e-4, 1e-5), 4


def ten_times_the_rate(moved: Any, imagenet: MobileNetV2Encoder) -> None:
    """the distances follow the rate: a leash, whatever the gradients were.

    ``moved``: for each rate how far stage 4 is from ``imagenet`` after four steps, in %.
    """
    found = numbers(moved, RATES, "change of stage 4")
    weights = torch.nn.utils.parameters_to_vector(imagenet.stage(4).parameters()).detach()
    # Adam moves a weight by about its rate a step; were it always the same way, by so many percent of their length:
    reach = {rate: float(100 * STEPS * rate * len(weights) ** 0.5 / weights.norm()) for rate in RATES}
    demand(max(found.values()) > 0, "nothing has moved. Does the optimiser hold this encoder, and may stage 4 learn?")
    high, middle, low = (found[rate] for rate in RATES)
    demand(
        max(found.values()) > 1.1 * min(found.values()),
        "all three moved alike, so the rate did not reach the encoder. `learning_rate` is the decoder's; the encoder "
        "has `encoder_learning_rate`.",
    )
    demand(high > middle > low, "a larger rate must move further. Do you build a fresh network for every rate?")
    for rate in RATES:
        demand(
            found[rate] > 0.02 * reach[rate],
            f"{rate:g}: too short a way for four steps. In percent? Four steps, with the encoder's rate?",
        )
        demand(
            found[rate] < 1.5 * reach[rate],
            f"{rate:g}: Adam cannot get that far in four steps. Is it a fresh network for every rate, from ImageNet?",
        )
    for more, less in ((high, middle), (middle, low)):
        demand(5 < more / less < 20, "ten times the rate should be about ten times the way: a fresh network each time?")


def which_change_mattered(found: Any, fit: Fit, imagenet: MobileNetV2Encoder, lesson: Lesson) -> None:
    """one stage at a time, weights and running means, and the others as they were trained.

    ``found``: mean J on validation with nothing (None) and with stage 1, 2, 3 or 4 put back, by the official rule or at
    the network's size.
    """
    found = scores(found, [None, *STAGES], "mean J")
    model, _ = Segmenter.load(fit.folder / BEST, fit.recipe.name)  # a clean one, whatever was done to the lesson's
    trained = {name: value.clone() for name, value in model.encoder.state_dict().items()}
    data = lesson.decoded.validation

    def put_back(*stages: int, buffers: bool = True) -> list[float]:
        model.encoder.load_state_dict(trained)
        for stage in stages:
            old = imagenet.stage(stage)
            state = old.state_dict() if buffers else dict(old.named_parameters())
            model.encoder.stage(stage).load_state_dict(state, strict=buffers)
        logits = model.logits(data.images)
        small = reduce(confusion(logits > 0, np.array(data.masks) > 0), "jaccard")
        return [small, float(score_images(sigmoid(logits), lesson.splits.validation)["jaccard"].mean())]

    plain = put_back()
    rule = min((0, 1), key=lambda i: abs(plain[i] - found[None]))
    agree(
        {"nothing": found[None]},
        {"nothing": plain[rule]},
        hint="With nothing put back this must be the trained network's own score: load its state again at the end.",
    )
    expected = {stage: put_back(stage)[rule] for stage in STAGES}
    slips = [
        (
            "from stage 2 on, earlier stages were still ImageNet's. Load the trained state again after each stage.",
            lambda: {stage: put_back(*range(1, stage + 1))[rule] for stage in STAGES},
        ),
        (
            "the weights went back, the running means and variances did not: load_state_dict takes both.",
            lambda: {stage: put_back(stage, buffers=False)[rule] for stage in STAGES},
        ),
        (
            "nothing was put back: every stage scores like the trained network.",
            lambda: dict.fromkeys(STAGES, plain[rule]),
        ),
    ]
    agree({s: found[s] for s in STAGES}, expected, slips, hint="(The stage that was put back.)")


def the_missing_control(runs: Any, lesson: Lesson) -> None:
    """with these two every comparison changes one thing.

    ``runs``: two recipes, or names of recipes, in any order.
    """
    demand(isinstance(runs, list | tuple) and len(runs) == 2, "two runs are missing: pass (first, second).")
    both = [get_recipe(run) if isinstance(run, str) else run for run in runs]
    for run in both:
        demand(isinstance(run, Recipe), f"expected recipes, or names of recipes; found {type(run).__name__}.")
    frozen, all_stages = (lesson.profile.apply(get_recipe(name)) for name in ("dilated-frozen", "dilated-all"))
    both = [lesson.profile.apply(run) for run in both]
    slow = [run for run in both if not run.trainable_stages]
    trained = [run for run in both if run.trainable_stages]
    demand(slow, "one of the two must keep the encoder frozen, at the other rate.")
    demand(trained, "one of the two must train all stages, with the decoder at the other rate.")
    _differs(slow[0], frozen, "decoder's rate", "the frozen run and dilated-frozen")
    _differs(slow[0], all_stages, "trained stages", "the frozen run and dilated-all")
    rate, asked = (settings(run)["encoder's rate"] for run in (trained[0], all_stages))
    demand(
        rate == asked,
        f"the encoder would train at {rate}, in dilated-all at {asked}: a third change. Set `encoder_learning_rate`.",
    )
    _differs(trained[0], all_stages, "decoder's rate", "the trained run and dilated-all")
    _differs(trained[0], frozen, "trained stages", "the trained run and dilated-frozen")


def _differs(mine: Recipe, other: Recipe, change: str, who: str) -> None:
    """Only in ``change``, and in it."""
    demand(settings(mine)[change] != settings(other)[change], f"{who} do not differ in the {change}.")
    more = other_differences(Step("", "mine", "other", change), {"mine": mine, "other": replace(other, name="other")})
    demand(not more, f"{who} differ in more than the {change}: also in {', '.join(more)}.")
