"""Exercises of lesson 09: what a gate costs, who decides in it, and how many photos a small gain would need."""

import copy
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import torch

from lesionseg_lib.evaluation.bootstrap import bootstrap_interval
from lesionseg_lib.evaluation.metrics import confusion, reduce
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.models.cost import parameters_of
from lesionseg_lib.models.decoders.attention import AttentionGate
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.teaching.diagnosis import score_causes as scoring
from lesionseg_lib.teaching.diagnosis.causes import Cause, cause
from lesionseg_lib.teaching.diagnosis.engine import explain
from lesionseg_lib.teaching.diagnosis.gates import wrong_counts
from lesionseg_lib.teaching.diagnosis.reading import demand, number, numbers, refuse, rows
from lesionseg_lib.teaching.diagnosis.suspects import slot, span
from lesionseg_lib.teaching.diagnosis.tables import Base, judge
from lesionseg_lib.teaching.exercises.registry import exercise
from lesionseg_lib.teaching.lessons import Fit, Lesson
from lesionseg_lib.training.probing import channel_auc, cover

HALVES = ("of_skip", "of_gate")
_COST, _WITH, _GATE = "09: What does it cost?", "09: With or without?", "09: Whom to let in?"


@exercise(
    "09.1",
    _COST,
    "Three convolutions inside, one layer behind with its batch norm. Which of them has a bias?",
    "Go term by term: kernel x kernel x inputs x outputs, plus outputs where there is a bias. The hidden layer has "
    "half of the skip's channels.",
)
def price_of_a_gate(mine: Any, gate: AttentionGate) -> None:
    """every term is there: both votes, the coefficient, and the layer behind with its batch norm.

    ``mine``: number of parameters of ``gate``.
    """
    found = number(mine, "the number of parameters")
    right = parameters_of(gate)
    if found == right:
        return
    finding = explain({"": found}, {"": right}, wrong_counts(gate), lambda a, b: a == b)
    side = "high" if found > right else "low"
    refuse(f"{found:,.0f} is too {side}.", finding, "Check the terms one by one: four, and two of them have a bias.")


BOTH_SILENT = cause("both-silent")
NONE_SILENT = cause("nothing-silenced")
OTHER_HALF = cause("other-half")
ONE_GATE = cause("not-all-gates")
BIAS_TOO = cause("bias-silenced")
WRONG_STRIDES = cause("auc-at-wrong-strides")
AUC_FOLDED = cause("coefficients-folded")
AUC_BACKWARDS = cause("coefficients-backwards")
J_SMALL = cause("gates-at-network-size")
IN_TRAINING = cause("gates-in-training-mode")
OTHER_CELLS = cause("cells-any-lesion")
HALF_WEIGHTS = cause("weights-not-zero")
MEAN_MAPS = cause("coefficient-means")


@exercise(
    "09.2",
    _GATE,
    "With nothing silenced, do you get the lesson's own numbers? And is the decoder still whole when you silence the "
    "second half?",
    "For each half: a fresh deep copy in evaluation mode, zero the *weight* of that half in all four gates, then "
    "score and detect as the lesson does.",
)
def who_decides(given: Any, model: Segmenter, lesson: Lesson) -> None:
    """all four gates silenced, one half at a time, on a copy.

    ``rows``: "of_skip" and "of_gate" -> J and AUC of the coefficients at strides 2, 4, 8 and 16, when the weights of
    that half are 0 in all gates.
    """
    given = rows(given, HALVES, "{half: {'J': ..., 'stride 2': ..., ...}}")
    data, strides = lesson.decoded.validation, model.encoder.strides[:4]
    keys = ["J", *(f"stride {s}" for s in strides)]
    with torch.no_grad():
        pyramid = model.encoder(model.normalise(np.array(data.images)))
    covers = [cover(data.masks, s) for s in strides]
    truth = np.array(data.masks) > 0

    @cache
    def drawn(
        *halves: str,
        gates: tuple[int, ...] = (0, 1, 2, 3),
        bias: bool = False,
        train: bool = False,
        factor: float = 0.0,
    ) -> Any:
        decoder: Any = copy.deepcopy(model.decoder).train(train)
        with torch.no_grad():
            for gate in (decoder.gates[i] for i in gates):
                for half in halves:
                    layer = getattr(gate, half)
                    layer.weight.mul_(factor) if factor else layer.weight.zero_()
                    if bias and layer.bias is not None:
                        layer.bias.zero_()
            z, maps = decoder.attend(pyramid, data.size)
        j = score_images(sigmoid(z[:, 0].cpu().numpy()), lesson.splits.validation)["jaccard"]
        return z, [m.cpu() for m in maps], j

    def silence(*halves: str, limit: float = 0.5, **more: Any) -> dict[Any, float]:
        _, maps, j = drawn(*halves, **more)
        auc = (float(channel_auc(m, c > limit)[0]) for m, c in zip(maps, covers, strict=True))
        return dict(zip(keys, [float(j.mean()), *auc], strict=True))

    for half in HALVES:
        demand(half in given, f"there is no row {half!r}; found {', '.join(map(str, given))}.")
    for half, other in (HALVES, HALVES[::-1]):
        right = silence(half)

        def changed(change: Any, right: Any = right) -> Any:
            return lambda: {"J": right["J"]} | dict(zip(keys[1:], change([right[k] for k in keys[1:]]), strict=True))

        bases: list[Base] = [
            (NONE_SILENT, silence),
            (OTHER_HALF, lambda other=other: silence(other)),  # type: ignore[misc]
            (BOTH_SILENT, lambda: silence(*HALVES)),
            (BIAS_TOO, lambda half=half: silence(half, bias=True)),  # type: ignore[misc]
            (WRONG_STRIDES, changed(lambda a: a[::-1])),
            (WRONG_STRIDES, changed(lambda a: a[1:] + a[:1])),
            (WRONG_STRIDES, changed(lambda a: a[-1:] + a[:-1])),
            (AUC_FOLDED, changed(lambda a: [max(x, 1 - x) for x in a])),
            (AUC_BACKWARDS, changed(lambda a: [1 - x for x in a])),
            (
                MEAN_MAPS,
                lambda half=half, right=right: (  # type: ignore[misc]
                    {"J": right["J"]} | {k: float(m.mean()) for k, m in zip(keys[1:], drawn(half)[1], strict=True)}
                ),
            ),
            (
                J_SMALL,
                lambda half=half: {"J": reduce(confusion(drawn(half)[0][:, 0].cpu().numpy() > 0, truth), "jaccard")},  # type: ignore[misc]
            ),
            *(
                (
                    scoring.MEDIAN if column == "median" else scoring.DICE if column == "dice" else scoring.ACCURACY,
                    lambda half=half, c=column: {"J": _column(drawn(half)[2], drawn(half)[0], c, lesson)},
                )
                for column in ("median", "dice", "accuracy")
            ),
            *(
                (OTHER_CELLS, lambda half=half, limit=limit: silence(half, limit=limit))
                for limit in (0.0, 0.25, 0.75, 0.99)
            ),
            (IN_TRAINING, lambda half=half: silence(half, train=True)),  # type: ignore[misc]
            *(
                (ONE_GATE, lambda half=half, g=g: silence(half, gates=g))
                for n in (1, 3)
                for g in combinations(range(4), n)
            ),
            (HALF_WEIGHTS, lambda half=half: silence(half, factor=0.5)),  # type: ignore[misc]
        ]
        hint = "(Were the gates in evaluation mode, and all four silenced?)"
        judge(numbers(given[half], keys, half), right, bases, hint=hint, of=half)


def _column(j: Any, z: Any, column: str, lesson: Lesson) -> float:
    if column == "median":
        return float(j.median())
    return float(score_images(sigmoid(z[:, 0].cpu().numpy()), lesson.splits.validation)[column].mean())


LINEAR = cause("root-not-undone")
WHOLE = cause("whole-interval")
UPSIDE_DOWN = cause("width-ratio-upside-down")
HOW_MANY_TIMES = cause("times-the-test-set")
ROOT = cause("root-for-square")
OF_ONE = cause("interval-of-one-score")
UNPAIRED = cause("unpaired")
SD = cause("scatter-of-photos")
OF_DICE = cause("gain-in-dice")
SHARES = cause("width-in-shares")
GAIN_ITSELF = cause("gain-for-width")
MORE = cause("photos-added")
STANDARD_ERROR = cause("standard-error-for-width")
POWER = cause("power-of-four-fifths")
N_ALONE = cause("number-itself")


@exercise(
    "09.3",
    _WITH,
    "By which factor must the half-width shrink? By which factor must the number of photos grow for that?",
    "Start from `gain`, photo by photo, in points, gated minus plain, and its bootstrap interval. Half of its width "
    "belongs to as many photos as there are.",
)
def how_many_photos(photos: Any, gated: Fit, plain: Fit, wanted: float = 0.5) -> None:
    """half the width costs four times the photos, and photos do not replace seeds.

    ``photos``: how many give the gain of ``gated`` over ``plain`` in J an interval of half-width ``wanted``, in points.
    """
    found = number(photos, "the number of photos")
    a, b = (100 * fit.table["jaccard"].to_numpy() for fit in (gated, plain))
    n = len(a)

    def half(values: Any) -> float:
        low, high = bootstrap_interval(values)
        return float(high - low) / 2

    right = n * (half(a - b) / wanted) ** 2
    if abs(found - right) <= 0.15 * right:
        return
    low, high = bootstrap_interval(a - b)
    widths: list[tuple[float, Cause]] = [
        (2 * half(a - b), WHOLE),
        (half(a), OF_ONE),
        (half(b), OF_ONE),
        (float(np.hypot(half(a), half(b))), UNPAIRED),
        (half(a) + half(b), UNPAIRED),
        (float((a - b).std()), SD),
        (1.96 * float((a - b).std()), SD),
        (half(a - b) / 1.96, STANDARD_ERROR),
        (half(a - b) / 100, SHARES),
        (abs(float((a - b).mean())), GAIN_ITSELF),
        (1.96 * float(a.std()) / n**0.5, OF_ONE),
        (1.96 * float(b.std()) / n**0.5, OF_ONE),
        (2.8 / 1.96 * half(a - b), POWER),
        (2.8 * float((a - b).std()) / n**0.5, POWER),
        (abs(float(low)), GAIN_ITSELF),
        (abs(float(high)), GAIN_ITSELF),
        (2 * half(a), OF_ONE),
    ]
    if "dice" in gated.table and "dice" in plain.table:
        dice = 100 * (gated.table["dice"] - plain.table["dice"]).to_numpy()
        widths.append((half(dice), OF_DICE))
    rule = slot(
        lambda w: n * (w / wanted) ** 2,
        (lambda w: n * w / wanted, LINEAR),
        (lambda w: n * (wanted / max(w, 1e-9)) ** 2, UPSIDE_DOWN),
        (lambda w: n * wanted / max(w, 1e-9), UPSIDE_DOWN),
        (lambda w: (w / wanted) ** 2, HOW_MANY_TIMES),
        (lambda w: w / wanted, HOW_MANY_TIMES),
        (lambda w: n * (w / wanted) ** 0.5, ROOT),
        (lambda w: n * (w / wanted) ** 2 - n, MORE),
        (lambda w: n * w**2, HOW_MANY_TIMES),
        (lambda w: n**2 * (w / wanted) ** 2, HOW_MANY_TIMES),
        (lambda w: n**0.5 * (w / wanted) ** 2, ROOT),
        (lambda w: float(n), N_ALONE),
        (lambda w: n * (w / wanted) ** 4, ROOT),
    )
    width = slot(half(a - b), *widths)

    def near(x: float, y: float, share: float = 0.03) -> bool:
        return abs(x - y) <= share * abs(y)

    finding = explain(
        {"": found}, {"": right}, span(lambda _, width, rule: rule(width), {"width": width, "rule": rule}, most=1), near
    )
    if finding is None:

        def tight(x: float, y: float) -> bool:
            return near(x, y, 1e-4)

        finding = explain(
            {"": found}, {"": right}, span(lambda _, width, rule: rule(width), {"width": width, "rule": rule}), tight
        )
    refuse(
        f"{found:,.0f} photos are too {'many' if found > right else 'few'}.",
        finding,
        "Is it the half-width of the gain in J, of the gated over the plain decoder, in points?",
    )
