"""The questions of A1, with their marks. The cases are drawn for each student, from the course's secret."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from lesionseg_lib.assignments.a1 import rules
from lesionseg_lib.assignments.a1.drawing import grey_file, mask_pack, network_map, outline
from lesionseg_lib.assignments.comparing import equal
from lesionseg_lib.assignments.hand_in import HandIn
from lesionseg_lib.assignments.model import Assignment, Case, CodeQuestion, FileQuestion, Given, Judgement
from lesionseg_lib.assignments.variants import Variant
from lesionseg_lib.evaluation.bootstrap import bootstrap_interval

CLOSE = 1e-4
ROUNDED = 5e-3
"""How far a photo's index in the table may be off: other code of the same interpolation moves a pixel or two."""
UNSURE = 0.05
"""A probability within this of the cut may fall on either side, by how it was interpolated."""


def _rng(given: Given, question: str) -> np.random.Generator:
    return given.secret.rng(question)


def _size(rng: np.random.Generator, least: int = 20, most: int = 60) -> tuple[int, int]:
    """An odd height and another, odd width."""
    high, wide = (2 * int(n) + 1 for n in rng.choice(np.arange(least // 2, most // 2), 2, replace=False))
    return high, wide


def _pair(rng: np.random.Generator, size: tuple[int, int] | None = None, share: float = 0.2) -> tuple[Any, Any]:
    """A mask and its truth, which overlap: both have pixels that the other lacks, and their areas differ."""
    high, wide = size or _size(rng)
    truth = np.asarray(outline(rng, (high, wide), share) > 0)
    mask = np.roll(truth, (1, 2), (0, 1)) | np.roll(truth, (2, 3), (0, 1))
    mask[int(rng.integers(high))] = False
    return mask, truth


# ---- reading a file


def _limit(given: Given) -> list[Case]:
    rng = _rng(given, "read_mask.limit")
    ramp = rng.permutation(np.repeat(np.arange(256, dtype=np.uint8), 2)).reshape(16, 32)
    edge = rng.choice(np.array([0, 127, 128, 129, 255], np.uint8), _size(rng))
    return [Case(label, (grey,), grey > rules.LEVEL) for label, grey in (("every byte", ramp), ("127, 128, 129", edge))]


def _kinds(given: Given) -> list[Case]:
    rng = _rng(given, "read_mask.kinds")
    mask = np.asarray(outline(rng, _size(rng), 0.25) > 0)
    files = {
        "a file of 0 and 255": grey_file(rng, mask, False),
        "a file with greys at the border": grey_file(rng, mask, True),
        "a file of 0 and 1": mask.astype(np.uint8),
        "a file without lesion": np.zeros_like(mask, np.uint8),
        "a dark file": (mask * np.uint8(rng.integers(60, 120))).astype(np.uint8),
    }
    return [Case(label, (grey,), rules.file_mask(grey)) for label, grey in files.items()]


# ---- the size of the truth


def _maps(given: Given, question: str) -> list[Case]:
    rng = _rng(given, question)
    cases = []
    for label in ("an odd size", "another odd size", "a size that is no multiple of the map's"):
        small = (int(rng.integers(9, 16)), int(rng.integers(17, 24)))
        size = (int(small[0] * rng.uniform(3.2, 4.8)) | 1, int(small[1] * rng.uniform(3.2, 4.8)) | 1)
        p = network_map(rng, outline(rng, size, 0.25), small)
        large = rules.enlarged(p, size)
        right = {"mask": large > 0.5, "sure": np.abs(large - 0.5) > UNSURE}
        cases.append(Case(label, (p, size), right))
    return cases


# ---- the scores of one photo


def _number(place: int) -> Callable[[Any, Any], bool]:
    """Compares the first or second of the two scores, so that a slip in one costs the marks of one."""

    def same(answer: Any, right: Any) -> bool:
        parts = answer.tolist() if isinstance(answer, np.ndarray) and answer.ndim == 1 else answer
        return isinstance(parts, list | tuple) and len(parts) == 2 and equal(parts[place], right[place], CLOSE)

    return same


def _both(answer: Any, right: Any) -> bool:
    return _number(0)(answer, right) and _number(1)(answer, right)


def _overlaps(given: Given, question: str) -> list[Case]:
    rng = _rng(given, question)
    shares = {"a large lesion": 0.4, "a lesion": 0.15, "a small lesion": 0.03}
    pairs = {label: _pair(rng, share=share) for label, share in shares.items()}
    return [Case(label, pair, rules.pair_scores(*pair)) for label, pair in pairs.items()]


def _empties(given: Given) -> list[Case]:
    rng = _rng(given, "scores.empty")
    size = _size(rng)
    nothing, one = np.zeros(size, bool), np.zeros(size, bool)
    one[rng.integers(size[0]), rng.integers(size[1])] = True
    pairs = {
        "no lesion and nothing drawn": (nothing, nothing.copy()),
        "no lesion and one pixel drawn": (one, nothing),
        "a lesion of one pixel and nothing drawn": (nothing, one),
        "a lesion of one pixel, drawn": (one, one.copy()),
    }
    return [Case(label, pair, rules.pair_scores(*pair)) for label, pair in pairs.items()]


# ---- many photos


def _photos(rng: np.random.Generator, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    masks, truths = {}, {}
    for name in (f"ISIC_{n:07d}" for n in rng.choice(10**7, number, replace=False)):
        masks[name], truths[name] = _pair(rng, share=float(rng.uniform(0.02, 0.5)))
    return masks, truths


def _case(label: str, masks: dict[str, Any], truths: dict[str, Any]) -> Case:
    return Case(label, (masks, truths), rules.mean_jaccard(masks, truths))


def _per_image(given: Given) -> list[Case]:
    rng = _rng(given, "mean_jaccard.per_image")
    return [_case(f"{n} photos in one order", *_photos(rng, n)) for n in (3, 7)]


def _pairing(given: Given) -> list[Case]:
    rng = _rng(given, "mean_jaccard.pairing")
    masks, truths = _photos(rng, 6)
    masks = dict(sorted(masks.items(), reverse=True))
    truths = dict(sorted(truths.items()))
    stranger = {"ISIC_0000000": _pair(rng)[0]}  # first in every order
    return [_case("another order", masks, truths), _case("a mask without a photo", stranger | masks, truths)]


def _missing(given: Given) -> list[Case]:
    rng = _rng(given, "mean_jaccard.missing")
    masks, truths = _photos(rng, 5)
    first, second, *_ = masks
    less = {name: mask for name, mask in masks.items() if name != first}
    without = truths | {second: np.zeros_like(truths[second])}
    neither = {name: mask for name, mask in masks.items() if name != second}
    return [_case("a photo without a mask", less, truths), _case("neither a lesion nor a mask", neither, without)]


# ---- what was computed on the student's own pack


@lru_cache(maxsize=16)
def _own_scores(variant: Variant) -> dict[str, float]:
    """Both questions below need them; drawing a pack takes a tenth of a second."""
    return rules.pack_scores(mask_pack(variant))


def _table(hand_in: HandIn, given: Given) -> Judgement:
    right = _own_scores(given.public)
    found = hand_in.answers.get("table")
    if not isinstance(found, dict) or not found:
        return Judgement(0, "not attempted: `table` is empty.")
    if not right.keys() & found.keys():
        return Judgement(
            0, "`table` holds other photos than yours. Was the notebook run with your own id and this term?"
        )
    off = [name for name in right if not equal(found.get(name), right[name], ROUNDED)]
    if not off and found.keys() == right.keys():
        return Judgement(1)
    if not off:
        return Judgement(0.5, "`table` has photos that have no truth: they have no score.")
    return Judgement(
        0, f"`table` is off for {len(off)} of {len(right)} photos, {', '.join(sorted(off)[:3])} among them."
    )


def _interval(hand_in: HandIn, given: Given) -> Judgement:
    right = _own_scores(given.public)
    scores = np.array(list(right.values()))
    found = hand_in.answers.get("interval")
    if not isinstance(found, list) or len(found) != 2 or not all(_is_number(end) for end in found):
        return Judgement(0, "not attempted: `interval` should be two numbers, the lower end first.")
    table = hand_in.answers.get("table")
    if not isinstance(table, dict) or not table.keys() & right.keys():
        return Judgement(0, "`interval` belongs to a table of your own photos, and `table` is none.")
    low, high = bootstrap_interval(scores, n=10_000)
    width, middle = (found[1] - found[0]) / (high - low), (found[0] + found[1] - high - low) / (high - low)
    if 0.9 <= width <= 1.2 and abs(middle) <= 0.25:
        return Judgement(1)
    side = "too wide" if width > 1.2 else "too narrow" if width < 0.9 else "in another place"
    return Judgement(
        0,
        f"`interval` is {side} for a 95 % interval of the mean of {len(scores)} photos: photos are drawn, not pixels.",
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


ASSIGNMENT = Assignment(
    key="a1",
    title="Score it like the organisers",
    answers={
        "table": "id of each photo of your pack -> its Jaccard index",
        "interval": "the ends of a 95 % interval of the mean over your photos",
    },
    unchecked=(
        "your four functions are asked again, with other masks that are drawn for you alone",
        "odd sizes, masks of one pixel, empty masks, files of other greys, photos in another order",
        "the table and the interval of your own pack",
    ),
    questions=(
        CodeQuestion(
            "read_mask.limit", "read_mask", "The byte from which a file's pixel is lesion", 1,
            "The limit lies elsewhere: above 128 is lesion, 128 itself is skin.", _limit,
        ),
        CodeQuestion(
            "read_mask.kinds", "read_mask", "The same limit for every file, whatever is in it", 1,
            "The limit depends on what is in the file; the organisers' does not.", _kinds,
        ),
        CodeQuestion(
            "to_native.size", "to_native", "A mask of bools at the size that is asked for", 1,
            "The mask has not the type or the size that was asked for, or another orientation.",
            lambda given: _maps(given, "to_native.size"), rules.fits,
        ),
        CodeQuestion(
            "to_native.order", "to_native", "Enlarged first, cut afterwards", 2,
            "The border is not that of probabilities which were enlarged bilinearly and then cut at .5.",
            lambda given: _maps(given, "to_native.order"), rules.agrees_within,
        ),
        CodeQuestion(
            "scores.jaccard", "scores", "The Jaccard index of one photo", 1,
            "The first number is not the Jaccard index.",
            lambda given: _overlaps(given, "scores.jaccard"), _number(0),
        ),
        CodeQuestion(
            "scores.dice", "scores", "The Dice of one photo", 1,
            "The second number is not the Dice.",
            lambda given: _overlaps(given, "scores.dice"), _number(1),
        ),
        CodeQuestion(
            "scores.empty", "scores", "Masks with nothing or next to nothing in them", 2,
            "Where a mask is empty, or holds one pixel, the organisers' rule gives another number.", _empties, _both,
        ),
        CodeQuestion(
            "mean_jaccard.per_image", "mean_jaccard", "The mean over photos", 1,
            "This is not the mean of the photos' own indices.", _per_image,
        ),
        CodeQuestion(
            "mean_jaccard.pairing", "mean_jaccard", "Masks and truths paired by id", 2,
            "Masks and truths belong together by their id, not by their place.", _pairing,
        ),
        CodeQuestion(
            "mean_jaccard.missing", "mean_jaccard", "Photos without a mask", 1,
            "A photo for which no mask was handed in counts as one on which nothing was drawn.", _missing,
        ),
        FileQuestion(
            "table", "The Jaccard index of each photo of your own pack", 1, "The table is not right.", _table
        ),
        FileQuestion(
            "interval", "A 95 % interval of its mean", 1, "The interval is not right.", _interval
        ),
    ),
)  # fmt: skip
