"""Losses of overlap, and what goes wrong in them: the probability, the axes, the formula, the constant, the mean."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis import loss_causes as why
from lesionseg_lib.teaching.diagnosis.suspects import Slot, Suspect, slot, span


def _sigmoid(z: Any) -> Any:
    return 0.5 * (1 + np.tanh(0.5 * z))


PROBABILITIES: Slot = slot(
    _sigmoid,
    (lambda z: z, why.RAW_LOGITS),
    (lambda z: _sigmoid(_sigmoid(z)), why.SIGMOID_TWICE),
    (lambda z: (z > 0).astype(float), why.HARD),
    (lambda z: (z > 0.5).astype(float), why.HARD),
    (lambda z: np.ones_like(z), why.SOFTMAX),
    (np.tanh, why.OTHER_SQUASH),
    (lambda z: np.maximum(z, 0), why.OTHER_SQUASH),
    (lambda z: np.clip(z, 0, 1), why.OTHER_SQUASH),
    (lambda z: _sigmoid(-z), why.SIGN_OF_LOGITS),
    (lambda z: _sigmoid(2 * z), why.OTHER_SQUASH),
)
AXES: Slot = slot(
    (1, 2, 3), ((0, 1, 2, 3), why.POOLED), ((1, 2), why.AXES), ((1, 3), why.AXES), ((0, 1), why.AXES), ((0,), why.AXES),
    ((1,), why.AXES),
)  # fmt: skip
CONSTANTS = (1.0, 1.0)
LARGE = (1000.0, 100.0, 10.0, 5.0, 2.0, 500.0, 3.0, 4.0, 8.0, 15.0, 16.0, 20.0, 50.0, 64.0, 200.0, 255.0, 256.0, 1e4)
OTHER_CONSTANTS = [
    *(((c, c), why.CONSTANT_LARGE) for c in LARGE),
    *(((c, c), why.CONSTANT_SMALL) for c in (1e-6, 0.0, 1e-3, 0.1, 0.5, 0.01)),
    ((0.0, 1.0), why.CONSTANT_BELOW), ((1.0, 0.0), why.CONSTANT_ABOVE), ((2.0, 1.0), why.CONSTANT_IN_BRACKET),
    ((1.0, 2.0), why.CONSTANT_TWICE_BELOW), ((0.0, 1000.0), why.CONSTANT_BELOW), ((1000.0, 0.0), why.CONSTANT_ABOVE),
    ((0.0, 1e-6), why.CONSTANT_BELOW), ((2e-6, 1e-6), why.CONSTANT_SMALL), ((2000.0, 1000.0), why.CONSTANT_LARGE),
    ((1.0, 1000.0), why.CONSTANT_UNEQUAL), ((1000.0, 1.0), why.CONSTANT_UNEQUAL), ((2.0, 2.0), why.CONSTANT_LARGE),
    ((1.0, 1e-6), why.CONSTANT_ABOVE), ((1e-6, 1.0), why.CONSTANT_BELOW),
]  # fmt: skip
FINALS: Slot = slot(
    lambda x: 1 - x,
    (lambda x: x, why.INDEX),
    (lambda x: -x, why.NEGATIVE_INDEX),
    (lambda x: -np.log(x), why.LOGARITHM),
    (lambda x: np.log(1 / x), why.LOGARITHM),
    (lambda x: np.log(np.cosh(1 - x)), why.LOGARITHM),
    (lambda x: (1 - x) ** 2, why.SQUARED),
    (lambda x: (1 - x) ** 0.5, why.POWER),
    (lambda x: (1 - x) ** 0.75, why.POWER),
    (lambda x: (1 - x) ** (4 / 3), why.POWER),
    (lambda x: 1 - x**2, why.SQUARED),
    (lambda x: 1 - x / (2 - x), why.TO_IOU),
    (lambda x: 2 - x, why.PLUS_ONE),
    (lambda x: 1 - 2 * x, why.DOUBLED),
    (lambda x: 100 * (1 - x), why.PERCENT),
    (lambda x: 1 / x, why.RECIPROCAL),
    (lambda x: (1 - x) / 2, why.HALVED),
    (lambda x: 2 * (1 - x), why.DOUBLED),
    (lambda x: 1 - x / 2, why.HALVED),
)
REDUCTIONS: Slot = slot(
    lambda x: x.mean(),
    (lambda x: x.sum(), why.SUMMED),
    (lambda x: x.max(), why.WORST),
    (lambda x: x.min(), why.WORST),
    (lambda x: np.median(x), why.MEDIAN),
    (lambda x: x.ravel()[0], why.FIRST),
    (lambda x: x.ravel()[-1], why.FIRST),
    (lambda x: x, why.NOT_REDUCED),
    (lambda x: x.prod(), why.WORST),
    (lambda x: x.sum() / 2, why.NUMBER_WRITTEN_IN),
)


def _dice(p: Any, t: Any, axes: Any) -> Any:
    return 2 * (p * t).sum(axes), (p + t).sum(axes)


DICE: Slot = slot(
    _dice,
    (lambda p, t, a: (2 * (p * t).sum(a), (p**2 + t).sum(a)), why.SQUARES),
    (lambda p, t, a: (2 * (p * t).sum(a), (p**2).sum(a) + (t**2).sum(a)), why.SQUARES),
    (lambda p, t, a: ((p * t).sum(a), (p + t).sum(a)), why.NO_TWO),
    (lambda p, t, a: ((p * t).sum(a), (p + t - p * t).sum(a)), why.IOU),
    (lambda p, t, a: (2 * (p * t).sum(a), (p + t - p * t).sum(a)), why.TWO_OVER_UNION),
    (lambda p, t, a: ((p * t).sum(a), t.sum(a)), why.RECALL),
    (lambda p, t, a: ((p * t).sum(a), p.sum(a)), why.PRECISION),
    (lambda p, t, a: (2 * (p * t).mean(a), (p + t).mean(a)), why.MEANS),
    (lambda p, t, a: (2 * ((1 - p) * (1 - t)).sum(a), (2 - p - t).sum(a)), why.SKIN),
    (lambda p, t, a: (2 * (p * (1 - t)).sum(a), (p + 1 - t).sum(a)), why.TRUTH_EXCHANGED),
    (lambda p, t, a: (2 * np.minimum(p, t).sum(a), (p + t).sum(a)), why.SQUARES),
    (lambda p, t, a: (2 * (p * t).sum(a), p.sum() + t.sum()), why.BATCH_BELOW),
    (lambda p, t, a: (2 * (p * t).sum(), (p + t).sum(a)), why.BATCH_ABOVE),
    (lambda p, t, a: ((p * t).sum(a), np.sqrt((p**2).sum(a) * (t**2).sum(a))), why.SQUARES),
    (lambda p, t, a: ((p * t + (1 - p) * (1 - t)).sum(a), np.ones_like(p).sum(a)), why.AGREEMENT),
    (lambda p, t, a: ((p * t).sum(a), (p + t).sum(a) / 4), why.DOUBLED),
    (lambda p, t, a: (2 * (p * t).sum(a), (p + 2 * t).sum(a)), why.COUNTED_TWICE),
    (lambda p, t, a: (2 * (p * t).sum(a), (2 * p + t).sum(a)), why.COUNTED_TWICE),
    (lambda p, t, a: (2 * (p * t).sum(a), np.maximum(p, t).sum(a)), why.TWO_OVER_UNION),
    (lambda p, t, a: (2 * (p * t).sum(a), np.abs(p - t).sum(a)), why.DIFFERENCE_BELOW),
)
AROUND: Slot = slot(
    None,
    (lambda z, t: _bce(z, t), why.BCE_ADDED),
    (lambda z, t: 0.5 * _bce(z, t), why.BCE_ADDED),
)


def _bce(z: Any, t: Any) -> float:
    return float((np.logaddexp(0, z) - z * t).mean())


def soft_dice(cases: Mapping[str, tuple[Any, Any]]) -> Iterator[Suspect]:
    """Suspects for soft Dice with a constant of 1; ``cases``: label -> logits and truth, (N, 1, H, W)."""

    def compute(label: str, p: Any, axes: Any, formula: Any, constants: Any, final: Any, reduce: Any, plus: Any) -> Any:
        z, t = cases[label]
        above, below = formula(p(z), t, axes)
        value = reduce(np.asarray(final((above + constants[0]) / (below + constants[1]))))
        return value if plus is None else value + plus(z, t)

    yield from span(
        compute,
        {"p": PROBABILITIES, "axes": AXES, "formula": DICE, "constants": slot(CONSTANTS, *OTHER_CONSTANTS),
         "final": FINALS, "reduce": REDUCTIONS, "plus": AROUND},
    )  # fmt: skip


WEIGHTS: Slot = slot(
    lambda b: (1 - b, b),
    (lambda b: (b, 1 - b), why.BETA_SWAPPED),
    (lambda b: (0.3, 0.7), why.BETA_UNUSED),
    (lambda b: (0.7, 0.3), why.BETA_UNUSED),
    (lambda b: (0.5, 0.5), why.BETA_UNUSED),
    (lambda b: (1.0, 1.0), why.BETA_UNUSED),
    (lambda b: (0.3, b), why.ALPHA_WRITTEN_IN),
    (lambda b: (0.5, b), why.ALPHA_WRITTEN_IN),
    (lambda b: (0.7, b), why.ALPHA_WRITTEN_IN),
    (lambda b: (0.1, b), why.ALPHA_WRITTEN_IN),
    (lambda b: (0.15, b), why.ALPHA_WRITTEN_IN),
    (lambda b: (0.05, b), why.ALPHA_WRITTEN_IN),
    (lambda b: (0.2, b), why.ALPHA_WRITTEN_IN),
    (lambda b: (1.0, b), why.ALPHA_ONE),
    (lambda b: (0.0, b), why.ALPHA_NONE),
    (lambda b: (b, b), why.BETA_BOTH),
    (lambda b: (1 - b, 1 - b), why.BETA_BOTH),
    (lambda b: (b, 1.0), why.ALPHA_ONE),
    (lambda b: (1 + b, b), why.ALPHA_PLUS),
    (lambda b: (1.0, b**2), why.F_BETA),
    (lambda b: ((1 - b) / 2, b / 2), why.HALF_WEIGHTS),
    (lambda b: (2 * (1 - b), 2 * b), why.HALF_WEIGHTS),
)
TVERSKY: Slot = slot(
    lambda tp, fp, fn, a, b: (tp, tp + a * fp + b * fn),
    (lambda tp, fp, fn, a, b: (2 * tp, 2 * tp + a * fp + b * fn), why.TWO_TP),
    (lambda tp, fp, fn, a, b: (tp, a * fp + b * fn), why.NO_TP_BELOW),
    (lambda tp, fp, fn, a, b: (2 * tp, tp + a * fp + b * fn), why.TWO_ABOVE),
    (lambda tp, fp, fn, a, b: (tp, 2 * tp + a * fp + b * fn), why.TWO_BELOW),
    (lambda tp, fp, fn, a, b: (tp, tp + a * (tp + fp) + b * (tp + fn)), why.AREAS_FOR_ERRORS),
    (lambda tp, fp, fn, a, b: (tp, a * (tp + fp) + b * (tp + fn)), why.AREAS_FOR_ERRORS_ALONE),
    (lambda tp, fp, fn, a, b: (tp, (tp + fp) * a + (tp + fn) * b + tp), why.AREAS_FOR_ERRORS),
    (lambda tp, fp, fn, a, b: (tp, tp + a * fn + b * fn), why.ONE_ERROR_TWICE),
    (lambda tp, fp, fn, a, b: (tp, tp + a * fp + b * fp), why.ONE_ERROR_TWICE),
    (lambda tp, fp, fn, a, b: (tp, tp + fp + b * fn), why.ALPHA_ONE),
    (lambda tp, fp, fn, a, b: (tp, tp + b * fn), why.ALPHA_NONE),
    (lambda tp, fp, fn, a, b: (tp, (tp + a * fp) + (b + fn)), why.PLUS_FOR_TIMES),
    (lambda tp, fp, fn, a, b: (a * fp + b * fn, tp + a * fp + b * fn), why.ERRORS_ABOVE),
)
MEANS: Slot = slot(lambda x, axes: x.sum(axes), (lambda x, axes: x.mean(axes), why.MEANS))


def tversky(cases: Mapping[str, tuple[Any, Any, float]]) -> Iterator[Suspect]:
    """Suspects for Tversky's loss with a constant of 1; ``cases``: label -> logits, truth and beta."""

    def compute(
        label: str, p: Any, weights: Any, formula: Any, constants: Any, final: Any, total: Any, truth: Any, reduce: Any
    ) -> Any:
        z, t, beta = cases[label]
        q, t = p(z), truth(t)
        tp, fp, fn = (total(part, (1, 2, 3)) for part in (q * t, q * (1 - t), (1 - q) * t))
        above, below = formula(tp, fp, fn, *weights(beta))
        return reduce(final((above + constants[0]) / (below + constants[1])))

    truths: Slot = slot(lambda t: t, (lambda t: 1 - t, why.TRUTH_EXCHANGED))
    yield from span(
        compute,
        {"p": PROBABILITIES, "weights": WEIGHTS, "formula": TVERSKY, "constants": slot(CONSTANTS, *OTHER_CONSTANTS),
         "final": FINALS, "total": MEANS, "truth": truths, "reduce": slot(lambda x: x.mean(), (lambda x: x,
             why.NOT_REDUCED))},
    )  # fmt: skip
