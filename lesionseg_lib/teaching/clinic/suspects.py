"""Suspects for the patients that do not score: sizes, pairs, the network's mode, the epoch; and who suspects what."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image

from lesionseg_lib.teaching.clinic.epoch_suspects import of_epochs
from lesionseg_lib.teaching.clinic.pair_suspects import of_pairs
from lesionseg_lib.teaching.clinic.score_suspects import (
    of_batches,
    of_dice,
    of_files,
    of_logits,
    of_masks,
    of_probabilities,
)
from lesionseg_lib.teaching.diagnosis.causes import cause
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone

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
