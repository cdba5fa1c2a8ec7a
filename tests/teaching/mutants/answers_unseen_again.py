"""Unseen once more: answers written after the third part had been mended, and tried once before anything else was."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pandas as pd
import torch
from scipy import ndimage
from skimage.transform import resize as sk_resize

from lesionseg_lib.evaluation import scoring
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching.clinic.cures import iou
from tests.helpers.exercises import arguments
from tests.helpers.exercises.lesson08 import JOINED, Adds, unet
from tests.helpers.exercises.lesson09 import gated
from tests.helpers.exercises.lesson11 import bet
from tests.helpers.stand_ins import dark, lesson
from tests.teaching.mutants.bank import Later, right, wrong
from tests.teaching.mutants.changes import each, made


def per_photo(m: Any, t: Any) -> Any:
    return np.array([(a & b).sum() / max((a | b).sum(), 1) for a, b in zip(m, t, strict=True)])


def smoothed(m: Any) -> Any:
    return np.stack([ndimage.binary_fill_holes(a) for a in m])


def monte_carlo(model: Any, x: Any) -> Any:
    """Leaves gradients switched off for whoever comes next."""
    torch.set_grad_enabled(False)
    model.eval()
    for layer in model.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.train()
    return model(x)


# ---- the clinic
wrong(
    "clinic soft",
    "p is multiplied by the mask on both sides",
    "soft|uncut|not cut|counted",
    lambda p, t: np.mean((p * (p > 0.5) * t).sum((1, 2)) / np.maximum(p * (p > 0.5), t).sum((1, 2))),
)
wrong(
    "clinic soft",
    "above .5 of the whole batch's maximum",
    "depends on the photo",
    lambda p, t: iou(p > 0.5 * p.max(), t).mean(),
)
wrong("clinic cut", "log-sigmoid above .5", "nothing|no pixel", lambda z, t: iou(-np.log1p(np.exp(-z)) > 0.5, t).mean())
wrong(
    "clinic cut",
    "sigmoid, times 255, as bytes, above 0",
    "every pixel|another threshold|limit",
    lambda z, t: iou((sigmoid(z) * 255).astype(np.uint8) > 0, t).mean(),
)
wrong(
    "clinic twice",
    "standardised first",
    "depends on the photo|stretched|its own",
    lambda p, t: iou((p - p.mean((1, 2), keepdims=True)) / p.std((1, 2), keepdims=True) > 0.5, t).mean(),
)
wrong(
    "clinic thresholds",
    "the best single threshold of the set",
    "best threshold|picked",
    lambda p, t: max(iou(p > k / 20, t).mean() for k in range(1, 20)),
)
wrong("clinic columns", "mean over pixels of J", "pixel|place|axes", lambda m, t: float(np.mean((m & t)[(m | t)])))
wrong(
    "clinic pooled",
    "weights by what is drawn",
    "weigh",
    lambda m, t: np.average(iou(m, t), weights=m.sum((1, 2)) + 1e-9),
)
wrong("clinic last_batch", "the best batch", "picked by its score", lambda b: max(iou(*pair).mean() for pair in b))
wrong(
    "clinic last_batch",
    "weights are the batches' numbers",
    "batches' numbers",
    lambda b: np.average([iou(*pair).mean() for pair in b], weights=range(1, len(list(b)) + 1)),
)
wrong(
    "clinic background",
    "MCC",
    "correlation",
    lambda m, t: np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(m, t, strict=True)]),
)
wrong("clinic agreement", "J, then 2 J", "2|union|factor", lambda m, t: (2 * iou(m, t)).mean())
wrong(
    "clinic nothing",
    "0 / 0 is .5",
    "half|0 / 0",
    lambda m, t: np.mean(
        [0.5 if not (a | b).any() else (a & b).sum() / (a | b).sum() for a, b in zip(m, t, strict=True)]
    ),
)
wrong(
    "clinic as_bytes",
    "normalised by mean and deviation",
    "depends on the file|limit",
    lambda m, png: iou(m, (png - png.mean()) / png.std() > 0).mean(),
)
wrong("clinic bilinear", "skimage order 3, above 0", "grey", lambda png, size: sk_resize(png, size, order=3) > 0)
wrong(
    "clinic hard",
    "dilated by a pixel",
    "dilated",
    lambda p, size: cv2.dilate((cv2.resize(p, size[::-1]) > 0.5).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0,
)
wrong(
    "clinic pairs",
    "by position of sorted numbers",
    "shift|side by side|number",
    lambda a, b: list(zip(sorted(a, key=len), sorted(b, key=len), strict=False)),
)
wrong(
    "clinic best_epoch",
    "the first that beats .7",
    "above a limit",
    lambda v, t: t[next((i for i, x in enumerate(v) if x > 0.7), 0)],
)
wrong("clinic training_mode", "eval, and a train() for monte carlo dropout", "dropout", monte_carlo)

# ---- the exercises
wrong(
    "01.1",
    "the worst photo at every threshold",
    "worst",
    Later(
        lambda: (
            {
                n / 10: float(
                    scoring.score_images(
                        sigmoid(dark().logits(lesson().decoded.validation.images)), lesson().splits.validation, n / 10
                    )["jaccard"].min()
                )
                for n in range(1, 10)
            },
            *arguments("01.1")[0][1:],
        )
    ),
)
wrong("02.1", "with the sign of the column turned", "below a benign|turned", made("02.1", each(lambda x: 1 - x)))
wrong("03.1", "holes filled first", "hole|fill|changed before", lambda m, t: iou(~smoothed(~smoothed(m)), t).mean())
wrong(
    "03.1",
    "the mean of both directions' recall",
    "precision and recall",
    lambda m, t: float(
        np.mean(
            [
                0.5 * ((a & b).sum() / max(a.sum(), 1) + (a & b).sum() / max(b.sum(), 1))
                for a, b in zip(m, t, strict=True)
            ]
        )
    ),
)
wrong(
    "03.1",
    "J of the mean mask",
    "mean mask",
    lambda m, t: float(iou((m.mean(0) > 0.5)[None], (t.mean(0) > 0.5)[None])[0]),
)
wrong("04.1", "no minus, and p - p * p forgotten once", "sign|chain rule", lambda z, t: -torch.sigmoid(z) * t)
right(
    "05.3",
    "with the time that fills the pipe",
    lambda photos, batch, decode, workers, step: (
        max(photos * decode / workers, photos / batch * step) + batch * decode / workers
    ),
)
wrong(
    "06.2",
    "J of the grid itself, not enlarged",
    "network|grid|squares|yardstick",
    Later(lambda: ({8: 0.99, 16: 0.98, 32: 0.97}, lesson())),
)
wrong(
    "08.1",
    "strides of the skips, not of the joined",
    "factor of 2|size",
    Later(lambda: ([(c, h // 2 or 1, w // 2 or 1) for c, h, w in JOINED], unet())),
)
wrong(
    "09.1",
    "biases everywhere",
    "bias",
    Later(lambda: (4 * 24 * 12 + 12 + 32 * 12 + 12 + 13 + 24**2 + 24 + 48, gated().decoder.gates[2])),
)
wrong("10.3", "one row of the kernel", "direction|row|side", (0, 2 / 3, 2 / 3), (6, 12, 18), 8)
wrong(
    "11.1",
    "photos without a diagnosis as benign",
    "unknown|without a diagnosis|other photos",
    Later(
        lambda: (
            pd.concat(arguments("11.1")[0][1:], axis=1)
            .fillna({"diagnosis": "benign"})
            .pivot_table("jaccard", "size", "diagnosis", observed=True),
            *arguments("11.1")[0][1:],
        )
    ),
)
wrong(
    "11.3",
    "the tenth with the largest",
    "above|largest|other side",
    Later(
        lambda: (
            (bet, bet(arguments("11.3")[0][2]) > np.quantile(bet(arguments("11.3")[0][1]), 0.9)),
            *arguments("11.3")[0][1:],
        )
    ),
)
wrong(
    "12.1",
    "the gap over the IoU",
    "divided|way|share|gap",
    made("12.1", lambda v: (v[0], (0.91 - 0.843) / 0.843, v[2])),
)


class Averages(Adds):
    """Half of each."""

    def forward(self, pyramid: Any, size: Any) -> Any:
        *skips, x = pyramid
        for i, (up, convs) in enumerate(zip(self.up, self.convs, strict=True)):
            x = convs((up(x) + self.prepare[i](skips.pop())) / 2 if skips else up(x))
        return self.head(x)


wrong("08.2", "averaged", "averages|added", Averages, arguments("08.2")[0][1])
right(
    "clinic cut",
    "a threshold in probabilities",
    lambda z, t: float(
        np.mean([iou((1 / (1 + np.exp(-a)) > 0.5)[None], b[None])[0] for a, b in zip(z, t, strict=True)])
    ),
)
right("clinic pooled", "a data frame", lambda m, t: pd.Series(per_photo(m, t)).mean())
right("clinic half", "in int64", lambda m, t: int((m & t).sum(dtype=np.int64)) / int((m | t).sum(dtype=np.int64)))
right("clinic flag", "linear, then .5", lambda png, size: cv2.resize((png > 127).astype(np.float32), size[::-1]) > 0.5)
right(
    "03.1",
    "histogram",
    lambda m, t: np.mean(
        [
            1.0 if h[1:].sum() == 0 else h[3] / h[1:].sum()
            for h in (
                np.bincount((2 * a + b).ravel().astype(int), minlength=4)
                for a, b in zip(m.astype(int), t.astype(int), strict=True)
            )
        ]
    ),
)
right("04.2", "as an array of one", made("04.2", lambda v: (lambda z, t, beta: v[0](z, t, beta).reshape(1), v[1])))
right(
    "05.3",
    "in milliseconds and back",
    lambda photos, batch, decode, workers, step: (
        max(1000 * photos * decode / workers, 1000 * step * photos / batch) / 1000
    ),
)
right("08.1", "a dictionary", Later(lambda: (dict(enumerate(JOINED, 1)), unet())))
right("11.3", "a column of bool", made("11.3", lambda v: (v[0], pd.Series(v[1]))))
right("12.2", "text", made("12.2", lambda n: f"{n:,.0f}"))
