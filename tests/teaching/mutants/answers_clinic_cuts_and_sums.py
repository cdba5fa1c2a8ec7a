"""Answers to the first seven patients: the cut, and what is added up."""

from __future__ import annotations

import numpy as np
import torch

from lesionseg_lib.evaluation.metrics import confusion, dice
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching.clinic.cures import iou
from tests.teaching.mutants.bank import right, wrong
from tests.teaching.mutants.changes import by_hand

# ---- soft: wanted is the mean J of p cut at .5
soft = "clinic soft"
wrong(soft, "cut only above the line", "uncut|one place|soft|not cut", lambda p, t: (
    ((p > 0.5) * t).sum((1, 2)) / (p + t - p * t).sum((1, 2))).mean())  # fmt: skip
wrong(soft, "cut only below the line", "uncut|one place|soft|not cut", lambda p, t: (
    (p * t).sum((1, 2)) / ((p > 0.5) | t).sum((1, 2))).mean())  # fmt: skip
wrong(soft, "int() instead of a cut", "truncat|no pixel", lambda p, t: iou(p.astype(int) == 1, t).mean())
wrong(soft, "cut at .6", "threshold|cut is not", lambda p, t: iou(p > 0.6, t).mean())
wrong(soft, "the fuzzy form, minimum over maximum", "nothing was cut|uncut|soft", lambda p, t: (
    np.minimum(p, t).sum((1, 2)) / np.maximum(p, t).sum((1, 2))).mean())  # fmt: skip
wrong(soft, "cut, but then Dice", "Dice", lambda p, t: dice(confusion(p > 0.5, t)).mean())
wrong(soft, "cut at the mean of the photo", "depends on the photo", lambda p, t: iou(
    p > p.mean((1, 2), keepdims=True), t).mean())  # fmt: skip
wrong(soft, "argmax over one channel", "argmax", lambda p, t: iou(p[:, None].argmax(1).astype(bool), t).mean())
wrong(soft, "everything above 0", "every pixel|everything", lambda p, t: iou(p > 0, t).mean())
wrong(soft, "cut, and pooled over the batch", "pooled", lambda p, t: by_hand(p > 0.5, t, None))
wrong(soft, "squares below the line, as in V-Net", "cut|soft", lambda p, t: (
    (p * t).sum((1, 2)) / (p**2 + t - p * t).sum((1, 2))).mean())  # fmt: skip
right(soft, "where", lambda p, t: by_hand(np.where(p > 0.5, 1, 0).astype(bool), t).mean())
right(soft, "round", lambda p, t: iou(np.round(p).astype(bool), t).mean())
right(
    soft,
    "a loop over photos",
    lambda p, t: np.mean([(a & b).sum() / (a | b).sum() for a, b in zip(p > 0.5, t, strict=False)]),
)
right(soft, "torch", lambda p, t: torch.tensor(by_hand(p > 0.5, t)).mean())

# ---- cut: gets logits
cut = "clinic cut"
wrong(cut, "rounded after clipping", r"\.62|clip", lambda x, t: iou(np.round(np.clip(x, 0, 1)) == 1, t).mean())
wrong(cut, "sigmoid twice", "every pixel|second sigmoid", lambda x, t: iou(sigmoid(sigmoid(x)) > 0.5, t).mean())
wrong(cut, "the limit of p > .62 by hand", "threshold|cut is not", lambda x, t: iou(x > 0.62, t).mean())
wrong(cut, "softmax over one channel", "softmax", lambda x, t: iou(
    torch.softmax(torch.tensor(x)[:, None], 1)[:, 0].numpy() > 0.5, t).mean())  # fmt: skip
wrong(cut, "sigmoid and no cut", "nothing was cut", lambda x, t: (
    (sigmoid(x) * t).sum((1, 2)) / (sigmoid(x) + t - sigmoid(x) * t).sum((1, 2))).mean())  # fmt: skip
wrong(cut, "absolute value", "sign", lambda x, t: iou(np.abs(x) > 0.5, t).mean())
wrong(cut, "the other side", "exchanged", lambda x, t: iou(x < 0, t).mean())
wrong(cut, "scaled to 0 .. 1 by minimum and maximum", "stretched", lambda x, t: iou(
    (x - x.min()) / (x.max() - x.min()) > 0.5, t).mean())  # fmt: skip
wrong(cut, "limit 1", "threshold|cut is not", lambda x, t: iou(x > 1, t).mean())
wrong(cut, "right cut, recall", "recall", lambda x, t: ((x > 0) & t).sum((1, 2)).__truediv__(t.sum((1, 2))).mean())
wrong(cut, "right cut, summed and divided by 2 photos", "number of photos|added", lambda x, t: iou(x > 0, t).sum() / 2)
right(cut, "sigmoid first", lambda x, t: iou(sigmoid(x) > 0.5, t).mean())
right(cut, "sigmoid written out", lambda x, t: iou(1 / (1 + np.exp(-x)) > 0.5, t).mean())
right(cut, "signbit", lambda x, t: iou(~np.signbit(x), t).mean())
right(cut, "torch", lambda x, t: by_hand(torch.tensor(x).sigmoid().numpy() > 0.5, t).mean())

# ---- twice: gets probabilities
twice = "clinic twice"
wrong(twice, "softmax over one channel", "softmax|every pixel", lambda p, t: iou(
    torch.softmax(torch.tensor(p)[:, None], 1)[:, 0].numpy() > 0.5, t).mean())  # fmt: skip
wrong(twice, "the limit moved to .62", "sigmoid", lambda p, t: iou(sigmoid(p) > 0.62, t).mean())
wrong(twice, "the cut of logits", "every pixel", lambda p, t: iou(p > 0, t).mean())
wrong(twice, "no cut at all", "nothing was cut", lambda p, t: (
    (p * t).sum((1, 2)) / (p + t - p * t).sum((1, 2))).mean())  # fmt: skip
wrong(twice, "bytes: p * 255 as uint8 and then > 0.5", "every pixel|limit", lambda p, t: iou(
    (p * 255).astype(np.uint8) > 0.5, t).mean())  # fmt: skip
wrong(twice, "only the most certain pixels", "threshold|cut is not", lambda p, t: iou(p > 0.9, t).mean())
wrong(twice, "the limit for bytes", "no pixel", lambda p, t: iou(p > 128, t).mean())
wrong(twice, "cut rightly, accuracy", "accuracy", lambda p, t: ((p > 0.5) == t).mean())
wrong(twice, "truth and prediction both through the sigmoid", "sigmoid|every pixel|cut", lambda p, t: iou(
    sigmoid(p) > 0.5, sigmoid(t.astype(np.float32)) > 0.4).mean())  # fmt: skip
right(twice, "greater or equal", lambda p, t: iou(p >= 0.5, t).mean())
right(twice, "logit first", lambda p, t: iou(np.log(p / (1 - p)) > 0, t).mean())
right(twice, "comprehension", lambda p, t: sum(iou(a > 0.5, b)[0] for a, b in zip(p, t, strict=False)) / len(p))
right(twice, "counts", lambda p, t: (lambda c: (c.tp / (c.tp + c.fp + c.fn)).mean())(confusion(p > 0.5, t)))

# ---- thresholds: one threshold, fixed beforehand
thresholds = "clinic thresholds"
wrong(thresholds, "nine instead of five", "several thresholds", lambda p, t: np.mean(
    [iou(p > n / 10, t).mean() for n in range(1, 10)]))  # fmt: skip
wrong(
    thresholds,
    "the best of five",
    "picked|best",
    lambda p, t: max(iou(p > n, t).mean() for n in (0.1, 0.3, 0.5, 0.7, 0.9)),
)
wrong(thresholds, "the median of five", "several thresholds", lambda p, t: np.median(
    [iou(p > n, t).mean() for n in (0.1, 0.3, 0.5, 0.7, 0.9)]))  # fmt: skip
wrong(thresholds, "how many of ten limits J passes", "limits", lambda p, t: np.mean(
    [[j > n for n in np.arange(0.5, 1, 0.05)] for j in iou(p > 0.5, t)]))  # fmt: skip
wrong(thresholds, "one threshold, .3", "threshold|cut is not", lambda p, t: iou(p > 0.3, t).mean())
wrong(thresholds, "one threshold, scores below .65 are 0", r"\.65|threshold Jaccard", lambda p, t: (
    lambda j: (j * (j >= 0.65)).mean())(iou(p > 0.5, t)))  # fmt: skip
wrong(thresholds, "the first of the five", "threshold|cut is not", lambda p, t: next(
    iou(p > n, t).mean() for n in (0.1, 0.3, 0.5, 0.7, 0.9)))  # fmt: skip
wrong(thresholds, "share of photos above J = .5", "limit", lambda p, t: (iou(p > 0.5, t) > 0.5).mean())
wrong(thresholds, "three thresholds", "several thresholds", lambda p, t: np.mean(
    [iou(p > n, t).mean() for n in (0.25, 0.5, 0.75)]))  # fmt: skip
right(thresholds, "one", lambda p, t: iou(p > 0.5, t).mean())
right(thresholds, "a list of one", lambda p, t: np.mean([iou(p > n, t).mean() for n in (0.5,)]))
right(
    thresholds,
    "einsum",
    lambda p, t: np.mean(np.einsum("nhw,nhw->n", (p > 0.5) * 1, t * 1) / ((p > 0.5) | t).sum((1, 2))),
)
right(thresholds, "set algebra on places", lambda p, t: np.mean(
    [len(a & b) / len(a | b) for a, b in ((set(np.flatnonzero(x > 0.5)), set(np.flatnonzero(y))) for x,
        y in zip(p, t, strict=False))]))  # fmt: skip

# ---- columns: both (N, 1, H, W)
columns = "clinic columns"
wrong(
    columns,
    "rows instead",
    "each row",
    lambda m, t: iou(m[:, 0].reshape(-1, 1, m.shape[-1]), t[:, 0].reshape(-1, 1, m.shape[-1])).mean(),
)
wrong(columns, "all axes", "pooled", lambda m, t: by_hand(m, t, None))
wrong(
    columns,
    "over photos and channel",
    "photos|place",
    lambda m, t: np.nan_to_num(by_hand(m, t, (0, 1)), nan=1.0).mean(),
)
wrong(columns, "right axes, a constant of 1", "constant", lambda m, t: (
    ((m & t).sum((1, 2, 3)) + 1) / ((m | t).sum((1, 2, 3)) + 1)).mean())  # fmt: skip
wrong(columns, "only the first photo", "first photo", lambda m, t: by_hand(m[0], t[0], None))
wrong(
    columns,
    "right axes, never averaged",
    "mean over photos is missing|one score a photo",
    lambda m, t: by_hand(m, t, (1, 2, 3)),
)
wrong(columns, "divided by the photo", "all pixels", lambda m, t: ((m & t).sum((1, 2, 3)) / m[0].size).mean())
wrong(columns, "right axes, Dice", "Dice", lambda m, t: (
    2 * (m & t).sum((1, 2, 3)) / (m.sum((1, 2, 3)) + t.sum((1, 2, 3)))).mean())  # fmt: skip
wrong(columns, "nanmean over columns", "each column", lambda m, t: np.nanmean(by_hand(m, t)))
right(columns, "all three axes", lambda m, t: np.mean((m & t).sum((1, 2, 3)) / (m | t).sum((1, 2, 3))))
right(columns, "squeezed", lambda m, t: iou(m.squeeze(1), t.squeeze(1)).mean())
right(
    columns,
    "flattened",
    lambda m, t: np.mean(
        [(a & b).sum() / (a | b).sum() for a, b in zip(m.reshape(len(m), -1), t.reshape(len(t), -1), strict=False)]
    ),
)
right(columns, "small constant on both sides", lambda m, t: (
    ((m & t).sum((1, 2, 3)) + 1e-9) / ((m | t).sum((1, 2, 3)) + 1e-9)).mean())  # fmt: skip

# ---- pooled
pooled = "clinic pooled"
wrong(pooled, "D / (2 - D) of a pooled Dice", "pooled", lambda m, t: (
    lambda d: d / (2 - d))(2 * (m & t).sum() / (m.sum() + t.sum())))  # fmt: skip
wrong(pooled, "the median", "median", lambda m, t: np.median(by_hand(m, t)))
wrong(
    pooled,
    "mean overlap over mean union",
    "pooled",
    lambda m, t: (m & t).sum((1, 2)).mean() / (m | t).sum((1, 2)).mean(),
)
wrong(pooled, "Dice of each photo", "Dice", lambda m, t: dice(confusion(m, t)).mean())
wrong(pooled, "added", "added", lambda m, t: by_hand(m, t).sum())
wrong(pooled, "weighed by the lesion's size", "weigh", lambda m, t: np.average(by_hand(m, t), weights=t.sum((1, 2))))
wrong(
    pooled,
    "the last in a loop",
    "last photo",
    lambda m, t: [by_hand(a, b, None) for a, b in zip(m, t, strict=False)][-1],
)
wrong(pooled, "the union is not reduced", "union|sum of both areas", lambda m, t: (
    (m & t).sum((1, 2)) / (m.sum((1, 2)) + t.sum((1, 2)))).mean())  # fmt: skip
wrong(pooled, "divided by a fixed number", "number of photos|written", lambda m, t: by_hand(m, t).sum() / 2)
right(pooled, "by hand", lambda m, t: by_hand(m, t).mean())
right(
    pooled,
    "from areas",
    lambda m, t: np.mean([(a & b).sum() / (a.sum() + b.sum() - (a & b).sum()) for a, b in zip(m, t, strict=False)]),
)
right(pooled, "from Dice of each photo", lambda m, t: (lambda d: d / (2 - d))(dice(confusion(m, t))).mean())
right(pooled, "torch", lambda m, t: torch.tensor(by_hand(m, t)).mean().item())

# ---- last_batch
last = "clinic last_batch"
wrong(last, "mean of the batches' means", "batches' means", lambda b: np.mean([iou(m, t).mean() for m, t in b]))
wrong(last, "summed", "added", lambda b: sum(iou(m, t).mean() for m, t in b))
wrong(last, "returns in the loop", "first batch", lambda b: next(iou(m, t).mean() for m, t in b))
wrong(last, "a missing bracket: plus 1", "1 was added", lambda b: 1 + np.concatenate([iou(m, t) for m, t in b]).mean())
wrong(last, "drop_last", "left out", lambda b: np.concatenate([iou(m, t) for m, t in (b[:-1] or b)]).mean())
wrong(
    last,
    "sum of photos over number of batches",
    "number of batches",
    lambda b: sum(iou(m, t).sum() for m, t in b) / len(b),
)
wrong(last, "pooled over all", "pooled", lambda b: by_hand(*(np.concatenate(x) for x in zip(*b, strict=False)), None))
wrong(
    last,
    "old and new averaged",
    "old and new|last batch",
    lambda b: (lambda s: [s := (s + iou(m, t).mean()) / 2 for m, t in b[1:]][-1] if b[1:] else s)(iou(*b[0]).mean()),
)
wrong(
    last,
    "pooled in each batch, then the mean",
    "pooled|batches' means",
    lambda b: np.mean([by_hand(m, t, None) for m, t in b]),
)
wrong(last, "all photos, median", "median", lambda b: np.median(np.concatenate([iou(m, t) for m, t in b])))
right(last, "weighted by size", lambda b: np.average([iou(m, t).mean() for m, t in b], weights=[len(m) for m, _ in b]))
right(last, "a list of all", lambda b: np.mean([j for m, t in b for j in iou(m, t)]))
right(last, "sum and count", lambda b: sum(iou(m, t).sum() for m, t in b) / sum(len(m) for m, t in b))
right(
    last,
    "concatenated first",
    lambda b: iou(np.concatenate([m for m, _ in b]), np.concatenate([t for _, t in b])).mean(),
)
