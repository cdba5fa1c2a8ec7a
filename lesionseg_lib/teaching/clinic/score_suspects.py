"""Suspects for the patients that score: where the cut is and how a file is read, before what all scores share."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching.diagnosis import score_causes as why
from lesionseg_lib.teaching.diagnosis.scores import ScoreSpace
from lesionseg_lib.teaching.diagnosis.suspects import Slot, Suspect, alone, slot

FIVE, NINE = (0.1, 0.3, 0.5, 0.7, 0.9), tuple(n / 10 for n in range(1, 10))
LADDERS: Sequence[tuple[float, ...]] = (
    FIVE, NINE, (0.3, 0.5, 0.7), (0.25, 0.5, 0.75), (0.4, 0.5, 0.6), (0.1, 0.5, 0.9), (0.2, 0.4, 0.6, 0.8),
    tuple(np.arange(0.5, 1, 0.05)), tuple(n / 20 for n in range(1, 20)), tuple(n / 10 for n in range(11)),
    tuple(n / 10 for n in range(10)), (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8), (0.5, 0.7, 0.9), (0.3, 0.4, 0.5, 0.6, 0.7),
    (0.1, 0.3, 0.7, 0.9), (0.5, 0.6, 0.7, 0.8, 0.9),
)  # fmt: skip


def _above(limit: float) -> Callable[[Any], Any]:
    return lambda p: p > limit


def _photo(function: Any) -> Callable[[Any], Any]:
    """A statistic of each photo, of the shape (N, 1, 1)."""
    return lambda p: function(p, axis=tuple(range(1, p.ndim)), keepdims=True)


_mean, _median, _most, _least = (_photo(function) for function in (np.mean, np.median, np.max, np.min))


def _stretched(p: Any) -> Any:
    return (p - _least(p)) / np.maximum(_most(p) - _least(p), 1e-12)


def _nothing(p: Any) -> Any:
    return np.zeros(p.shape)


def _everything(p: Any) -> Any:
    return np.ones(p.shape)


LIMITS = (
    0.05,
    0.1,
    0.2,
    0.25,
    0.3,
    0.35,
    0.4,
    0.45,
    0.49,
    0.51,
    0.55,
    0.6,
    0.62,
    0.622,
    0.65,
    0.7,
    0.75,
    0.8,
    0.9,
    0.95,
)
OF_PROBABILITIES: Slot = slot(
    _above(0.5),
    (lambda p: p, why.NO_CUT),
    (_everything, why.ALL_LESION),
    (_nothing, why.NO_LESION),
    (lambda p: p <= 0.5, why.EXCHANGED),
    (sigmoid, why.SIGMOID_AGAIN),
    *((_above(limit), why.OTHER_CUT) for limit in LIMITS),
    *((lambda p, limit=limit: sigmoid(p) > limit, why.SIGMOID_AGAIN) for limit in (0.55, 0.6, 0.62, 0.65, 0.7, 0.73)),
    (lambda p: p > _mean(p), why.ADAPTIVE_CUT),
    (lambda p: p > p.mean(), why.ADAPTIVE_CUT),
    (lambda p: p > _median(p), why.ADAPTIVE_CUT),
    (lambda p: p > _most(p) / 2, why.ADAPTIVE_CUT),
    (lambda p: p >= _most(p), why.ADAPTIVE_CUT),
    (lambda p: _stretched(p) > 0.5, why.SCALED),
    (lambda p: (p - p.min()) / (p.max() - p.min()) > 0.5, why.SCALED),
    (lambda p: np.round(p, 1) > 0.5, why.ROUNDED_FIRST),
    (lambda p: np.round(p, 1), why.ROUNDED_FIRST),
    (lambda p: p * (p > 0.5), why.TRUTH_SOFT),
    (lambda p: p**2, why.NO_CUT),
    (lambda p: 1 - p, why.EXCHANGED),
)  # fmt: skip
OF_LOGITS: Slot = slot(
    _above(0),
    (_above(0.5), why.LOGIT_LIMIT),
    (lambda x: np.round(np.clip(x, 0, 1)), why.CLIPPED),
    (_everything, why.ALL_LESION),
    (_nothing, why.NO_LESION),
    (lambda x: x <= 0, why.EXCHANGED),
    (lambda x: x, why.NO_CUT),
    (sigmoid, why.NO_CUT),
    (lambda x: np.clip(x, 0, 1), why.NO_CUT),
    (lambda x: np.maximum(x, 0), why.NO_CUT),
    (lambda x: sigmoid(sigmoid(x)), why.SIGMOID_AGAIN),
    *((lambda x, limit=limit: sigmoid(x) > limit, why.OTHER_CUT) for limit in LIMITS),
    *((_above(limit), why.OTHER_CUT) for limit in (-2, -1, -0.5, 0.1, 0.25, 0.3, 0.6, 0.62, 0.7, 0.9, 1, 2)),
    *((lambda x, limit=limit: sigmoid(sigmoid(x)) > limit, why.SIGMOID_AGAIN) for limit in (0.6, 0.62, 0.65, 0.7)),
    (lambda x: np.tanh(x) > 0.5, why.OTHER_CUT),
    (lambda x: np.abs(x) > 0.5, why.SIGN_LOST),
    (lambda x: x**2 > 0.25, why.SIGN_LOST),
    (lambda x: x.astype(int) != 0, why.TRUNCATED),
    (lambda x: x.astype(int) > 0, why.TRUNCATED),
    (lambda x: x > _mean(x), why.ADAPTIVE_CUT),
    (lambda x: x > _median(x), why.ADAPTIVE_CUT),
    (lambda x: _stretched(x) > 0.5, why.SCALED),
    (lambda x: (x - x.min()) / (x.max() - x.min()) > 0.5, why.SCALED),
)
OF_MASKS: Slot = slot(
    None,
    (_everything, why.ALL_LESION),
    (_nothing, why.NO_LESION),
    (lambda m: ~m.astype(bool), why.EXCHANGED),
    (lambda m: m >= _most(m), why.EMPTY_BECOMES_ALL),
)
TRUTHS: Slot = slot(
    None, (lambda t: ~t.astype(bool), why.TRUTH_EXCHANGED), (lambda t: t >= _most(t), why.EMPTY_BECOMES_ALL)
)
FILES: Slot = slot(
    lambda png: png > 128,
    (lambda png: png.astype(float), why.BYTES),
    (lambda png: png > 0, why.ANY_GREY),
    (lambda png: png == 255, why.BRIGHTEST),
    (lambda png: png / 255, why.DIVIDED),
    (lambda png: png / 256, why.DIVIDED),
    (lambda png: png / 128, why.DIVIDED),
    (lambda png: png // 128, why.LOW_LIMIT),
    (lambda png: png.astype(np.int8).astype(float), why.WRAPPED),
    (lambda png: (png.astype(np.uint8) * np.uint8(255)).astype(float), why.WRAPPED),
    (lambda png: png == 1, why.EXACTLY_ONE),
    (lambda png: png <= 128, why.TRUTH_EXCHANGED),
    (lambda png: 1 - png / 255, why.TRUTH_EXCHANGED),
    *((lambda png, limit=limit: png > limit, why.LOW_LIMIT) for limit in (1, 10, 50, 64, 100, 110, 119, 136, 150, 200)),
)


class _Many:
    """A cut at several limits, whose scores are reduced to one."""

    def __init__(self, limits: Sequence[float], how: Callable[[Any], Any] = np.mean) -> None:
        self.limits, self.how = limits, how


def _thresholds(logits: bool) -> list[tuple[Any, Any]]:
    rules: list[tuple[Any, Any]] = [
        (np.mean, why.MANY_THRESHOLDS),
        (np.median, why.MANY_THRESHOLDS),
        (np.max, why.BEST_THRESHOLD),
    ]
    if logits:
        rules = rules[:1]
    return [(_Many(limits, how), cause) for how, cause in rules for limits in LADDERS]


class _Cuts(ScoreSpace):
    """Scores of probabilities: several limits, and a mask in one place of the formula only."""

    def answer(self, label: str, cut: Any = None, **steps: Any) -> Any:  # type: ignore[override]
        if isinstance(cut, _Many):
            return cut.how([super(_Cuts, self).answer(label, cut=_limit(limit), **steps) for limit in cut.limits])
        return super().answer(label, cut=cut, **steps)


_LIMITS: dict[float, Callable[[Any], Any]] = {}


def _limit(limit: float) -> Callable[[Any], Any]:
    """One function a limit, so that its counts are known the second time."""
    return _LIMITS.setdefault(limit, _above(limit))


def _half_soft(questions: Mapping[str, Any]) -> Iterator[Suspect]:
    """Hard above the line and soft below, in its three forms."""

    def mixed(label: str, above_soft: bool, union: Callable[[Any, Any, Any], Any]) -> float:
        p, t = questions[label]
        hard = (p > 0.5).astype(float)
        both = ((p if above_soft else hard) * t).sum((1, 2))
        return float((both / union(hard if above_soft else p, t, both)).mean())

    unions = (
        lambda x, t, both: (x + t - x * t).sum((1, 2)),
        lambda x, t, both: x.sum((1, 2)) + t.sum((1, 2)) - both,
        lambda x, t, both: np.maximum(x, t).sum((1, 2)),
    )
    for above_soft in (False, True):
        for union in unions:
            yield alone(why.HALF_SOFT, lambda label, s=above_soft, u=union: mixed(label, s, u))  # type: ignore[misc]
    yield alone(why.NO_CUT, lambda label: _fuzzy(questions[label]))  # type: ignore[misc]


def _fuzzy(pair: Any) -> float:
    p, t = pair
    return float((np.minimum(p, t).sum((1, 2)) / np.maximum(p, t).sum((1, 2))).mean())


def _with_ladders(questions: Mapping[str, Any], cuts: Slot, logits: bool) -> Iterator[Suspect]:
    """Every ladder of limits alone; with a second mistake only the commonest."""
    many = slot(None, *_thresholds(logits))[1:]
    space = _Cuts(questions, cut=[*cuts, *many], read=TRUTHS)
    yield from space.suspects(1)
    space.slots["cut"] = [*cuts, *(option for option in many if option.value.limits in (FIVE, NINE))]
    yield from (suspect for suspect in space.suspects(2) if len(suspect.causes) == 2)


def of_probabilities(questions: Mapping[str, Any]) -> Iterator[Suspect]:
    yield from _half_soft(questions)
    yield from _with_ladders(questions, OF_PROBABILITIES, logits=False)


def of_logits(questions: Mapping[str, Any]) -> Iterator[Suspect]:
    yield from _with_ladders(questions, OF_LOGITS, logits=True)


def of_masks(questions: Mapping[str, Any], wanted: str = "jaccard") -> Iterator[Suspect]:
    yield from ScoreSpace(questions, wanted, cut=OF_MASKS, read=TRUTHS).suspects()


def of_dice(questions: Mapping[str, Any]) -> Iterator[Suspect]:
    return of_masks(questions, "dice")


def of_batches(questions: Mapping[str, Any]) -> Iterator[Suspect]:
    yield from ScoreSpace({label: batches[0] for label, batches in questions.items()}).suspects()


def of_files(questions: Mapping[str, Any]) -> Iterator[Suspect]:
    yield from ScoreSpace(questions, cut=OF_MASKS, read=FILES).suspects()
