"""Exercises of lesson 07: how far a rate lets weights go, which change mattered, and the missing control."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from torch import nn

from lesionseg_lib.evaluation.metrics import confusion, dice, reduce
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.models.encoder import STAGES, MobileNetV2Encoder
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.results.ablations import Step, other_differences, settings
from lesionseg_lib.teaching.diagnosis import score_causes as scoring
from lesionseg_lib.teaching.diagnosis import table_causes as table
from lesionseg_lib.teaching.diagnosis.causes import Cause, cause
from lesionseg_lib.teaching.diagnosis.engine import Finding
from lesionseg_lib.teaching.diagnosis.reading import demand, numbers, refuse, several
from lesionseg_lib.teaching.diagnosis.tables import Base, Costly, judge
from lesionseg_lib.teaching.exercises.registry import exercise
from lesionseg_lib.teaching.lessons import Fit, Lesson
from lesionseg_lib.training.checkpoints import BEST
from lesionseg_lib.training.recipes import Recipe, get_recipe

RATES, STEPS = (1e-3, 1e-4, 1e-5), 4
EVERY_STAGE = tuple(STAGES)
_RATE = "07: Which learning rate for weights that already know something?"
_STAGES, _REAL = "07: Which layers are in which stage?", "07: Is the difference real?"

NOTHING_MOVED = cause("nothing-moved")
ALL_ALIKE = cause("rate-not-passed")
NOT_FRESH = cause("network-not-fresh")
ONE_STEP = cause("one-step")
SQUARED_WAY = cause("distance-squared")
AS_SHARE = cause("distance-as-share")
TIMES = cause("distance-times-hundred")
RATES_REVERSED = cause("rates-reversed")
RATES_SWAPPED = cause("rates-swapped")
TOO_FAR = cause("too-many-steps")
ABSOLUTE = cause("distance-not-relative")
NOT_PROPORTIONAL = cause("other-optimiser")
MEAN_WEIGHT = cause("mean-change-of-a-weight")
TOO_SHORT = cause("too-short-a-way")
PER_RATE = cause("distance-per-rate")
LOGARITHMS = cause("distances-as-logarithms")
OTHER_STAGE = cause("other-weights")


@exercise(
    "07.1",
    _RATE,
    "What must be new for every rate: the network, the optimiser, or both? And which of a recipe's two rates is the "
    "encoder's?",
    "Adam's first step moves each weight by just about the rate. So how far can four steps get, in percent of the "
    "weights' length, and what must the three distances have to do with each other?",
)
def ten_times_the_rate(moved: Any, imagenet: MobileNetV2Encoder) -> None:
    """the distances follow the rate: a leash, whatever the gradients were.

    ``moved``: for each rate how far stage 4 is from ``imagenet`` after four steps, in %.
    """
    found = numbers(moved, RATES, "change of stage 4")
    weights = nn.utils.parameters_to_vector(imagenet.stage(4).parameters()).detach()
    length, count = float(weights.norm()), len(weights)
    # Adam moves a weight by about its rate a step; were it always the same way, by so many percent of their length:
    reach = {rate: float(100 * STEPS * rate * count**0.5 / length) for rate in RATES}
    high, middle, low = (found[rate] for rate in RATES)
    shown = ", ".join(f"{rate:g}: {found[rate]:.3g}" for rate in RATES)
    if min(found.values()) < 0 < max(found.values()):
        tenfold = all(0.7 < more - less < 1.3 for more, less in ((high, middle), (middle, low)))
        refuse(f"{shown}: a distance is never negative.", LOGARITHMS if tenfold else table.NEGATIVE)
    if max(found.values()) <= 0:
        refuse(f"{shown}.", NOTHING_MOVED if max(found.values()) == 0 == min(found.values()) else table.NEGATIVE)
    share = {rate: found[rate] / reach[rate] for rate in RATES}
    steady = all(5 < more / max(less, 1e-300) < 20 for more, less in ((high, middle), (middle, low)))
    if steady and all(0.3 < s < 1.02 for s in share.values()):
        return
    together = _why_moved(found, reach, share, steady, length, count)
    either = (together, (TOO_FAR,)) if together == (TIMES,) else (together,)  # a hundred times four steps look alike
    refuse(f"{shown} %.", Finding(either))


def _why_moved(found: Any, reach: Any, share: Any, steady: bool, length: float, count: int) -> tuple[Cause, ...]:
    """By what turns the distances into plausible ones."""
    high, middle, low = (found[rate] for rate in RATES)

    def fits(change: Callable[[float], float]) -> bool:
        return all(0.3 < change(found[rate]) / reach[rate] < 1.02 for rate in RATES)

    if max(found.values()) <= 1.1 * min(found.values()):
        return (PER_RATE,) if min(found.values()) > 2 * max(reach.values()) else (ALL_ALIKE,)
    if all(0.3 < found[rate] * rate / reach[rate] < 1.02 for rate in RATES):
        return (PER_RATE,)
    if all(0.235 < s < 0.265 for s in share.values()):
        return (ONE_STEP,)
    rules: list[tuple[Cause, Callable[[float], float]]] = [
        (AS_SHARE, lambda x: 100 * x),
        (TIMES, lambda x: x / 100),
        (ABSOLUTE, lambda x: 100 * x / length),
        (SQUARED_WAY, lambda x: 100 * abs(x / 100) ** 0.5),
        (SQUARED_WAY, lambda x: abs(x) ** 0.5),
        (SQUARED_WAY, lambda x: 100 * abs(x) ** 0.5),
        (SQUARED_WAY, lambda x: 100 * abs(x) ** 0.5 / length),
        (SQUARED_WAY, lambda x: 10 * abs(x) ** 0.5),
        (MEAN_WEIGHT, lambda x: 100 * x * count**0.5 / length),
    ]
    for why, change in rules:
        if fits(change):
            return (why,)
    if all(0.235 < 100 * s < 0.265 for s in share.values()):
        return (ONE_STEP, AS_SHARE)
    mirrored = dict(zip(RATES, (low, middle, high), strict=True))
    if all(0.3 < mirrored[rate] / reach[rate] < 1.02 for rate in RATES):
        return (RATES_REVERSED,)
    if not high > middle > low:
        return (NOT_FRESH,) if high < middle < low and high > 0.3 * reach[RATES[0]] else (RATES_SWAPPED,)
    if steady and all(s > 1.02 for s in share.values()):
        return (TOO_FAR,)
    if steady:
        return (TOO_SHORT,)
    return (NOT_FRESH,) if low > 2 * reach[RATES[2]] else (NOT_PROPORTIONAL,)


TOGETHER = cause("stages-together")
WEIGHTS_ONLY = cause("statistics-kept")
STATISTICS_ONLY = cause("statistics-alone")
NOT_PUT_BACK = cause("nothing-put-back")
ALL_BUT = cause("all-but-this-stage")
ALL_FOUR = cause("whole-encoder")
NEXT_STAGE = cause("neighbouring-stage")
FROM_HERE = cause("stages-from-here")
LEFT_CHANGED = cause("left-changed")
IN_TRAINING = cause("scored-in-training-mode")
COSTS = cause("cost-of-putting-back")
ON_TEST = cause("stages-on-test")


@exercise(
    "07.2",
    _STAGES,
    "What must be true of the network before the next stage is put back?",
    "Score it once more with nothing put back, at the end: it must say what it said at the beginning.",
)
def which_change_mattered(found: Any, fit: Fit, imagenet: MobileNetV2Encoder, lesson: Lesson) -> None:
    """one stage at a time, weights and running means, and the others as they were trained.

    ``found``: mean J on validation with nothing (None) and with stage 1, 2, 3 or 4 put back, by the official rule or at
    the network's size.
    """
    if isinstance(found, dict):
        found = {
            None if str(key).lower() in ("none", "nothing", "nan", "0") else key: value for key, value in found.items()
        }
    elif hasattr(found, "to_dict"):
        found = {
            None if str(key).lower() in ("none", "nothing", "nan", "0") else key: v
            for key, v in found.to_dict().items()
        }
    found = numbers(found, [None, *EVERY_STAGE], "mean J")
    model, _ = Segmenter.load(fit.folder / BEST, fit.recipe.name)  # a clean one, whatever was done to the lesson's
    trained = {name: value.clone() for name, value in model.encoder.state_dict().items()}
    data = lesson.decoded.validation
    truth = np.array(data.masks) > 0

    @cache
    def logits(stages: tuple[int, ...], what: str = "both") -> Any:
        model.encoder.load_state_dict(trained)
        for stage in stages:
            old, mine = imagenet.stage(stage), model.encoder.stage(stage)
            state = dict(old.state_dict())
            if what != "both":
                parameters = dict(old.named_parameters())
                state = {k: v for k, v in state.items() if (k in parameters) == (what == "weights")}
            mine.load_state_dict(state, strict=what == "both")
        return model.logits(data.images)

    def rule_of(small: bool, metric: str = "jaccard") -> Callable[[Any], float]:
        if small:
            return lambda z: reduce(confusion(z > 0, truth), metric)
        return lambda z: float(score_images(sigmoid(z), lesson.splits.validation)[metric].mean())

    plain = logits(())
    both = {small: rule_of(small)(plain) for small in (True, False)}
    small = min(both, key=lambda s: abs(both[s] - found[None]))
    score = rule_of(small)

    def each(put: Callable[[int], tuple[int, ...]], what: str = "both", by: Callable[[Any], float] = score) -> Any:
        return {stage: by(logits(put(stage), what)) for stage in EVERY_STAGE}

    def one_by_one(put: Callable[[int], tuple[int, ...]], what: str = "both") -> Costly:
        return Costly(lambda stage: score(logits(put(stage), what)))

    if abs(both[small] - found[None]) > 2e-3:
        _nothing(found[None], both, plain, truth, lambda stages: score(logits(stages)))
    expected = each(lambda s: (s,))
    own = {s: found[s] for s in EVERY_STAGE}
    bases: list[Base] = [
        (NOT_PUT_BACK, lambda: dict.fromkeys(EVERY_STAGE, both[small])),
        (TOGETHER, one_by_one(lambda s: tuple(range(1, s + 1)))),
        (WEIGHTS_ONLY, one_by_one(lambda s: (s,), "weights")),
        (ALL_FOUR, one_by_one(lambda s: EVERY_STAGE)),
        (NEXT_STAGE, lambda: {s: expected[s % 4 + 1] for s in EVERY_STAGE}),
        (NEXT_STAGE, lambda: {s: (expected[s - 1] if s > 1 else both[small]) for s in EVERY_STAGE}),
        (COSTS, lambda: {s: both[small] - expected[s] for s in EVERY_STAGE}),
        (COSTS, lambda: {s: expected[s] - both[small] for s in EVERY_STAGE}),
        (COSTS, lambda: {s: 100 * (both[small] - expected[s]) for s in EVERY_STAGE}),
        (scoring.DICE, lambda: each(lambda s: (s,), by=lambda z: float(dice(confusion(z > 0, truth)).mean()))),
        (
            scoring.POOLED,
            lambda: each(lambda s: (s,), by=lambda z: reduce(confusion(z > 0, truth), "jaccard", "pooled")),
        ),
        (scoring.LOGIT_LIMIT, lambda: each(lambda s: (s,), by=lambda z: reduce(confusion(z > 0.5, truth), "jaccard"))),
        (ALL_BUT, one_by_one(lambda s: tuple(other for other in EVERY_STAGE if other != s))),
        (STATISTICS_ONLY, one_by_one(lambda s: (s,), "statistics")),
        (FROM_HERE, one_by_one(lambda s: tuple(range(s, 5)))),
    ]
    judge(own, expected, bases, hint="(The stage that was put back.)")


def _nothing(found: float, both: Any, z: Any, truth: Any, put: Callable[[tuple[int, ...]], float]) -> None:
    """The score with nothing put back is not the trained network's."""
    counts = confusion(z > 0, truth)
    tries: list[tuple[Cause, Callable[[], float]]] = [
        (table.PERCENT, lambda: 100 * both[True]),
        (table.PERCENT, lambda: 100 * both[False]),
        (scoring.DICE, lambda: float(dice(counts).mean())),
        (scoring.POOLED, lambda: reduce(counts, "jaccard", "pooled")),
        (scoring.ACCURACY, lambda: reduce(counts, "accuracy")),
        (scoring.LOGIT_LIMIT, lambda: reduce(confusion(z > 0.5, truth), "jaccard")),
        (ALL_FOUR, lambda: put(EVERY_STAGE)),
        *((LEFT_CHANGED, lambda s=s: put((s,))) for s in EVERY_STAGE),
        *((LEFT_CHANGED, lambda s=s: put(tuple(range(1, s + 1)))) for s in (2, 3)),
        (table.ZERO, lambda: 0.0),
        (table.ONE_MINUS, lambda: 1 - both[True]),
        (scoring.EXCHANGED, lambda: reduce(confusion(z <= 0, truth), "jaccard")),
    ]
    why = next((why for why, value in tries if abs(value() - found) < 6e-4 * max(1, abs(found))), None)
    side = "high" if found > both[True] else "low"
    refuse(
        f"nothing: {found:.3g} is too {side}.",
        why,
        "With nothing put back this must be the trained network's own score: load its state again at the end.",
    )


@exercise(
    "07.3",
    _REAL,
    "Draw the table: encoder frozen or trained, decoder's rate large or small. Which two cells are empty?",
    "In each new run exactly one setting differs from dilated-frozen, and exactly one from dilated-all. Mind that "
    "`learning_rate` sets the encoder's rate, too, unless it has one of its own.",
)
def the_missing_control(runs: Any, lesson: Lesson) -> None:
    """with these two every comparison changes one thing.

    ``runs``: two recipes, or names of recipes, in any order.
    """
    demand(
        not isinstance(runs, Recipe | str) and hasattr(runs, "__len__") and len(runs) == 2,
        "two runs are missing: pass (first, second).",
    )
    runs = several(list(runs.values()) if isinstance(runs, dict) else list(runs), ["first", "second"])
    both = [get_recipe(run) if isinstance(run, str) else run for run in runs]
    for run in both:
        demand(isinstance(run, Recipe), f"expected recipes, or names of recipes; found {type(run).__name__}.")
    frozen, all_stages = (lesson.profile.apply(get_recipe(name)) for name in ("dilated-frozen", "dilated-all"))
    both = [lesson.profile.apply(run) for run in both]
    slow = [run for run in both if not run.trainable_stages]
    trained = [run for run in both if run.trainable_stages]
    demand(slow, "one of the two must keep the encoder frozen, at the other rate: both of yours train it.")
    demand(
        trained, "one of the two must train all stages, with the decoder at the other rate: both of yours freeze it."
    )
    stages = list(trained[0].trainable_stages)
    demand(
        stages == list(all_stages.trainable_stages),
        f"one of the two must train all stages, as dilated-all does; yours trains {', '.join(map(str, stages))} alone: "
        "then a difference has two possible causes.",
    )
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
