"""Mistakes that an earlier version of the checks did not name, each written anew from its description."""

from __future__ import annotations

from typing import Any

import albumentations
import cv2
import numpy as np
import torch
from PIL import Image
from torch import nn

from lesionseg_lib.data import properties
from lesionseg_lib.evaluation import scoring
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching.clinic.cures import iou
from lesionseg_lib.teaching.demos import wrong_pairs
from tests.helpers.exercises import arguments
from tests.helpers.exercises.lesson02 import finders
from tests.helpers.stand_ins import dark, lesson
from tests.teaching.mutants.bank import Later, wrong
from tests.teaching.mutants.changes import each, made

# ---- the clinic
PHOTO = (1, 2)


def areas(p: Any, t: Any, both: Any, axes: Any = PHOTO) -> Any:
    return both / (p.sum(axes) + t.sum(axes) - both)


wrong(
    "clinic soft",
    "open: cut above only",
    "uncut|soft",
    lambda p, t: np.mean(areas(p, t, (np.where(p > 0.5, 1, 0) * t).sum(PHOTO))),
)
wrong("clinic cut", "open: clipped, rounded", r"\.62|clip", lambda z, t: np.mean(iou(np.rint(z.clip(0, 1)) > 0, t)))
wrong(
    "clinic twice",
    "open: softmax of one",
    "softmax|every pixel",
    lambda p, t: np.mean(iou(nn.Softmax(dim=1)(torch.tensor(p).unsqueeze(1)).squeeze(1).numpy() >= 0.5, t)),
)
wrong(
    "clinic thresholds",
    "open: ten limits",
    "limits",
    lambda p, t: sum(float((iou(p > 0.5, t) > 0.5 + k / 20).mean()) for k in range(10)) / 10,
)


def lines(m: Any, t: Any) -> Any:
    both, either = (m & t).sum(-1), (m | t).sum(-1)
    return np.mean((both + 1e-6) / (either + 1e-6))


def of_pooled_dice(m: Any, t: Any) -> Any:
    d = 2 * np.count_nonzero(m & t) / (np.count_nonzero(m) + np.count_nonzero(t))
    return d / (2 - d)


def with_skin(m: Any, t: Any) -> Any:
    return 0.5 * ((m & t).sum() / (m | t).sum() + (~m & ~t).sum() / (~m | ~t).sum())


def f_of_means(m: Any, t: Any) -> Any:
    both = (m & t).sum(PHOTO)
    with np.errstate(all="ignore"):
        p, r = np.mean(both / np.maximum(m.sum(PHOTO), 1)), np.mean(both / np.maximum(t.sum(PHOTO), 1))
        return 2 * p * r / (p + r)


def relative_cut(m: Any, t: Any) -> Any:
    score = m.astype(float)
    return iou(score >= score.max(PHOTO, keepdims=True), t).mean()


wrong("clinic columns", "open: rows", "each row", lines)
wrong("clinic pooled", "open: J of a pooled Dice", "pooled", of_pooled_dice)
wrong("clinic pooled", "open: the median", "median", lambda m, t: float(np.quantile(iou(m, t), 0.5)))
wrong(
    "clinic last_batch",
    "open: a bracket",
    "bracket|1 is added|1 was added|plus 1",
    lambda b: (lambda s: s.sum() / len(s) + 1)(np.concatenate([iou(*pair) for pair in b])),
)
wrong("clinic background", "open: skin, pooled", "skin|pooled", with_skin)
wrong("clinic agreement", "open: of mean precision and recall", "mean", f_of_means)
wrong("clinic nothing", "open: relative to the maximum", "maximum|whole|every", relative_cut)
wrong(
    "clinic half",
    "open: bfloat16",
    "bfloat16",
    lambda m, t: (lambda a, b: float((a * b).sum() / (a + b - a * b).sum()))(
        torch.tensor(m).bfloat16(), torch.tensor(t).bfloat16()
    ),
)
wrong("clinic as_bytes", "open: truncated", "brightest|255", lambda m, png: iou(m, np.uint8(png / 255) == 1).mean())
wrong(
    "clinic bilinear",
    "open: PIL's default",
    "bicubic|grey",
    lambda png, size: np.array(Image.fromarray(png).resize((size[1], size[0]))).astype(bool),
)
wrong("clinic flag", "open: bilinear greys", "grey", lambda png, size: cv2.resize(png, (size[1], size[0])) != 0)
wrong(
    "clinic hard",
    "open: nearest probabilities",
    "nearest",
    lambda p, size: cv2.resize(p, (size[1], size[0]), interpolation=cv2.INTER_NEAREST) >= 0.5,
)
wrong(
    "clinic pairs",
    "open: X1 in X10",
    "stands anywhere",
    lambda photos, masks: [(a, b) for b in masks for a in photos if a[:-4] in b],
)


def attribute(model: Any, x: Any) -> Any:
    model.training = False
    with torch.no_grad():
        return model(x)


wrong("clinic training_mode", "open: the attribute", "attribute|training", attribute)
wrong(
    "clinic best_epoch",
    "open: the epoch after",
    "next|after|off by one|shift",
    lambda v, t: t[min(v.index(max(v)) + 1, len(t) - 1)],
)


# ---- lessons 01 to 03
def never(m: Any, t: Any) -> Any:
    both = np.add(m, t) > 1
    return np.mean(both.sum(PHOTO) / np.maximum((m | t).sum(PHOTO), 1))


def both_areas(m: Any, t: Any) -> Any:
    below = m.sum(PHOTO) + t.sum(PHOTO)
    return np.mean(np.where(below > 0, (m & t).sum(PHOTO) / np.maximum(below, 1), 1.0))


def three_parts(change: Any) -> Any:
    return made("03.2", lambda v: change(*v))


def dice_at(part: str = "validation") -> Any:
    p = sigmoid(dark().logits(getattr(lesson().decoded, part).images))
    cuts = [n / 10 for n in range(1, 10)]
    return {t: scoring.score_images(p, getattr(lesson().splits, part), t)["dice"].mean() for t in cuts}


def enlarged_mask() -> Any:
    _, photo, network, size = arguments("01.3")[0]
    z = network.logits(cv2.resize(photo, size[::-1], interpolation=cv2.INTER_AREA)[None])[0]
    return cv2.resize((z > 0).astype(np.uint8), photo.shape[1::-1], interpolation=cv2.INTER_NEAREST) == 1


def rank_sum(v: Any) -> Any:
    table = arguments("02.1")[0][1]
    ill = table["diagnosis"] == "malignant"
    return {c: a * ill.sum() * (~ill).sum() for c, a in v.items()}


wrong("03.1", "open: never above 1", "never counted", never)
wrong("03.1", "open: both areas", "sum of both areas", both_areas)
wrong("03.1", "open: two photos written in", "number of photos", lambda m, t: sum(iou(m, t)) / 2)
wrong("03.1", "open: median", "median", lambda m, t: float(np.quantile(iou(m, t), 0.5)))
wrong("03.2", "open: bracket", "bracket", three_parts(lambda d, r, h: (2 * 0.86 / 1 + 0.86, r, h)))
wrong("03.2", "open: standard error", "standard error", three_parts(lambda d, r, h: (d, r, h / 1.96)))
wrong("03.2", "open: not its root", "root", three_parts(lambda d, r, h: (d, r, h / 45**0.5)))
wrong("03.2", "open: 90 %", "90 %", three_parts(lambda d, r, h: (d, r, h * 1.645 / 1.96)))
wrong("01.1", "open: means of Dice", "Dice", Later(lambda: (dice_at(), *arguments("01.1")[0][1:])))
wrong(
    "01.2",
    "open: accuracy",
    "right pixels|accuracy",
    made(
        "01.2",
        lambda v: (
            v
            | {
                "all skin": float(
                    np.mean(
                        [
                            1 - (lesson().splits.validation.truth(i) > 0).mean()
                            for i in range(len(lesson().splits.validation))
                        ]
                    )
                )
            }
        ),
    ),
)
wrong(
    "01.3",
    "open: the mask was enlarged",
    "before|staircase|enlarged",
    Later(lambda: (enlarged_mask(), *arguments("01.3")[0][1:])),
)
wrong("02.1", "open: Gini", "2 AUC", made("02.1", each(lambda x: 2 * x - 1)))
wrong("02.1", "open: U", "pairs|rank", made("02.1", rank_sum))


def in_copies() -> Any:
    copies = arguments("02.2")[0][1]
    some = copies["unaltered"]
    return {
        n: {c: int((f(x, some).argmin(1) == np.arange(len(x))).sum()) for c, x in copies.items()}
        for n, f in finders().items()
    }


wrong("02.2", "open: numbers", "numbers", Later(lambda: (in_copies(), *arguments("02.2")[0][1:])))


# ---- lesson 04
def by_parts(z: Any, t: Any, du: Any = None, power: int = 2) -> Any:
    p = z.sigmoid()
    inner, outer = (p * t).sum() + 1, p.sum() + t.sum() - (p * t).sum() + 1
    return -p * (1 - p) * (t * outer - inner * (1 - t if du is None else du)) / outer**power


def tversky(alpha: Any = None, index: bool = False, raw: bool = False, beta_of: Any = None) -> Later:
    def loss(z: Any, t: Any, beta: float) -> Any:
        beta = beta if beta_of is None else beta_of
        p = z if raw else z.sigmoid()
        tp, fp, fn = (p * t).sum(), (p * (1 - t)).sum(), ((1 - p) * t).sum()
        found = (tp + 1) / (tp + (1 - beta if alpha is None else alpha) * fp + beta * fn + 1)
        return found if index else 1 - found

    return made("04.2", lambda v: (loss, v[1]))


def dice(top: float = 1, bottom: float = 1, two: bool = True, power: int = 1, mean: bool = True) -> Any:
    def loss(z: Any, t: Any) -> Any:
        p, axes = z.sigmoid(), (1, 2, 3)
        overlap = (p * t).sum(axes)
        above = 2 * overlap + top if two else 2 * (overlap + top)
        each_photo = 1 - above / ((p**power).sum(axes) + (t**power).sum(axes) + bottom)
        return each_photo.mean() if mean else each_photo.sum()

    return loss


wrong("04.1", "open: the union's derivative", "derivative of the union|union", lambda z, t: by_parts(z, t, du=1.0))
wrong("04.1", "open: not squared", "square", lambda z, t: by_parts(z, t, power=1))
wrong("04.2", "open: alpha .3", "fixed number", tversky(alpha=0.3))
wrong("04.2", "open: beta unused", "beta|never uses|not used", tversky(beta_of=0.7))
wrong("04.2", "open: the index", "1 minus|index", tversky(index=True))
wrong("04.2", "open: logits", "logits|sigmoid", tversky(raw=True))
wrong("04.3", "open: bracket", "bracket|twice", dice(two=False))
wrong("04.3", "open: below only", "below", dice(top=0))
wrong("04.3", "open: squares", "square", dice(power=2))
wrong("04.3", "open: detached", "gradient", lambda z, t: torch.tensor(float(dice()(z, t))))
wrong("04.3", "open: summed", "sum|added", dice(mean=False))

# ---- lesson 05
wrong(
    "05.2",
    "open: D instead of E",
    "D",
    Later(
        lambda: (
            "".join(
                sorted(
                    (
                        {
                            letter
                            for letter, load in wrong_pairs.LINE_UP.items()
                            if load in wrong_pairs.MISTAKES.values()
                        }
                        - {"E"}
                    )
                    | {"D"}
                )
            ),
        )
    ),
)
wrong(
    "05.3",
    "open: the faster",
    "faster|slower",
    lambda photos, batch, decode, workers, step: min(photos / workers * decode, photos // batch * step),
)


def deformed(*alphas: float, every: int = 1, **settings: Any) -> Any:
    """Every mask is deformed, or every second, as p = .5 does in the mean."""
    pairs, found = lesson().decoded.validation, {}
    for alpha in alphas:
        move = albumentations.Compose([albumentations.ElasticTransform(alpha=alpha, p=1.0, **settings)], seed=3)
        moved = [move(image=i, mask=m)["mask"] == 1 for i, m in zip(pairs.images, pairs.masks, strict=True)]
        masks = [m if k % every == 0 else pairs.masks[k] == 1 for k, m in enumerate(moved)]
        found[f"alpha {alpha}"] = float(np.nanmedian([properties.border_detail(m) for m in masks]))
    return found, pairs


wrong("05.4", "open: p = .5", r"p is|\bp\b|every second|half", Later(lambda: deformed(100, 300, sigma=6, every=2)))
wrong("05.4", "open: sigma 50", "sigma", Later(lambda: deformed(100, 300, sigma=50)))
