"""The steps from counts to a score, each with what goes wrong in it: formula, constants, 0 / 0, the mean."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis import score_causes as why
from lesionseg_lib.teaching.diagnosis.suspects import Slot, slot

GroupCounts = tuple[Any, Any, Any, Any]  # tp, fp, fn, tn of each group


def _jaccard(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    return tp, tp + fp + fn


def _dice(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    return 2 * tp, 2 * tp + fp + fn


def _mean_of(*formulas: Callable[..., Any]) -> Callable[..., Any]:
    """The mean of several ratios, as a numerator above 1."""

    def ratio(*counts: Any) -> Any:
        parts = [divide(formula(*counts), 1.0) for formula in formulas]
        return sum(parts) / len(parts), np.ones_like(parts[0])

    return ratio


def _skin(formula: Callable[..., Any]) -> Callable[..., Any]:
    return lambda tp, fp, fn, tn: formula(tn, fn, fp, tp)


def _recall(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    return tp, tp + fn


def _precision(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    return tp, tp + fp


def _accuracy(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    return tp + tn, tp + fp + fn + tn


def _kappa(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    n = tp + fp + fn + tn
    chance = ((tp + fp) * (tp + fn) + (fn + tn) * (fp + tn)) / n
    return tp + tn - chance, n - chance


def _correlation(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    return tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))


def divide(ratio: Any, empty: float) -> Any:
    above, below = ratio
    with np.errstate(all="ignore"):
        return np.where(np.asarray(below) == 0, np.where(np.asarray(above) == 0, empty, above / below), above / below)


OTHER_FORMULAS: Sequence[tuple[Callable[..., Any], Any]] = [
    (_recall, why.RECALL),
    (_precision, why.PRECISION),
    (_accuracy, why.ACCURACY),
    (lambda tp, fp, fn, tn: (tn, tn + fp), why.SPECIFICITY),
    (_mean_of(_recall, _skin(_recall)), why.BALANCED),
    (_mean_of(_recall, _precision), why.MEAN_PR),
    (lambda *c: (divide(_recall(*c), 1.0) * divide(_precision(*c), 1.0), np.ones_like(c[0])), why.PRODUCT_PR),
    (lambda tp, fp, fn, tn: (tp, 2 * tp + fp + fn), why.UNION_AREAS),
    (lambda tp, fp, fn, tn: (tp, tp + fp + fn + tn), why.ALL_PIXELS),
    (lambda tp, fp, fn, tn: (tp, fp + fn), why.XOR),
    (lambda tp, fp, fn, tn: (tp, np.maximum(tp + fp, tp + fn)), why.LARGER),
    (lambda tp, fp, fn, tn: (tp, np.minimum(tp + fp, tp + fn)), why.SMALLER),
    (lambda tp, fp, fn, tn: (tp + fp + fn, tp), why.UPSIDE_DOWN),
    (lambda tp, fp, fn, tn: (tp + tn, 2 * (tp + fp + fn + tn) - tp - tn), why.BACKGROUND_IN_UNION),
    (lambda tp, fp, fn, tn: (tp + tn, tp + fp + fn), why.ACCURACY_OVER_UNION),
    (lambda tp, fp, fn, tn: (tp, tp + fp + fn + tp), why.UNION_AREAS),
    (lambda tp, fp, fn, tn: (tp, np.ones_like(tp)), why.NOT_DIVIDED),
    (lambda tp, fp, fn, tn: (fp + fn, tp + fp + fn), why.ERROR_SHARE),
    (lambda tp, fp, fn, tn: (tp + fp, tp + fn), why.AREAS_RATIO),
    (lambda tp, fp, fn, tn: (np.minimum(tp + fp, tp + fn), np.maximum(tp + fp, tp + fn)), why.AREAS_RATIO),
    (lambda tp, fp, fn, tn: (5 * tp, 5 * tp + 4 * fn + fp), why.F_TWO),
    (lambda tp, fp, fn, tn: (1.25 * tp, 1.25 * tp + 0.25 * fn + fp), why.F_TWO),
    (lambda tp, fp, fn, tn: (tp, tp + 0.3 * fp + 0.7 * fn), why.TVERSKY),
    (lambda tp, fp, fn, tn: (tp, tp + 0.7 * fp + 0.3 * fn), why.TVERSKY),
    (lambda tp, fp, fn, tn: (0 * tp, tp + fp + fn), why.NO_OVERLAP),
    (_kappa, why.KAPPA),
    (_correlation, why.CORRELATION),
    (lambda tp, fp, fn, tn: (tp, np.sqrt((tp + fp) * (tp + fn))), why.COSINE),
    (lambda tp, fp, fn, tn: (tp - fp, tp + fp + fn), why.MINUS_ALARMS),
    (_skin(_jaccard), why.SKIN),
    (_skin(_dice), why.SKIN_DICE),
    (_mean_of(_jaccard, _skin(_jaccard)), why.BACKGROUND),
    (_mean_of(_dice, _skin(_dice)), why.BACKGROUND_DICE),
]


def formulas(wanted: str) -> Slot:
    """The step from counts to a score: ``wanted`` is "jaccard" or "dice"."""
    jaccard = [(_jaccard, why.JACCARD_FOR_DICE), (_jaccard_of_dice_twice, why.HALVED_TWICE)]
    dice = [
        (_dice, why.DICE),
        (lambda tp, fp, fn, tn: (2 * tp, tp + fp + fn), why.TWO_OVER_UNION),
    ]
    if wanted == "dice":
        jaccard += [(lambda tp, fp, fn, tn: (2 * tp, tp + fp + fn), why.TWO_OVER_UNION)]
        jaccard += [(lambda tp, fp, fn, tn: (tp, 2 * tp + fp + fn), why.TWO_MISSING)]
        others = [(f, c) for f, c in OTHER_FORMULAS if c is not why.UNION_AREAS]
        return slot(_dice, *jaccard, *others)
    return slot(_jaccard, *dice, *OTHER_FORMULAS)


def _jaccard_of_dice_twice(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    return tp, 2 * (tp + fp + fn) - tp


def weighted(scores: Any, weights: Any) -> Any:
    return (scores * weights).sum() / weights.sum()


def _f_of_means(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    p, r = (np.mean(divide(f(tp, fp, fn, tn), 1.0)) for f in (_precision, _recall))
    return 2 * p * r / (p + r)


def _j_of_mean_counts(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    p, r = (np.mean(divide(f(tp, fp, fn, tn), 1.0)) for f in (_precision, _recall))
    return p * r / (p + r - p * r)


VIEWS: Slot = slot(
    "photo", ("pooled", why.POOLED), ("columns", why.COLUMNS), ("rows", why.ROWS), ("places", why.PLACES)
)

CONSTANTS: Slot = slot(
    (0.0, 0.0),
    *(((c, c), why.CONSTANT_LARGE) for c in (1.0, 0.1, 0.01, 0.001, 0.5, 10.0, 100.0)),
    *(((0.0, c), why.CONSTANT_BELOW) for c in (1.0, 1e-6, 1e-7, 1e-8, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1e-9, 1e-10, 1e-12)),
    *(((c, 0.0), why.CONSTANT_ABOVE) for c in (1.0, 1e-3, 1e-6, 0.01, 0.1)),
    *(((2 * c, c), why.CONSTANT_TWICE) for c in (1.0, 1e-3, 1e-6, 1e-5, 1e-7, 1e-8)),
    *(((c, 2 * c), why.CONSTANT_BELOW_TWICE) for c in (1.0, 1e-3, 1e-6, 1e-5, 1e-7, 1e-8)),
)

EMPTY: Slot = slot(
    "one",
    ("zero", why.EMPTY_ZERO),
    ("nan", why.EMPTY_NAN),
    ("skip", why.EMPTY_SKIPPED),
    ("skip truth", why.SKIPS_WITHOUT_LESION),
    ("skip truth, else one", why.SKIPS_WITHOUT_LESION),
    ("skip truth, else zero", why.SKIPS_WITHOUT_LESION),
    ("truth one", why.NO_LESION_ONE),
    ("truth zero", why.NO_LESION_ZERO),
    ("mask one", why.NOTHING_DRAWN_ONE),
    ("either one", why.EITHER_EMPTY_ONE),
    ("skip mask", why.SKIPS_NOTHING_DRAWN),
    ("half", why.EMPTY_HALF),
    ("skip zeros", why.SKIPS_ZEROS),
    ("none", why.EMPTY_WHOLE_ZERO),
)

EACH: Slot = slot(
    None,
    (lambda s: np.where(s >= 0.65, s, 0.0), why.THRESHOLD_JACCARD),
    (lambda s: (s > 0.5).astype(float), why.HITS),
    (lambda s: (s > 0.65).astype(float), why.HITS),
    (lambda s: np.mean([s > limit for limit in np.arange(0.5, 1, 0.05)], 0), why.LADDER),
    (lambda s: np.round(s, 1), why.ROUNDED),
    (lambda s: np.round(s, 2), why.ROUNDED),
    (lambda s: np.floor(s), why.TRUNCATED),
    (lambda s: np.round(s), why.ROUNDED),
)

REDUCTIONS: Slot = slot(
    lambda s, w: s.mean(),
    (lambda s, w: np.median(s), why.MEDIAN),
    (lambda s, w: s.sum(), why.SUM),
    (lambda s, w: s.max(), why.BEST),
    (lambda s, w: s.min(), why.WORST),
    (lambda s, w: s[-1], why.LAST),
    (lambda s, w: s[0], why.FIRST),
    (lambda s, w: s[:-1].mean() if len(s) > 1 else np.nan, why.LAST_LEFT_OUT),
    (lambda s, w: s[1:].mean() if len(s) > 1 else np.nan, why.FIRST_LEFT_OUT),
    (lambda s, w: s, why.NOT_AVERAGED),
    (lambda s, w: weighted(s, w), why.WEIGHTED),
    (lambda s, w: np.exp(np.log(s).mean()), why.GEOMETRIC),
    (lambda s, w: len(s) / (1 / s).sum(), why.HARMONIC),
    (lambda s, w: np.sqrt((s**2).mean()), why.ROOT_MEAN_SQUARE),
    (lambda s, w: s.sum() / 2, why.NUMBER_WRITTEN_IN),
    (lambda s, w: s.sum() / 3, why.NUMBER_WRITTEN_IN),
    (lambda s, w: s.std(), why.DEVIATION),
    (lambda s, w: s.prod(), why.PRODUCT),
    (lambda s, w: s.sum() / max(len(s) - 1, 1), why.ONE_TOO_FEW),
    (lambda s, w: s.sum() / (len(s) + 1), why.ONE_TOO_MANY),
    (lambda s, w: (s.max() + s.min()) / 2, why.MIDRANGE),
)

AFTER: Slot = slot(
    None,
    (lambda x: 100 * x, why.PERCENT),
    (lambda x: 1 - x, why.COMPLEMENT),
    (lambda x: 1 + x, why.PLUS_ONE),
    (lambda x: x / (2 - x), why.TO_JACCARD),
    (lambda x: 2 * x / (1 + x), why.TO_DICE),
    (lambda x: 2 * x, why.DOUBLED),
    (lambda x: x / 2, why.HALVED),
    (lambda x: np.sqrt(x), why.ROOT),
    (lambda x: x**2, why.SQUARED),
    (lambda x: np.round(x, 1), why.ROUNDED),
    (lambda x: np.round(x, 2), why.ROUNDED),
    (lambda x: np.round(x, 3), why.ROUNDED),
    (lambda x: np.floor(x), why.TRUNCATED),
    (lambda x: -x, why.NEGATIVE),
)

BATCHES: Slot = slot(
    "all",
    ("last", why.LAST_BATCH),
    ("first", why.FIRST_BATCH),
    ("mean", why.MEAN_OF_BATCHES),
    ("sum", why.SUM_OF_BATCHES),
    ("drop last", why.LAST_LEFT_OUT),
    ("drop first", why.FIRST_LEFT_OUT),
    ("running", why.RUNNING),
    ("best", why.BEST_BATCH),
    ("worst", why.BEST_BATCH),
    ("median", why.MEDIAN_OF_BATCHES),
    ("full size", why.FULL_BATCHES),
    ("over batches", why.SUM_OVER_BATCHES),
)

WHOLE: Slot = slot(None, (_f_of_means, why.F_OF_MEANS), (_j_of_mean_counts, why.F_OF_MEANS))
