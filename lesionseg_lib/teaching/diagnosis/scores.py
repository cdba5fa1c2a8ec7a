"""Scores of masks, and what goes wrong in them: the cut, what is counted together, the formula, 0 / 0, the mean."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from lesionseg_lib.teaching.diagnosis.score_steps import (
    AFTER,
    BATCHES,
    CONSTANTS,
    EACH,
    EMPTY,
    REDUCTIONS,
    VIEWS,
    WHOLE,
    GroupCounts,
    divide,
    formulas,
    weighted,
)
from lesionseg_lib.teaching.diagnosis.suspects import Slot, Suspect, slot, span


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
        self._known: dict[Any, GroupCounts] = {}

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
            return weighted(kept, weights)
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

    def _counts(self, label: str, part: Any, cut: Any, read: Any, view: str) -> GroupCounts:
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


def _count(m: Any, t: Any, view: str) -> GroupCounts:
    if m.ndim == 4:
        m, t = m[:, 0], t[:, 0]
    if m.ndim == 2:
        m, t = m[None], t[None]
    axes = AXES[view]
    both = m * t
    parts = (both, m - both, t - both, 1 - m - t + both)
    a, b, c, d = (np.atleast_1d(part.sum(axes)).ravel() for part in parts)
    return a, b, c, d


def _by_rule(counts: GroupCounts, formula: Any, constants: tuple[float, float], empty: str) -> Any:
    """Scores of the groups, by a rule for what is empty."""
    tp, fp, fn, _ = counts
    no_truth, no_mask = (tp + fn) == 0, (tp + fp) == 0
    above, below = formula(*counts)
    above, below = np.asarray(above, float) + constants[0], np.asarray(below, float) + constants[1]
    default = {"zero": 0.0, "nan": np.nan, "skip": np.nan, "half": 0.5}.get(empty, 1.0)
    scores = divide((above, below), default)
    if empty == "skip":
        return scores[~np.isnan(scores)]
    if empty.startswith("skip truth"):
        none = {"one": [1.0], "zero": [0.0]}.get(empty.rpartition(" ")[2], [])
        return scores[~no_truth] if not no_truth.all() else np.array(none)
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
