"""The epoch to report, chosen wrongly."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis import score_causes as scores
from lesionseg_lib.teaching.diagnosis.causes import cause
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone, slot, span

ON_TEST = cause("chosen-on-test")

VALIDATION_SAID = cause("validation-reported")

ROLES = cause("roles-exchanged")

LAST_EPOCH = cause("last-epoch")

FIRST_EPOCH = cause("first-epoch")

WORST_EPOCH = cause("worst-epoch")

OFF_BY_ONE = cause("epoch-off-by-one")

AN_INDEX = cause("epoch-number")

MEAN_TEST = cause("mean-of-epochs")

WORST_TEST = cause("lowest-on-test")

BOTH_SAY = cause("sum-of-both")

FIRST_PEAK = cause("stopped-at-first-dip")

ALL_EPOCHS = cause("all-epochs")

THE_PAIR = cause("two-numbers")

GAP = cause("smallest-gap")

MEDIAN_EPOCH = cause("median-epoch")


def of_epochs(questions: Mapping[str, Any]) -> Iterator[Suspect]:
    """Two lists of scores, one number an epoch."""

    def suspect(why: Any, report: Callable[[Any, Any], Any]) -> Suspect:
        return alone(why, lambda label: report(*(np.array(scores) for scores in questions[label])))

    best = lambda v: int(np.argmax(v))  # noqa: E731

    def dip(v: Any) -> int:
        return next((i for i in range(len(v) - 1) if v[i + 1] <= v[i]), len(v) - 1)

    yield suspect(ON_TEST, lambda v, t: t.max())
    yield suspect(VALIDATION_SAID, lambda v, t: v.max())
    yield suspect(ROLES, lambda v, t: v[best(t)])
    yield suspect(LAST_EPOCH, lambda v, t: t[-1])
    yield suspect(LAST_EPOCH, lambda v, t: v[-1])
    yield suspect(FIRST_EPOCH, lambda v, t: t[0])
    yield suspect(WORST_EPOCH, lambda v, t: t[int(np.argmin(v))])
    yield suspect(OFF_BY_ONE, lambda v, t: t[min(best(v) + 1, len(t) - 1)])
    yield suspect(OFF_BY_ONE, lambda v, t: t[(best(v) + 1) % len(t)])
    yield suspect(OFF_BY_ONE, lambda v, t: t[best(v) - 1])
    yield suspect(OFF_BY_ONE, lambda v, t: t[max(best(v) - 1, 0)])
    yield suspect(OFF_BY_ONE, lambda v, t: t[best(v[1:])])
    yield suspect(OFF_BY_ONE, lambda v, t: t[1 + best(v[1:])])
    yield suspect(OFF_BY_ONE, lambda v, t: t[best(v[:-1])])
    yield suspect(AN_INDEX, lambda v, t: best(v))
    yield suspect(AN_INDEX, lambda v, t: best(v) + 1)
    yield suspect(AN_INDEX, lambda v, t: best(t))
    yield suspect(MEAN_TEST, lambda v, t: t.mean())
    yield suspect(MEAN_TEST, lambda v, t: v.mean())
    yield suspect(MEAN_TEST, lambda v, t: (v[best(v)] + t[best(v)]) / 2)
    yield suspect(WORST_TEST, lambda v, t: t.min())
    yield suspect(BOTH_SAY, lambda v, t: t[best(v + t)])
    yield suspect(BOTH_SAY, lambda v, t: t[best(v * t)])
    yield suspect(BOTH_SAY, lambda v, t: (v + t).max() / 2)
    yield suspect(BOTH_SAY, lambda v, t: max(v.max(), t.max()))
    yield suspect(BOTH_SAY, lambda v, t: min(v.max(), t.max()))
    yield suspect(GAP, lambda v, t: t[int(np.argmin(np.abs(v - t)))])
    yield suspect(FIRST_PEAK, lambda v, t: t[dip(v)])
    yield suspect(FIRST_PEAK, lambda v, t: t[min(dip(v) + 1, len(t) - 1)])
    yield suspect(MEDIAN_EPOCH, lambda v, t: np.median(t))
    yield suspect(ALL_EPOCHS, lambda v, t: t)
    yield suspect(THE_PAIR, lambda v, t: (v[best(v)], t[best(v)]))
    yield suspect(THE_PAIR, lambda v, t: (best(v), t[best(v)]))
    steps = slot(lambda v, t: t[best(v)], (lambda v, t: t.max(), ON_TEST), (lambda v, t: v.max(), VALIDATION_SAID))
    after = slot(lambda x: x, (lambda x: 100 * x, scores.PERCENT), (lambda x: 1 - x, scores.COMPLEMENT),
                 (lambda x: np.round(x, 1), scores.ROUNDED), (lambda x: int(x), scores.TRUNCATED))  # fmt: skip

    def compute(label: str, pick: Any, then: Any) -> Any:
        return then(pick(*(np.array(part) for part in questions[label])))

    yield from span(compute, {"pick": steps, "then": after})
