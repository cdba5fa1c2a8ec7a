"""The third part: answers to lessons 01 to 04, written from the lessons' texts alone, before any of them was run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import average_precision_score, jaccard_score
from torch import nn

from lesionseg_lib.evaluation import scoring
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching.clinic.cures import iou
from lesionseg_lib.training import probing
from tests.helpers.exercises import arguments
from tests.helpers.exercises.lesson02 import finders
from tests.helpers.stand_ins import dark, lesson, score
from tests.teaching.mutants.bank import Later, right, wrong
from tests.teaching.mutants.changes import each, made

TENTHS = [n / 10 for n in range(1, 10)]


def with_rest(task: str, answer: Any) -> Later:
    """An answer that is made when it is needed, with what the exercise wants beside it."""
    return Later(lambda: (answer(), *arguments(task)[0][1:]))


# ---- 01.1
def thresholds(reduce: Any = lambda j: j.mean(), column: str = "jaccard", part: str = "validation") -> Any:
    p = sigmoid(dark().logits(getattr(lesson().decoded, part).images))
    return {t: float(reduce(scoring.score_images(p, getattr(lesson().splits, part), t)[column])) for t in TENTHS}


wrong(
    "01.1",
    "the validation photos of the training set",
    "training photos|other photos|which photos",
    with_rest("01.1", lambda: thresholds(part="train")),
)
wrong(
    "01.1",
    "the lower quartile",
    "median|quartile|quantile|not the mean",
    with_rest("01.1", lambda: thresholds(lambda j: j.quantile(0.25))),
)
wrong("01.1", "recall", "recall|sensitivity", with_rest("01.1", lambda: thresholds(column="sensitivity")))
right(
    "01.1", "a frame of two columns", with_rest("01.1", lambda: pd.DataFrame(thresholds().items(), columns=["t", "j"]))
)


# ---- 01.2
def guess(mask: Any, part: str = "validation") -> float:
    return score(np.repeat(np.asarray(mask, np.float32)[None], len(getattr(lesson().splits, part)), 0), part)


wrong(
    "01.2",
    "the mean mask of the first ten",
    "mean of a few",
    made("01.2", lambda v: v | {"mean mask": guess(lesson().decoded.train.masks[:3].mean(0) - 0.5)}),
)
wrong(
    "01.2",
    "the mean photo is dark",
    "photo was|brightness",
    made("01.2", lambda v: v | {"mean mask": guess(0.5 - lesson().decoded.train.images.mean((0, 3)) / 255)}),
)
wrong("01.2", "1 minus J", "1 minus", made("01.2", each(lambda x: 1 - x)))
right("01.2", "a column", made("01.2", pd.Series))


# ---- 01.3
def probabilities() -> Any:
    _, photo, network, size = arguments("01.3")[0]
    return network.probabilities(photo, size)


wrong(
    "01.3",
    "above the photo's own mean",
    "own|adapt|mean|another threshold",
    with_rest("01.3", lambda: probabilities() > probabilities().mean()),
)
wrong("01.3", "pixels of 0 and 255", "bool", made("01.3", lambda m: m.astype(np.uint8) * 255))
wrong("01.3", "transposed", "transposed|width|turned|size|shape", made("01.3", lambda m: m.T))


# ---- 02.1
def per_column(of: Any) -> Any:
    def answer() -> Any:
        table = arguments("02.1")[0][1]
        ill = (table["diagnosis"] == "malignant").to_numpy()
        return {c: float(of(ill, table[c].fillna(0).to_numpy())) for c in ("area", "hair")}

    return with_rest("02.1", answer)


wrong(
    "02.1", "average precision", "average precision|precision and recall|precision", per_column(average_precision_score)
)
wrong("02.1", "correlation", "correlation", per_column(lambda ill, x: np.corrcoef(ill, x)[0, 1]))
wrong(
    "02.1",
    "cut at the median first",
    "cut|two values|threshold|ranks?",
    per_column(
        lambda ill, x: probing.channel_auc(
            torch.tensor(1.0 * (x > np.median(x)))[:, None, None, None], torch.tensor(ill)[:, None, None]
        )[0]
    ),
)
right("02.1", "one column", made("02.1", lambda v: {"area": v["area"]}))


# ---- 02.2
def hits(pick: Any) -> Any:
    def answer() -> Any:
        copies = arguments("02.2")[0][1]
        some = copies["unaltered"]
        return {
            n: {c: 100 * float(np.mean(pick(f(x, some)) == np.arange(len(x)))) for c, x in copies.items()}
            for n, f in finders().items()
        }

    return with_rest("02.2", answer)


wrong(
    "02.2", "the closest copy of every original", "row|column|axis|the other way|original", hits(lambda d: d.argmin(0))
)
wrong("02.2", "the second closest", "second closest", hits(lambda d: d.argsort(1)[:, 1]))
wrong(
    "02.2",
    "misses",
    "misses|not found|100 minus|lost",
    made("02.2", lambda v: {n: {c: 100 - h for c, h in row.items()} for n, row in v.items()}),
)
right("02.2", "a frame", made("02.2", pd.DataFrame))


# ---- 03.1
def boxes(m: Any, t: Any) -> float:
    def box(x: Any) -> Any:
        out = np.zeros_like(x)
        if x.any():
            rows, columns = np.where(x)
            out[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
        return out

    return float(np.mean([iou(box(a)[None], box(b)[None])[0] for a, b in zip(m, t, strict=True)]))


def macro(m: Any, t: Any) -> float:
    return float(
        np.mean(
            [jaccard_score(b.ravel(), a.ravel(), average="macro", zero_division=1) for a, b in zip(m, t, strict=True)]
        )
    )


def first_only(m: Any, t: Any) -> float:
    return float(iou(m[:1], t[:1])[0])


def in_bytes(m: Any, t: Any) -> float:
    a, b = m.astype(np.uint8), t.astype(np.uint8)
    both = (a * b).sum((1, 2), dtype=np.uint8)
    either = (a | b).sum((1, 2), dtype=np.uint8)
    return float(np.mean([x / y if y else 1.0 for x, y in zip(both.astype(float), either.astype(float), strict=True)]))


wrong("03.1", "IoU of the boxes around both", "box", boxes)
wrong("03.1", "scikit-learn, macro", "skin|background|both classes", macro)
wrong("03.1", "the first photo of the batch", "first photo", first_only)
wrong("03.1", "sums in uint8", "uint8|wrap|255|number type", in_bytes)
right(
    "03.1",
    "scikit-learn, binary",
    lambda m, t: np.mean([jaccard_score(b.ravel(), a.ravel(), zero_division=1) for a, b in zip(m, t, strict=True)]),
)
right(
    "03.1",
    "nanmean with ones",
    lambda m, t: np.nanmean(
        np.where((m | t).any((1, 2)), (m & t).sum((1, 2)) / np.maximum((m | t).sum((1, 2)), 1), 1.0)
    ),
)


# ---- 03.2
def claim(change: Any) -> Later:
    return made("03.2", lambda v: tuple(change(*v)))


wrong(
    "03.2",
    "two independent means",
    "two means|root of (2|two)|difference|independent",
    claim(lambda d, r, h: (d, r, 2**0.5 * h)),
)
wrong(
    "03.2",
    "ten seeds' t for n = 45 halved",
    "half|factor of 2|quarter|divided by 2",
    claim(lambda d, r, h: (d, r, h / 2)),
)
wrong("03.2", "rounded down to .92", "round", claim(lambda d, r, h: (0.92, r, h)))
right("03.2", "as in a paper", claim(lambda d, r, h: (round(d, 3), 1, round(h, 1))))


# ---- 04.1
def pieces(z: Any, t: Any, p: Any = None) -> Any:
    p = torch.sigmoid(z) if p is None else p
    return p, (p * t).sum() + 1, (p + t - p * t).sum() + 1


def of_log(z: Any, t: Any) -> Any:
    p, i, u = pieces(z, t)
    return -p * (1 - p) * (t / i - (1 - t) / u)


def with_cut(z: Any, t: Any) -> Any:
    p = torch.sigmoid(z)
    _, i, u = pieces(z, t, (p > 0.5).float())
    return -p * (1 - p) * (t * u - (1 - t) * i) / u**2


def of_whole_union(z: Any, t: Any) -> Any:
    p, i, u = pieces(z, t)
    return -p * (1 - p) * (t * u - (1 - t) * i) / (u**2 + i)


wrong("04.1", "the logarithm of J", "logarithm|log", of_log)
wrong("04.1", "I and U of the mask", "mask|cut|thresholded|hard", with_cut)
wrong("04.1", "a term too many below", "below|denominator|square", of_whole_union)
right("04.1", "numpy, float64", lambda z, t: autodiff(z.double(), t.double()).numpy())


def autodiff(z: Any, t: Any) -> Any:
    z = z.clone().requires_grad_(True)
    _, i, u = pieces(z, t)
    (1 - i / u).backward()
    return z.grad


# ---- 04.2
def tversky(after: Any = lambda x: x, swap: bool = False, smooth: float = 1.0, reduce: Any = torch.sum) -> Any:
    def loss(z: Any, t: Any, beta: float) -> Any:
        p = torch.sigmoid(z)
        tp, fp, fn = reduce(p * t), reduce(p * (1 - t)), reduce((1 - p) * t)
        a, b = (beta, beta) if swap else (1 - beta, beta)
        return after(1 - (tp + smooth) / (tp + a * fp + b * fn + smooth))

    return loss


def with_beta(loss: Any) -> Later:
    return made("04.2", lambda v: (loss, v[1]))


wrong("04.2", "focal Tversky", "focal|power|root|squared", with_beta(tversky(lambda x: x**0.75)))
wrong("04.2", "beta on both", "both", with_beta(tversky(swap=True)))
wrong("04.2", "means of pixels instead of sums", "means?|constant", with_beta(tversky(reduce=torch.mean)))
right("04.2", "in one expression", with_beta(tversky(lambda x: x.reshape(()))))


# ---- 04.3
def dice_loss(dims: Any = (1, 2, 3), s: float = 1.0, after: Any = lambda x: x.mean()) -> Any:
    def loss(z: Any, t: Any) -> Any:
        p = torch.sigmoid(z)
        return after(1 - (2 * (p * t).sum(dims) + s) / (p.sum(dims) + t.sum(dims) + s))

    return loss


wrong(
    "04.3",
    "log-cosh",
    "cosh|function of the loss|logarithm",
    dice_loss(after=lambda x: torch.log(torch.cosh(x)).mean()),
)
wrong("04.3", "only one sigmoid less", "pool|batch|constant", dice_loss(dims=None, s=1000.0))
wrong(
    "04.3",
    "with cross-entropy added",
    "cross-entropy",
    lambda z, t: dice_loss()(z, t) + nn.functional.binary_cross_entropy_with_logits(z, t),
)
right(
    "04.3",
    "flattened",
    lambda z, t: (lambda p, q: (1 - (2 * (p * q).sum(1) + 1) / (p.sum(1) + q.sum(1) + 1)).mean())(
        torch.sigmoid(z).flatten(1), t.flatten(1)
    ),
)
