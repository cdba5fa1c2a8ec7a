"""What J a network expects of its own mask, computed wrongly."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching.diagnosis import score_causes as scoring
from lesionseg_lib.teaching.diagnosis import table_causes as table_why
from lesionseg_lib.teaching.diagnosis.causes import cause
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, slot, span

INSIDE_ONLY = cause("mean-inside")

NO_SIGMOID = cause("expected-of-logits")

SECOND_SIGMOID = cause("expected-second-sigmoid")

SOFT_BELOW = cause("soft-area-below")

HARD_ABOVE = cause("pixels-above")

EXPECTED_DICE = cause("expected-dice")

WHOLE_PHOTO = cause("mean-of-photo")

ALL_PROBABILITY = cause("all-probability-below")

NO_OUTSIDE = cause("outside-forgotten")

OUTSIDE_ABOVE = cause("outside-above")

CUT_ELSEWHERE = cause("expected-other-cut")

POOLED = cause("expected-pooled")

SKIN_TOO = cause("skin-certainty")

COMPLEMENT_OUTSIDE = cause("complement-outside")


def logit(p: Any) -> Any:
    return np.log(p / (1 - p)).astype(np.float32)


def doubtful_photos() -> dict[str, Any]:
    y, x = np.mgrid[:7, :9]
    hill = (0.93 - 0.11 * np.hypot(y - 3, x - 5)).clip(0.02)
    return {
        "p = .9, .6, .3, .1, and another photo": np.array([[[0.9, 0.6, 0.3, 0.1]], [[0.8, 0.8, 0.3, 0.2]]], np.float32),
        "a hill of 7 x 9, and a lower one": np.stack([hill, 0.7 * hill]).astype(np.float32),
        "all lesion, 3 x 5": np.linspace(0.55, 0.95, 15, dtype=np.float32).reshape(1, 3, 5),
        "three photos, one pixel each": np.array([0.7, 0.2, 0.55], np.float32).reshape(3, 1, 1),
    }


def wrong_bets(questions: Mapping[str, Any]) -> Iterator[Suspect]:
    def compute(label: str, p: Any, cut: Any, rule: Any, after: Any) -> Any:
        q = p(questions[label])
        m = cut(q)
        return after(rule(q, m))

    def total(a: Any) -> Any:
        return a.sum((1, 2))

    def ratio(above: Any, below: Any) -> Any:
        return above / np.maximum(below, 1e-6)

    yield from span(
        compute,
        {
            "rule": slot(
                lambda p, m: ratio(total(p * m), total(m) + total(p * ~m)),
                (lambda p, m: ratio(total(p * m), total(m)), INSIDE_ONLY),
                (lambda p, m: ratio(total(p * m), total(p)), SOFT_BELOW),
                (lambda p, m: ratio(total(m), total(m) + total(p * ~m)), HARD_ABOVE),
                (lambda p, m: ratio(2 * total(p * m), total(m) + total(p)), EXPECTED_DICE),
                (lambda p, m: ratio(2 * total(p * m), total(m) + total(p * m) + total(p * ~m)), EXPECTED_DICE),
                (lambda p, m: ratio(total(p * m), total(m) + total(p)), ALL_PROBABILITY),
                (lambda p, m: ratio(total(p), total(m) + total(p * ~m)), OUTSIDE_ABOVE),
                (lambda p, m: ratio(total(p * ~m), total(m) + total(p * ~m)), OUTSIDE_ABOVE),
                (lambda p, m: ratio(total(p * m), total(m) + total((1 - p) * ~m)), COMPLEMENT_OUTSIDE),
                (lambda p, m: ratio(total(p * m), total(np.ones_like(p))), WHOLE_PHOTO),
                (lambda p, m: p.mean((1, 2)), WHOLE_PHOTO),
                (lambda p, m: np.maximum(p, 1 - p).mean((1, 2)), WHOLE_PHOTO),
                (lambda p, m: p.max((1, 2)), WHOLE_PHOTO),
                (lambda p, m: (2 * np.abs(p - 0.5)).mean((1, 2)), WHOLE_PHOTO),
                (lambda p, m: total(p * m + (1 - p) * ~m) / total(np.ones_like(p)), SKIN_TOO),
                (lambda p, m: ratio(total(p * m), total(m) + total(~m)), NO_OUTSIDE),
                (lambda p, m: ratio(total(p * m), total(m) - total(p * m)), NO_OUTSIDE),
                (lambda p, m: ratio(total(p * m), total(m) - total(p * ~m)), COMPLEMENT_OUTSIDE),
                (lambda p, m: np.full(len(p), ratio((p * m).sum(), m.sum() + (p * ~m).sum())), POOLED),
            ),
            "p": slot(lambda p: p, (lambda p: logit(p), NO_SIGMOID), (lambda p: sigmoid(p), SECOND_SIGMOID),
                      (lambda p: 1 - p, scoring.EXCHANGED)),
            "cut": slot(lambda p: p > 0.5, (lambda p: p > 0, CUT_ELSEWHERE), (lambda p: p > 0.622459, SECOND_SIGMOID),
                        (lambda p: p <= 0.5, scoring.EXCHANGED), *((lambda p, k=k: p > k,
                            CUT_ELSEWHERE) for k in (0.1, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9))),
            "after": slot(lambda x: x, (lambda x: 100 * x, table_why.PERCENT), (lambda x: 1 - x, table_why.ONE_MINUS),
                          (lambda x: np.full(len(x), x.mean()), POOLED), (lambda x: 2 * x / (1 + x), EXPECTED_DICE)),
        },
    )  # fmt: skip


def expected_jaccard(p: Any) -> Any:
    inside = p > 0.5
    return (p * inside).sum((1, 2)) / np.maximum(inside.sum((1, 2)) + (p * ~inside).sum((1, 2)), 1e-6)
