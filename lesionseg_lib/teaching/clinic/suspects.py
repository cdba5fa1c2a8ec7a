"""Suspects for the patients that do not score: sizes, pairs, the network's mode, the epoch; and who suspects what."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image

from lesionseg_lib.teaching.clinic.score_suspects import (
    of_batches,
    of_dice,
    of_files,
    of_logits,
    of_masks,
    of_probabilities,
)
from lesionseg_lib.teaching.diagnosis import score_causes as scores
from lesionseg_lib.teaching.diagnosis.causes import cause
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone, slot, span

Questions = Mapping[str, Any]

GREYS = cause("greys-of-resizing")
BICUBIC = cause("greys-of-bicubic")
ONLY_WHITE = cause("only-white")
OTHER_LEVEL = cause("other-level")
WIDTH_FIRST = cause("width-first")
RESHAPED = cause("reshaped")
CROPPED = cause("cropped")
STRIDED = cause("every-nth")
MIRRORED = cause("mirrored")
TURNED = cause("transposed")
CUT_FIRST = cause("cut-before-enlarging")
SMOOTH_STAIRS = cause("hard-mask-smoothed")
NEAREST_P = cause("probabilities-by-nearest")
OTHER_ENLARGING = cause("other-interpolation")
LOWER_LIMIT = cause("other-cut-after-enlarging")
NOT_EXCHANGED = cause("inverted-mask")
LEVEL_128 = cause("limit-of-bytes")
ALL = cause("everything-is-lesion")
NONE = cause("nothing-is-lesion")


def _pil(flag: Image.Resampling) -> Callable[[Any, Any], Any]:
    return lambda png, size: np.asarray(Image.fromarray(png).resize(size[::-1], flag))


def _cv(flag: int) -> Callable[[Any, Any], Any]:
    return lambda a, size: cv2.resize(a, size[::-1], interpolation=flag)


def _torch(mode: str, **more: Any) -> Callable[[Any, Any], Any]:
    def resize(a: Any, size: Any) -> Any:
        x = torch.tensor(np.ascontiguousarray(a))[None, None].float()
        return torch.nn.functional.interpolate(x, size, mode=mode, **more)[0, 0].numpy()

    return resize


def _fitted(png: Any, size: Any) -> Any:
    out = np.zeros(size, png.dtype)
    part = png[: size[0], : size[1]]
    out[: part.shape[0], : part.shape[1]] = part
    return out


def _middle(png: Any, size: Any) -> Any:
    top, left = (png.shape[0] - size[0]) // 2, (png.shape[1] - size[1]) // 2
    return png[top : top + size[0], left : left + size[1]]


NEAREST = [_cv(cv2.INTER_NEAREST_EXACT), _cv(cv2.INTER_NEAREST), _torch("nearest")]
SMOOTH = [
    _cv(cv2.INTER_LINEAR), _cv(cv2.INTER_AREA), _cv(cv2.INTER_CUBIC), _cv(cv2.INTER_LANCZOS4), _torch("bilinear"),
    _torch("bilinear", align_corners=True), _torch("bilinear", antialias=True), _torch("area"), _torch("bicubic"),
]  # fmt: skip
OF_PIL = [_pil(flag) for flag in (Image.Resampling.BICUBIC, Image.Resampling.BILINEAR, Image.Resampling.LANCZOS,
                                  Image.Resampling.BOX, Image.Resampling.HAMMING)]  # fmt: skip


def of_resizing(questions: Questions) -> Iterator[Suspect]:
    """The mask file at another size."""

    def suspect(why: Any, resize: Any, cut: Any, turn: Any = None) -> Suspect:
        def predict(label: str) -> Any:
            png, size = questions[label]
            mask = np.asarray(cut(resize(png, size)))
            return mask if turn is None else turn(mask)

        return alone(why, predict)

    for resize in (*SMOOTH, *OF_PIL):
        for cut in (lambda x: x > 0, lambda x: x.astype(np.uint8) > 0, lambda x: x > 1, lambda x: x >= 0.5):
            yield suspect(BICUBIC if resize is OF_PIL[0] else GREYS, resize, cut)
        for cut in (lambda x: x > 254, lambda x: x > 253.5, lambda x: (x / 255).astype(np.uint8) == 1):
            yield suspect(ONLY_WHITE, resize, cut)
        for level in (10, 20, 30, 50, 60, 64, 77, 100, 150, 180, 191, 200, 204, 220, 230, 240):
            yield suspect(OTHER_LEVEL, resize, lambda x, level=level: x > level)
    for resize in (*NEAREST, *SMOOTH[:2]):
        yield suspect(WIDTH_FIRST, lambda png, size, r=resize: r(png, size[::-1]), lambda x: x > 128)
        yield suspect(WIDTH_FIRST, lambda png, size, r=resize: r(png, size[::-1]).T, lambda x: x > 128)
        yield suspect(WIDTH_FIRST, lambda png, size, r=resize: r(png, size[::-1]).reshape(size), lambda x: x > 128)
        yield suspect(TURNED, lambda png, size, r=resize: r(np.ascontiguousarray(png.T), size), lambda x: x > 128)
        yield suspect(NOT_EXCHANGED, resize, lambda x: x <= 128)
        for turn in (lambda m: m[::-1], lambda m: m[:, ::-1], lambda m: m[::-1, ::-1]):
            yield suspect(MIRRORED, resize, lambda x: x > 128, turn)
    for resize in SMOOTH:
        yield suspect(NOT_EXCHANGED, resize, lambda x: x == 0)
    yield suspect(RESHAPED, lambda png, size: np.resize(png, size), lambda x: x > 128)
    yield suspect(CROPPED, _fitted, lambda x: x > 128)
    yield suspect(CROPPED, _middle, lambda x: x > 128)
    yield suspect(STRIDED, lambda png, size: _fitted(png[:: png.shape[0] // size[0], :: png.shape[1] // size[1]], size),
                  lambda x: x > 128)  # fmt: skip
    yield suspect(ALL, SMOOTH[0], lambda x: np.ones(x.shape, bool))
    yield suspect(NONE, SMOOTH[0], lambda x: np.zeros(x.shape, bool))


def of_enlarging(questions: Questions) -> Iterator[Suspect]:
    """Probabilities to a larger size, and the cut."""

    def suspect(why: Any, draw: Callable[[Any, Any], Any]) -> Suspect:
        return alone(why, lambda label: np.asarray(draw(*questions[label])))

    linear = SMOOTH[0]
    hard = lambda p: (p > 0.5).astype(np.float32)  # noqa: E731
    for nearest in NEAREST:
        yield suspect(CUT_FIRST, lambda p, size, n=nearest: n(hard(p), size) > 0.5)
        yield suspect(NEAREST_P, lambda p, size, n=nearest: n(p, size) > 0.5)
    yield suspect(CUT_FIRST, lambda p, size: _pil(Image.Resampling.NEAREST)(hard(p), size) > 0.5)
    for smooth in (*SMOOTH, *OF_PIL[:2]):
        for limit in (0.5, 0.0, 0.49, 0.25, 0.75, 0.99):
            yield suspect(SMOOTH_STAIRS, lambda p, size, s=smooth, limit=limit: s(hard(p), size) > limit)
        yield suspect(SMOOTH_STAIRS, lambda p, size, s=smooth: np.round(s(hard(p) * 255, size)) > 128)
    for limit in (0.0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.55, 0.6, 0.62, 0.65, 0.7, 0.75, 0.8, 0.9):
        yield suspect(LOWER_LIMIT, lambda p, size, limit=limit: linear(p, size) > limit)
    for smooth in (_torch("bilinear", align_corners=True), _torch("bicubic"), _torch("bicubic", align_corners=True),
                   _cv(cv2.INTER_CUBIC), _cv(cv2.INTER_LANCZOS4), _cv(cv2.INTER_AREA)):  # fmt: skip
        yield suspect(OTHER_ENLARGING, lambda p, size, s=smooth: s(p, size) > 0.5)
    for first in (linear, NEAREST[0]):
        yield suspect(WIDTH_FIRST, lambda p, size, f=first: f(p, size[::-1]) > 0.5)
        yield suspect(WIDTH_FIRST, lambda p, size, f=first: f(p, size[::-1]).T > 0.5)
        yield suspect(WIDTH_FIRST, lambda p, size, f=first: f(p, size[::-1]).reshape(size) > 0.5)
    yield suspect(NOT_EXCHANGED, lambda p, size: linear(p, size) <= 0.5)
    yield suspect(ALL, lambda p, size: np.ones(size, bool))
    yield suspect(NONE, lambda p, size: np.zeros(size, bool))
    yield suspect(RESHAPED, lambda p, size: np.resize(p, size) > 0.5)
    for turn in (lambda m: m[::-1], lambda m: m[:, ::-1], lambda m: m[::-1, ::-1]):
        yield suspect(MIRRORED, lambda p, size, t=turn: t(linear(p, size) > 0.5))
    for logit in (lambda p: np.log(p / (1 - p)),):
        yield suspect(LOWER_LIMIT, lambda p, size, g=logit: linear(g(p).astype(np.float32), size) > 0.5)


ZIPPED = cause("sorted-and-zipped")
AS_LISTED = cause("zipped-as-listed")
BEGINS_ALIKE = cause("prefix")
CONTAINS = cause("contains")
MADE_UP = cause("names-made-up")
TURNED_ROUND = cause("mask-first")
IDS_ONLY = cause("ids-only")
EVERYBODY = cause("all-combinations")
SHORT_IDS = cause("short-ids")
UNPAIRED = cause("unpaired-kept")
NUMBER_ONLY = cause("digits-of-the-name")
TOO_FEW = cause("pairs-lost")
ORDER_LOST = cause("sets-have-no-order")


def of_pairs(questions: Questions) -> Iterator[Suspect]:
    """Names of photos and masks."""

    def right(photos: Sequence[str], masks: Sequence[str]) -> list[tuple[str, str]]:
        return [(p, m) for p in photos for m in masks if p[:-4] == m[:-17]]

    def suspect(why: Any, pair: Callable[[Any, Any], Any]) -> Suspect:
        return alone(why, lambda label: sorted(map(str, pair(*questions[label]))))

    shared = lambda a, b: [m for m in b if any(p[:-4] == m[:-17] for p in a)]  # noqa: E731
    yield suspect(ZIPPED, lambda a, b: zip(sorted(a), sorted(b), strict=False))
    yield suspect(ZIPPED, lambda a, b: zip(sorted(a), sorted(b)[-len(a) :], strict=False))
    yield suspect(ZIPPED, lambda a, b: zip(sorted(a, key=len), sorted(b, key=len), strict=False))
    yield suspect(ZIPPED, lambda a, b: zip(sorted(a, reverse=True), sorted(b, reverse=True), strict=False))
    yield suspect(ZIPPED, lambda a, b: list(zip(sorted(a), sorted(b), strict=False))[: len(a) - 1])
    yield suspect(ZIPPED, lambda a, b: zip(sorted(a), sorted(shared(a, b)), strict=False))
    yield suspect(AS_LISTED, lambda a, b: zip(a, b, strict=False))
    yield suspect(AS_LISTED, lambda a, b: zip(a, shared(a, b), strict=False))
    yield suspect(BEGINS_ALIKE, lambda a, b: [(p, m) for p in a for m in b if m.startswith(p[:-4])])
    yield suspect(BEGINS_ALIKE, lambda a, b: [(p, next(m for m in b if m.startswith(p[:-4]))) for p in a
                                              if any(m.startswith(p[:-4]) for m in b)])  # fmt: skip
    yield suspect(BEGINS_ALIKE, lambda a, b: [(p, next(m for m in sorted(b) if m.startswith(p[:-4]))) for p in a
                                              if any(m.startswith(p[:-4]) for m in b)])  # fmt: skip
    yield suspect(BEGINS_ALIKE, lambda a, b: [(p, [m for m in b if m.startswith(p[:-4])][-1]) for p in a
                                              if any(m.startswith(p[:-4]) for m in b)])  # fmt: skip
    yield suspect(CONTAINS, lambda a, b: [(p, m) for p in a for m in b if p[:-4] in m])
    yield suspect(CONTAINS, lambda a, b: [(p, m) for p in a for m in b if p[:-4] in m or m[:-17] in p])
    yield suspect(MADE_UP, lambda a, b: [(p, p[:-4] + "_Segmentation.png") for p in a])
    yield suspect(MADE_UP, lambda a, b: [(m[:-17] + ".jpg", m) for m in b])
    yield suspect(TURNED_ROUND, lambda a, b: [(m, p) for p, m in right(a, b)])
    yield suspect(TURNED_ROUND, lambda a, b: zip(sorted(b), sorted(a), strict=False))
    yield suspect(IDS_ONLY, lambda a, b: [(p[:-4], m[:-17]) for p, m in right(a, b)])
    yield suspect(IDS_ONLY, lambda a, b: [(p[:-4], m[:-4]) for p, m in right(a, b)])
    yield suspect(IDS_ONLY, lambda a, b: [p[:-4] for p, m in right(a, b)])
    yield suspect(IDS_ONLY, lambda a, b: [(p[:-4], m) for p, m in right(a, b)])
    yield suspect(IDS_ONLY, lambda a, b: [(p, m[:-17]) for p, m in right(a, b)])
    yield suspect(EVERYBODY, product)
    for n in range(1, 13):
        yield suspect(SHORT_IDS, lambda a, b, n=n: [(p, m) for p in a for m in b if p[:n] == m[:n]])
        yield suspect(SHORT_IDS, lambda a, b, n=n: {p: m for p in a for m in b if p[:n] == m[:n]}.items())
        yield suspect(SHORT_IDS, lambda a, b, n=n: [(p, by[p[:n]]) for by in [{m[:n]: m for m in b}]
                                                    for p in a if p[:n] in by])  # fmt: skip
    for without in (None, "", np.nan):
        yield suspect(UNPAIRED, lambda a, b, w=without: [(p, dict(right(a, b)).get(p, w)) for p in a])
    digits = lambda name: "".join(c for c in name if c.isdigit())  # noqa: E731
    yield suspect(NUMBER_ONLY, lambda a, b: [(p, m) for p in a for m in b if digits(p) == digits(m)])
    yield suspect(
        NUMBER_ONLY, lambda a, b: {digits(m): (p, m) for p in a for m in b if digits(p) == digits(m)}.values()
    )
    yield suspect(TOO_FEW, lambda a, b: right(a, b)[:-1])
    yield suspect(TOO_FEW, lambda a, b: right(a, b)[1:])


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


def of_epochs(questions: Questions) -> Iterator[Suspect]:
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


SUSPECTS: dict[str, Callable[[Questions], Iterator[Suspect]]] = {
    "soft": of_probabilities,
    "cut": of_logits,
    "twice": of_probabilities,
    "thresholds": of_probabilities,
    "columns": of_masks,
    "pooled": of_masks,
    "last_batch": of_batches,
    "background": of_masks,
    "agreement": of_dice,
    "nothing": of_masks,
    "as_bytes": of_files,
    "bilinear": of_resizing,
    "flag": of_resizing,
    "hard": of_enlarging,
    "pairs": of_pairs,
    "best_epoch": of_epochs,
}
"""Patient -> who may have treated it, given its questions. ``half`` and ``training_mode`` are "
"observed (``observed``)."""
