"""Answers to the patients of round 3, and to as_bytes: what counts as success."""

from __future__ import annotations

import numpy as np
import torch

from lesionseg_lib.evaluation.metrics import confusion, dice
from lesionseg_lib.teaching.clinic.cures import iou
from tests.teaching.mutants.bank import right, wrong
from tests.teaching.mutants.changes import by_hand

# ---- background
background = "clinic background"
wrong(background, "skin only", "skin", lambda m, t: iou(~m, ~t).mean())
wrong(background, "both, pooled", "skin|pooled", lambda m, t: (by_hand(m, t, None) + by_hand(~m, ~t, None)) / 2)
wrong(background, "accuracy", "accuracy", lambda m, t: (m == t).mean())
wrong(background, "Dice of lesion", "Dice", lambda m, t: dice(confusion(m, t)).mean())
wrong(
    background, "both classes, Dice", "skin", lambda m, t: (dice(confusion(m, t)) + dice(confusion(~m, ~t))).mean() / 2
)
wrong(background, "lesion / 2", "factor of 2", lambda m, t: iou(m, t).mean() / 2)
wrong(background, "balanced accuracy", "sensitivity and specificity|balanced", lambda m, t: (
    (m & t).sum((1, 2)) / t.sum((1, 2)) / 2 + np.where((~t).sum((1, 2)) > 0, (~m & ~t).sum((1,
        2)) / np.maximum((~t).sum((1, 2)), 1), 1) / 2).mean())  # fmt: skip
wrong(background, "the prediction inverted", "exchanged", lambda m, t: iou(~m, t).mean())
wrong(
    background,
    "xor below the line",
    "differ|xor",
    lambda m, t: ((m & t).sum((1, 2)) / (m ^ t).sum((1, 2)).clip(1)).mean(),
)
right(background, "healthy iou", lambda m, t: iou(m, t).mean())
right(background, "by hand", lambda m, t: by_hand(m, t).mean())
right(background, "class 1 of a list", lambda m, t: [iou(~m, ~t).mean(), iou(m, t).mean()][1])
right(
    background,
    "vectors",
    lambda m, t: np.mean([a.ravel() @ b.ravel() / (a | b).sum() for a, b in zip(m * 1, t * 1, strict=False)]),
)

# ---- agreement: wanted is mean Dice
agreement = "clinic agreement"
wrong(agreement, "Dice of mean precision and recall", "averaged|mean", lambda m, t: (
    lambda p, r: 2 * p * r / (p + r))(np.mean((m & t).sum((1, 2)) / np.maximum(m.sum((1, 2)), 1)),
    np.mean((m & t).sum((1, 2)) / t.sum((1, 2)))))  # fmt: skip
wrong(agreement, "Jaccard", "Jaccard", lambda m, t: iou(m, t).mean())
wrong(
    agreement,
    "the 2 forgotten",
    "factor 2",
    lambda m, t: ((m & t).sum((1, 2)) / (m.sum((1, 2)) + t.sum((1, 2)))).mean(),
)
wrong(
    agreement, "the union below the line", "union", lambda m, t: (2 * (m & t).sum((1, 2)) / (m | t).sum((1, 2))).mean()
)
wrong(
    agreement, "Dice of the mean J", "2 J|applied to a mean", lambda m, t: (lambda j: 2 * j / (1 + j))(iou(m, t).mean())
)
wrong(agreement, "pooled Dice", "pooled", lambda m, t: 2 * (m & t).sum() / (m.sum() + t.sum()))
wrong(
    agreement,
    "a constant of 1 below only",
    "constant",
    lambda m, t: (2 * (m & t).sum((1, 2)) / (m.sum((1, 2)) + t.sum((1, 2)) + 1)).mean(),
)
wrong(
    agreement,
    "constant in the bracket",
    "bracket",
    lambda m, t: (2 * ((m & t).sum((1, 2)) + 1) / (m.sum((1, 2)) + t.sum((1, 2)) + 1)).mean(),
)
wrong(agreement, "the loss", "1 minus", lambda m, t: 1 - dice(confusion(m, t)).mean())
wrong(agreement, "bool sums: m + t", "union", lambda m, t: (2 * (m & t).sum((1, 2)) / (m + t).sum((1, 2))).mean())
right(agreement, "from J of each photo", lambda m, t: (2 * iou(m, t) / (1 + iou(m, t))).mean())
right(agreement, "by hand", lambda m, t: (2 * (m & t).sum((1, 2)) / (m.sum((1, 2)) + t.sum((1, 2)))).mean())
right(
    agreement,
    "harmonic",
    lambda m, t: np.mean(
        [
            2 / (a.sum() / (a & b).sum() + b.sum() / (a & b).sum()) if (a & b).any() else 0
            for a, b in zip(m, t, strict=False)
        ]
    ),
)
right(
    agreement,
    "tiny constant",
    lambda m, t: ((2 * (m & t).sum((1, 2)) + 1e-8) / (m.sum((1, 2)) + t.sum((1, 2)) + 1e-8)).mean(),
)

# ---- nothing: 0 / 0
nothing = "clinic nothing"
wrong(nothing, "nanmean", "left out", lambda m, t: np.nanmean(by_hand(m, t)))
wrong(nothing, "nan_to_num", "given 0", lambda m, t: np.nan_to_num(by_hand(m, t)).mean())
wrong(
    nothing,
    "constant below",
    "below the line",
    lambda m, t: ((m & t).sum((1, 2)) / ((m | t).sum((1, 2)) + 1e-7)).mean(),
)
wrong(
    nothing,
    "1 wherever there is no lesion",
    "every photo without a lesion",
    lambda m, t: np.where(t.any((1, 2)), by_hand(m, t), 1).mean(),
)
wrong(
    nothing,
    "1 wherever nothing is drawn",
    "nothing was drawn",
    lambda m, t: np.where(m.any((1, 2)), by_hand(m, t), 1).mean(),
)
wrong(
    nothing,
    "photos without lesion are skipped",
    "left out",
    lambda m, t: by_hand(m, t)[t.any((1, 2))].mean() if t.any() else 1.0,
)
wrong(
    nothing,
    "a constant of 1 on both sides",
    "constant",
    lambda m, t: (((m & t).sum((1, 2)) + 1) / ((m | t).sum((1, 2)) + 1)).mean(),
)
wrong(
    nothing, "max(union, 1)", "given 0", lambda m, t: ((m & t).sum((1, 2)) / np.maximum((m | t).sum((1, 2)), 1)).mean()
)
wrong(
    nothing,
    "0 where the truth is empty",
    "without a lesion gets 0|given 0",
    lambda m, t: np.where(t.any((1, 2)), by_hand(m, t), 0).mean(),
)
wrong(
    nothing,
    "1 as soon as one is empty",
    "one of the two masks is empty",
    lambda m, t: np.where(m.any((1, 2)) & t.any((1, 2)), by_hand(m, t), 1).mean(),
)
right(nothing, "where both are empty", lambda m, t: np.where(~m.any((1, 2)) & ~t.any((1, 2)), 1, by_hand(m, t)).mean())
right(nothing, "nan becomes 1", lambda m, t: np.nan_to_num(by_hand(m, t), nan=1.0).mean())
right(
    nothing,
    "constants on both sides",
    lambda m, t: (((m & t).sum((1, 2)) + 1e-9) / ((m | t).sum((1, 2)) + 1e-9)).mean(),
)
right(
    nothing,
    "loop with if",
    lambda m, t: np.mean([(a & b).sum() / (a | b).sum() if (a | b).any() else 1 for a, b in zip(m, t, strict=False)]),
)

# ---- half: one photo (H, W)
half = "clinic half"
wrong(
    half,
    "bfloat16",
    "bfloat16|precision",
    lambda m, t: (lambda a, b: (a * b).sum() / (a.sum() + b.sum() - (a * b).sum()))(
        *(torch.tensor(x).bfloat16() for x in (m, t))
    ),
)
wrong(half, "uint8 sums", "255|uint8", lambda m, t: (m & t).sum(dtype=np.uint8) / (m | t).sum(dtype=np.uint8))
wrong(half, "int8 sums", "127|int8", lambda m, t: (m & t).sum(dtype=np.int8) / (m | t).sum(dtype=np.int8))
wrong(
    half,
    "int16 sums",
    "32,767|int16",
    lambda m, t: (
        (m & t).sum(dtype=np.int16) / (m.sum(dtype=np.int16) + t.sum(dtype=np.int16) - (m & t).sum(dtype=np.int16))
    ),
)
wrong(half, "uint16 sums", "65,5|uint16", lambda m, t: (m & t).sum(dtype=np.uint16) / (m | t).sum(dtype=np.uint16))
wrong(
    half,
    "float32 after the float16 sum",
    "65,504|float16",
    lambda m, t: (lambda a, b: np.float32((a * b).sum()) / np.float32(a.sum() + b.sum() - (a * b).sum()))(
        m.astype(np.float16), t.astype(np.float16)
    ),
)
wrong(
    half,
    "every second pixel",
    "part of the pixels",
    lambda m, t: (m & t)[::2, ::2].sum() / np.maximum((m | t)[::2, ::2].sum(), 1),
)
wrong(half, "Dice", "Dice", lambda m, t: 2 * (m & t).sum() / (m.sum() + t.sum()))
wrong(
    half,
    "nan set to 1",
    "65,504|float16|overflow",
    lambda m, t: np.nan_to_num(
        (lambda a, b: (a * b).sum() / (a.sum() + b.sum() - (a * b).sum()))(m.astype(np.float16), t.astype(np.float16)),
        nan=1.0,
    ),
)
wrong(half, "union not reduced", "union|sum of both", lambda m, t: (m & t).sum() / (m.sum() + t.sum()))
right(half, "float32", lambda m, t: (m & t).sum(dtype=np.float32) / (m | t).sum(dtype=np.float32))
right(half, "means in double", lambda m, t: (m & t).mean() / (m | t).mean())
right(half, "count_nonzero", lambda m, t: np.count_nonzero(m & t) / np.count_nonzero(m | t))
right(half, "healthy iou, an array of one", lambda m, t: iou(m, t))

# ---- as_bytes: png is uint8
files = "clinic as_bytes"
wrong(files, "only the brightest", "brightest", lambda m, png: iou(m, png == 255).mean())
wrong(files, "everything above 0", "above 0", lambda m, png: iou(m, png > 0).mean())
wrong(files, "astype(bool)", "above 0", lambda m, png: iou(m, png.astype(bool)).mean())
wrong(
    files,
    "divided by 255, not cut",
    "255",
    lambda m, png: (lambda t: ((m * t).sum((1, 2)) / (m + t - m * t).sum((1, 2))).mean())(png / 255),
)
wrong(files, "integer division by 255", "brightest", lambda m, png: iou(m, (png // 255).astype(bool)).mean())
wrong(files, "compared with 1", "compared with 1|no pixel|nothing", lambda m, png: iou(m, png == 1).mean())
wrong(
    files,
    "clipped to 1 at the end",
    "255|bytes|Wrong for",
    lambda m, png: min(
        (lambda b: (b / (m.sum((1, 2)) + png.sum((1, 2)) - b)).mean())((m * png.astype(float)).sum((1, 2))), 1.0
    ),
)
wrong(files, "right mask, pooled", "pooled", lambda m, png: by_hand(m, png > 128, None))
wrong(files, "limit 200", "128", lambda m, png: iou(m, png > 200).mean())
wrong(files, "the truth inverted", "exchanged", lambda m, png: iou(m, png < 128).mean())
right(files, "above 127", lambda m, png: iou(m, png > 127).mean())
right(files, "divided and rounded", lambda m, png: iou(m, np.round(png / 255).astype(bool)).mean())
right(files, "half of 255", lambda m, png: iou(m, png / 255 > 0.5).mean())
right(files, "torch", lambda m, png: by_hand(m, torch.tensor(png).gt(128).numpy()).mean())
