"""Public checks of A1: cases small enough to see, and the course's suspects for what goes wrong in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from lesionseg_lib.assignments.a1 import rules
from lesionseg_lib.assignments.checks import public_check
from lesionseg_lib.teaching.clinic.pair_suspects import AS_LISTED, ZIPPED
from lesionseg_lib.teaching.clinic.score_suspects import FILES, of_masks
from lesionseg_lib.teaching.clinic.suspects import of_enlarging
from lesionseg_lib.teaching.diagnosis.engine import close, explain
from lesionseg_lib.teaching.diagnosis.guard import called
from lesionseg_lib.teaching.diagnosis.observing import narrowed
from lesionseg_lib.teaching.diagnosis.reading import ask, demand, number, opened, refuse, several
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone

_RULE = "03: The organisers' rule"
_SIZE = "03: At which size?"
Questions = Mapping[str, tuple[Any, ...]]


def _asked(function: Any, questions: Questions) -> dict[str, Any]:
    return {label: opened(ask(function, *deepcopy(question))) for label, question in questions.items()}


def _mask(answer: Any, label: str, size: tuple[int, ...]) -> Any:
    demand(isinstance(answer, np.ndarray), f"{label}: expected an array, found {type(answer).__name__}.")
    demand(answer.dtype == np.bool_, f"{label}: the mask is {answer.dtype}, not bool: a mask says yes or no.")
    demand(answer.shape == size, f"{label}: the mask has the size {answer.shape}; expected {size}.")
    return answer


def _judge(
    found: Mapping[str, Any], right: Mapping[str, Any], suspects: Callable[[], Iterator[Suspect]], function: Any
) -> None:
    off = [label for label in found if not close(found[label], right[label], 1e-4)]
    if not off:
        return
    finding = explain(found, right, suspects(), names=called(function))
    if finding is None:  # two mistakes, one of which divides nothing by nothing: what says the rest?
        rest = {label: answer for label, answer in found.items() if np.isfinite(answer).all()}
        finding = explain(rest, right, suspects(), names=called(function))
    well = [label for label in found if label not in off]
    refuse(f"{off[0]}: not what the rule gives.", finding, narrowed(off, well))


@public_check(
    "a1.read_mask", _RULE, "One comparison is enough.", "Which bytes does the rule call lesion: is 128 one of them?"
)
def read_mask(function: Any) -> None:
    """Right for these files. Graded later: every byte, and files that hold other greys."""
    questions: Questions = {
        "a file of 0 and 255": (np.array([[0, 255, 255], [0, 0, 255]], np.uint8),),
        "a border of 100, 128, 129 and 200": (np.array([[0, 100, 128], [129, 200, 255]], np.uint8),),
        "a file without lesion": (np.zeros((2, 3), np.uint8),),
    }
    right = {label: rules.file_mask(*question) for label, question in questions.items()}
    found = {
        label: _mask(answer, label, right[label].shape) for label, answer in _asked(function, questions).items()
    }  # fmt: skip
    stacked = {label: question[0][None] for label, question in questions.items()}
    suspects = [
        alone(option.cause, lambda label, cut=option.value: np.asarray(cut(stacked[label]), float)[0])  # type: ignore[misc]
        for option in FILES
        if option.cause is not None
    ]
    _judge(found, right, lambda: iter(suspects), function)


@public_check(
    "a1.to_native", _SIZE, "Two steps. Which comes first?", "cv2.resize wants the width first, NumPy the height."
)
def to_native(function: Any) -> None:
    """Right for this map. Graded later: other maps, and sizes that are no multiple of the map's."""
    y, x = np.mgrid[:8, :12].astype(np.float32)
    p = np.asarray(1 / (1 + np.exp(np.hypot(y - 3.3, (x - 6.4) / 1.3) - 2.6)), np.float32)
    questions: Questions = {"a map of 8 x 12 at 33 x 50": (p, (33, 50)), "the same map at 41 x 37": (p, (41, 37))}
    right = {label: rules.enlarged(*question) > 0.5 for label, question in questions.items()}
    sure = {label: np.abs(rules.enlarged(*question) - 0.5) > 0.02 for label, question in questions.items()}
    found = {
        label: _mask(answer, label, right[label].shape) for label, answer in _asked(function, questions).items()
    }  # fmt: skip
    if all((found[label] == right[label])[sure[label]].all() for label in found):
        return
    _judge(found, right, lambda: of_enlarging(questions), function)
    demand(False, "the mask is not the one that enlarged probabilities give.")


@public_check(
    "a1.scores", _RULE, "Count four kinds of pixels first.", "What is 0 / 0 where there is no lesion and no mask?"
)
def scores(function: Any) -> None:
    """Right for these pairs. Graded later: other pairs, and masks of one pixel or none."""
    off, truth = _pair(5, 2, 4)
    nothing = np.zeros_like(truth)
    questions: Questions = {
        "the same mask twice": (truth, truth),
        "a mask that is a little off": (off, truth),
        "a mask that is too large": _pair(6, 9, 1),
        "nothing drawn": (nothing, truth),
        "no lesion, nothing drawn": (nothing, nothing),
        "no lesion, something drawn": (off, nothing),
    }
    answers = _asked(function, questions)
    pairs = {label: several(answer, ["jaccard", "dice"]) for label, answer in answers.items()}
    stacked = {label: (mask[None], truth[None]) for label, (mask, truth) in questions.items()}
    right = {label: rules.pair_scores(*question) for label, question in questions.items()}
    for place, name in enumerate(("jaccard", "dice")):
        found = {label: _score(pair[place], f"{name}, {label}") for label, pair in pairs.items()}
        wanted = {label: values[place] for label, values in right.items()}
        _judge(found, wanted, lambda name=name: of_masks(stacked, name), function)  # type: ignore[misc]


def _pair(tp: int, fp: int, fn: int) -> tuple[Any, Any]:
    """A mask and a truth with these counts, so that no two scores agree: bool (6, 8)."""
    place = np.arange(48).reshape(6, 8)
    return place < tp + fp, (place < tp) | (place >= 48 - fn)


def _score(answer: Any, what: str) -> float:
    if isinstance(answer, float | np.floating) and np.isnan(answer):
        return float("nan")
    return number(answer, what)


@public_check(
    "a1.mean_jaccard",
    _RULE,
    "One index a photo, then the mean.",
    "Look a mask up by the id of its truth. What if none is there?",
)
def mean_jaccard(function: Any) -> None:
    """Right for these photos. Graded later: other photos, orders, and ids that have no partner."""
    rng = np.random.default_rng(3)
    truths = {name: _disc(rng) for name in ("b", "a", "d", "c")}
    masks = {name: np.roll(truth, 1 + place, 1) for place, (name, truth) in enumerate(truths.items())}
    ordered = {name: masks[name] for name in sorted(masks)}
    questions: Questions = {
        "four photos in one order": (masks, truths),
        "the same photos in another order": (ordered, truths),
        "a mask without a photo": ({"e": masks["a"], **masks}, truths),
    }
    right = {label: rules.mean_jaccard(*question) for label, question in questions.items()}
    found = {label: _score(answer, label) for label, answer in _asked(function, questions).items()}
    _judge(found, right, lambda: _of_photos(questions), function)
    without = {name: mask for name, mask in masks.items() if name != "c"}
    lonely = _score(opened(ask(function, deepcopy(without), deepcopy(truths))), "a photo without a mask")
    demand(
        close(lonely, rules.mean_jaccard(without, truths), 1e-4),
        "a photo without a mask: it counts as a photo on which nothing was drawn. It is neither left out, nor is it 1.",
    )


def _disc(rng: np.random.Generator) -> Any:
    y, x = np.mgrid[:12, :16]
    return np.hypot(y - rng.uniform(4, 8), x - rng.uniform(5, 10)) < rng.uniform(2, 5)


def _of_photos(questions: Questions) -> Iterator[Suspect]:
    """Wrong pairs, then what is wrong in scores of rightly paired photos."""

    def paired(masks: Any, truths: Any) -> float:
        pairs = zip(masks, truths, strict=False)
        return float(np.mean([rules.pair_scores(mask, truth)[0] for mask, truth in pairs]))

    yield alone(AS_LISTED, lambda label: paired(*(part.values() for part in questions[label])))
    yield alone(ZIPPED, lambda label: paired(*([part[name] for name in sorted(part)] for part in questions[label])))
    stacked = {
        label: (np.array([masks[name] for name in truths]), np.array(list(truths.values())))
        for label, (masks, truths) in questions.items()
    }
    yield from of_masks(stacked)
