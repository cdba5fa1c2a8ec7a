"""Scores of masks, and what goes wrong in them: the cut, what is counted together, the formula, 0 / 0, the mean."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis import score_causes as why
from lesionseg_lib.teaching.diagnosis.suspects import Slot, Suspect, slot, span

Counts = tuple[Any, Any, Any, Any]  # tp, fp, fn, tn of each group


def _jaccard(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    return tp, tp + fp + fn


def _dice(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    return 2 * tp, 2 * tp + fp + fn


def _mean_of(*formulas: Callable[..., Any]) -> Callable[..., Any]:
    """The mean of several ratios, as a numerator above 1."""

    def ratio(*counts: Any) -> Any:
        parts = [_divide(formula(*counts), 1.0) for formula in formulas]
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


def _divide(ratio: Any, empty: float) -> Any:
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
    (lambda *c: (_divide(_recall(*c), 1.0) * _divide(_precision(*c), 1.0), np.ones_like(c[0])), why.PRODUCT_PR),
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


def _weighted(scores: Any, weights: Any) -> Any:
    return (scores * weights).sum() / weights.sum()


def _f_of_means(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    p, r = (np.mean(_divide(f(tp, fp, fn, tn), 1.0)) for f in (_precision, _recall))
    return 2 * p * r / (p + r)


def _j_of_mean_counts(tp: Any, fp: Any, fn: Any, tn: Any) -> Any:
    p, r = (np.mean(_divide(f(tp, fp, fn, tn), 1.0)) for f in (_precision, _recall))
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
    (lambda s, w: _weighted(s, w), why.WEIGHTED),
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


class ScoreSpace:
    """Suspects for functions of prediction and truth that return one mean score.

    ``questions``: label -> (prediction, truth), both (N, H, W), or a list of such pairs, the batches. ``cuts`` and
    ``reads`` are the steps that make of prediction and truth a mask, in whole or (soft) fractional pixels.
    """

    def __init__(self, questions: Mapping[str, Any], wanted: str = "jaccard", **more: Slot) -> None:
        self.questions = questions
        own: dict[str, Slot] = {"cut": slot(None), "read": slot(None)} | more
        self.slots: dict[str, Slot] = {
            **own, "view": VIEWS, "formula": formulas(wanted), "constants": CONSTANTS, "empty": EMPTY, "each": EACH,
            "reduce": REDUCTIONS, "after": AFTER, "whole": WHOLE,
        }  # fmt: skip
        self.slots.pop("batch", None)
        self.batched = any(isinstance(question, list) for question in questions.values())
        if self.batched:
            self.slots["batch"] = BATCHES
        self._known: dict[Any, Counts] = {}

    def suspects(self, most: int = 2) -> Iterator[Suspect]:
        """From one mistake to ``most`` together."""
        yield from span(self.answer, self.slots, most)

    def answer(self, label: str, batch: str = "all", **steps: Any) -> Any:
        """What somebody says who takes these steps."""
        question = self.questions[label]
        if not isinstance(question, list):
            return self._score(label, None, **steps)
        if batch == "all":
            return self._score(label, "all", **steps)
        if batch in ("last", "first"):
            return self._score(label, len(question) - 1 if batch == "last" else 0, **steps)
        if batch == "over batches":
            photos = sum(len(mask) for mask, _ in question)
            return self._score(label, "all", **steps) * photos / len(question)
        each = np.array([self._score(label, number, **steps) for number in range(len(question))], float)
        if batch == "running":
            running = each[0]
            for score in each[1:]:
                running = (running + score) / 2
            return running
        if batch == "full size":
            return (each * [len(mask) for mask, _ in question]).sum() / (len(question) * len(question[0][0]))
        kept = each[:-1] if batch == "drop last" else each[1:] if batch == "drop first" else each
        if len(question) == 1:
            kept = each  # who drops one of several usually keeps an only one
        elif batch.startswith("drop"):
            weights = np.array([len(mask) for mask, _ in question], float)
            weights = weights[:-1] if batch == "drop last" else weights[1:]
            return _weighted(kept, weights)
        rules: dict[str, Callable[[Any], Any]] = {
            "mean": np.mean, "sum": np.sum, "best": np.max, "worst": np.min, "median": np.median,
        }  # fmt: skip
        return rules.get(batch, np.mean)(kept)

    def _score(self, label: str, part: Any, cut: Any, read: Any, view: str, formula: Any, constants: Any, empty: str,
               each: Any, reduce: Any, after: Any, whole: Any) -> Any:  # fmt: skip
        counts = self._counts(label, part, cut, read, view)
        if whole is not None:
            value = whole(*counts)
        else:
            scores = _by_rule(counts, formula, constants, empty)
            if each is not None:
                scores = each(scores)
            if not len(scores):
                return np.nan
            value = reduce(scores, counts[0] + counts[2])
            if empty == "none" and not (counts[0] + counts[2]).any():
                value = 0.0
        return value if after is None else after(value)

    def _counts(self, label: str, part: Any, cut: Any, read: Any, view: str) -> Counts:
        key = (label, part, id(cut), id(read), view)
        if key not in self._known:
            question = self.questions[label]
            if part == "all":
                pair = tuple(np.concatenate(arrays) for arrays in zip(*question, strict=True))
            else:
                pair = question if part is None else question[part]
            mask, truth = (np.asarray(array) for array in pair)
            m = np.asarray(mask if cut is None else cut(mask), float)
            t = np.asarray(truth if read is None else read(truth), float)
            m, t = np.broadcast_arrays(m, t)
            self._known[key] = _count(m, t, view)
        return self._known[key]


AXES = {"photo": (1, 2), "pooled": (0, 1, 2), "columns": (1,), "rows": (2,), "places": (0,)}


def _count(m: Any, t: Any, view: str) -> Counts:
    if m.ndim == 4:
        m, t = m[:, 0], t[:, 0]
    if m.ndim == 2:
        m, t = m[None], t[None]
    axes = AXES[view]
    both = m * t
    parts = (both, m - both, t - both, 1 - m - t + both)
    a, b, c, d = (np.atleast_1d(part.sum(axes)).ravel() for part in parts)
    return a, b, c, d


def _by_rule(counts: Counts, formula: Any, constants: tuple[float, float], empty: str) -> Any:
    """Scores of the groups, by a rule for what is empty."""
    tp, fp, fn, _ = counts
    no_truth, no_mask = (tp + fn) == 0, (tp + fp) == 0
    above, below = formula(*counts)
    above, below = np.asarray(above, float) + constants[0], np.asarray(below, float) + constants[1]
    default = {"zero": 0.0, "nan": np.nan, "skip": np.nan, "half": 0.5}.get(empty, 1.0)
    scores = _divide((above, below), default)
    if empty == "skip":
        return scores[~np.isnan(scores)]
    if empty == "skip truth":
        return scores[~no_truth]
    if empty == "skip mask":
        return scores[~no_mask]
    if empty == "skip zeros":
        return scores[scores != 0]
    if empty in ("truth one", "truth zero"):
        return np.where(no_truth, 1.0 if empty == "truth one" else 0.0, scores)
    if empty == "mask one":
        return np.where(no_mask, 1.0, scores)
    if empty == "either one":
        return np.where(no_mask | no_truth, 1.0, scores)
    return scores
