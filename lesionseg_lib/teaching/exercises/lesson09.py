"""Exercises of lesson 09: what a gate costs, who decides in it, and how many photos a small gain would need."""

import copy
from collections.abc import Iterator
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
from lesionseg_lib.teaching.diagnosis.reading import demand, number, numbers, refuse, rows
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone, slot, span
from lesionseg_lib.teaching.diagnosis.tables import Base, judge
from lesionseg_lib.teaching.exercises.registry import exercise
from lesionseg_lib.teaching.lessons import Fit, Lesson
from lesionseg_lib.training.probing import channel_auc, cover

HALVES = ("of_skip", "of_gate")
_COST, _WITH, _GATE = "09: What does it cost?", "09: With or without?", "09: Whom to let in?"

NORM_MISSING = cause("norm-missing")
NORM_HALF = cause("norm-half")
NORM_FOUR = cause("running-statistics-counted")
NO_SIGNAL_BIAS = cause("signal-bias-missing")
NO_LAST_BIAS = cause("coefficient-bias-missing")
BOTH_BIASES = cause("both-biases-missing")
SKIP_BIAS = cause("skip-bias-counted")
OUT_BIAS = cause("out-bias-counted")
KERNEL_ONE = cause("skip-kernel-one")
KERNEL_TWO = cause("skip-kernel-two")
SIGNAL_TWO = cause("signal-kernel")
OUT_MISSING = cause("out-missing")
OUT_SIMPLE = cause("out-not-squared")
ROLES = cause("skip-signal-exchanged")
COEFFICIENT_MISSING = cause("coefficient-missing")
HIDDEN_FULL = cause("hidden-not-halved")
HIDDEN_OTHER = cause("hidden-of-signal")
COEFFICIENT_MANY = cause("coefficient-per-channel")
SIGNAL_MISSING = cause("signal-missing")
SKIP_MISSING = cause("skip-missing")


@exercise(
    "09.1",
    _COST,
    "Three convolutions inside, one layer behind with its batch norm. Which of them has a bias?",
    "Go term by term: kernel x kernel x inputs x outputs, plus outputs where there is a bias. The hidden "
    "layer has half of "
    "the skip's channels.",
)
def price_of_a_gate(mine: Any, gate: AttentionGate) -> None:
    """every term is there: both votes, the coefficient, and the layer behind with its batch norm.

    ``mine``: number of parameters of ``gate``.
    """
    found = number(mine, "the number of parameters")
    right = parameters_of(gate)
    if found == right:
        return
    finding = explain({"": found}, {"": right}, _counts(gate), lambda a, b: a == b)
    side = "high" if found > right else "low"
    refuse(f"{found:,.0f} is too {side}.", finding, "Check the terms one by one: four, and two of them have a bias.")


def _counts(gate: AttentionGate) -> Iterator[Suspect]:
    skip, signal = gate.of_skip.in_channels, gate.of_gate.in_channels

    def compute(
        _: str, roles: Any, hidden: Any, kernel: Any, skip_bias: Any, signal_term: Any, last: Any, out: Any, norm: Any
    ) -> Any:
        x, g = roles(skip, signal)
        inner = hidden(x, g)
        return kernel * x * inner + skip_bias * inner + signal_term(g, inner) + last(inner, x) + out(x) + norm * x

    yield alone(BOTH_BIASES, lambda _: parameters_of(gate) - gate.of_skip.out_channels - 1)
    yield from span(
        compute,
        {
            "norm": slot(2, (0, NORM_MISSING), (1, NORM_HALF), (4, NORM_FOUR)),
            "kernel": slot(4, (1, KERNEL_ONE), (2, KERNEL_TWO), (9, KERNEL_TWO), (0, SKIP_MISSING)),
            "signal_term": slot(lambda g, i: g * i + i, (lambda g, i: g * i, NO_SIGNAL_BIAS), (lambda g, i: 0,
                SIGNAL_MISSING),
                                (lambda g, i: 4 * g * i + i, SIGNAL_TWO), (lambda g, i: g * i + 1, NO_SIGNAL_BIAS),
                                (lambda g, i: g * i + g, NO_SIGNAL_BIAS), (lambda g, i: 9 * g * i + i, SIGNAL_TWO)),
            "last": slot(lambda i, x: i + 1, (lambda i, x: i, NO_LAST_BIAS), (lambda i, x: 0, COEFFICIENT_MISSING),
                         (lambda i, x: 1, COEFFICIENT_MISSING), (lambda i, x: i * x + x, COEFFICIENT_MANY),
                         (lambda i, x: i * i + i, COEFFICIENT_MANY), (lambda i, x: 2 * i, COEFFICIENT_MANY),
                         (lambda i, x: i * x + 1, COEFFICIENT_MANY)),
            "out": slot(lambda x: x * x, (lambda x: x * x + x, OUT_BIAS), (lambda x: x, OUT_SIMPLE),
                (lambda x: 0, OUT_MISSING),
                        (lambda x: -2 * x, OUT_MISSING), (lambda x: 9 * x * x, OUT_SIMPLE),
                        (lambda x: x * (x // 2), OUT_SIMPLE)),
            "skip_bias": slot(0, (1, SKIP_BIAS)),
            "hidden": slot(lambda x, g: x // 2, (lambda x, g: x, HIDDEN_FULL), (lambda x, g: g // 2, HIDDEN_OTHER),
                           (lambda x, g: (x + g) // 2, HIDDEN_OTHER), (lambda x, g: g, HIDDEN_OTHER)),
            "roles": slot(lambda x, g: (x, g), (lambda x, g: (g, x), ROLES)),
        },
        cost=2.8,
    )  # fmt: skip


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
    "With nothing silenced, do you get the lesson's own numbers? And is the decoder still whole when you "
    "silence the second "
    "half?",
    "For each half: a fresh deep copy in evaluation mode, zero the *weight* of that half in all four "
    "gates, then score and "
    "detect as the lesson does.",
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
            (MEAN_MAPS, lambda half=half, right=right: {"J": right["J"]} | {k: float(m.mean()) for k, m in zip(keys[1:],
                drawn(half)[1], strict=True)}),  # type: ignore[misc]
            (J_SMALL, lambda half=half: {"J": reduce(confusion(drawn(half)[0][:, 0].cpu().numpy() > 0, truth),
                "jaccard")}),  # type: ignore[misc]
            *((scoring.MEDIAN if column == "median" else scoring.DICE if column == "dice" else scoring.ACCURACY,
               lambda half=half, c=column: {"J": _column(drawn(half)[2], drawn(half)[0], c, lesson)})  # type: ignore[misc]
              for column in ("median", "dice", "accuracy")),
            *((OTHER_CELLS, lambda half=half, limit=limit: silence(half, limit=limit)) for limit in (0.0, 0.25,
                0.75, 0.99)),  # type: ignore[misc]
            (IN_TRAINING, lambda half=half: silence(half, train=True)),  # type: ignore[misc]
            *((ONE_GATE, lambda half=half, g=g: silence(half, gates=g)) for n in (1,
                3) for g in combinations(range(4), n)),  # type: ignore[misc]
            (HALF_WEIGHTS, lambda half=half: silence(half, factor=0.5)),  # type: ignore[misc]
        ]  # fmt: skip
        hint = "(Were the gates in evaluation mode, and all four silenced?)"
        judge(numbers(given[half], keys, half), right, bases, hint=hint, of=half, seconds=2)


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
N_ALONE = cause("number-itself")


@exercise(
    "09.3",
    _WITH,
    "By which factor must the half-width shrink? By which factor must the number of photos grow for that?",
    "Start from `gain`, photo by photo, in points, gated minus plain, and its bootstrap interval. Half "
    "of its width belongs "
    "to as many photos as there are.",
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
        (2 * half(a - b), WHOLE), (half(a), OF_ONE), (half(b), OF_ONE), (float(np.hypot(half(a), half(b))), UNPAIRED),
        (half(a) + half(b), UNPAIRED), (float((a - b).std()), SD), (1.96 * float((a - b).std()), SD),
        (half(a - b) / 1.96, STANDARD_ERROR), (half(a - b) / 100, SHARES), (abs(float((a - b).mean())), GAIN_ITSELF),
        (abs(float(low)), GAIN_ITSELF), (abs(float(high)), GAIN_ITSELF), (2 * half(a), OF_ONE),
    ]  # fmt: skip
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
    near = lambda x, y: abs(x - y) <= 0.03 * abs(y)  # noqa: E731
    finding = explain(
        {"": found}, {"": right}, span(lambda _, width, rule: rule(width), {"width": width, "rule": rule}, most=1), near
    )
    if finding is None:
        tight = lambda x, y: abs(x - y) <= 1e-4 * abs(y)  # noqa: E731
        finding = explain(
            {"": found}, {"": right}, span(lambda _, width, rule: rule(width), {"width": width, "rule": rule}), tight
        )
    refuse(
        f"{found:,.0f} photos are too {'many' if found > right else 'few'}.",
        finding,
        "Is it the half-width of the gain in J, of the gated over the plain decoder, in points?",
    )
