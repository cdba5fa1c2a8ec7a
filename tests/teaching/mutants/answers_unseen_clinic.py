"""The third part: answers to the clinic, written from the patients' texts alone, before any of them was run."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image
from skimage.filters import threshold_otsu
from skimage.transform import resize as sk_resize
from sklearn.metrics import average_precision_score, f1_score, jaccard_score
from torch.nn import functional as F

from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching.clinic.cures import iou
from tests.teaching.mutants.bank import right, wrong


def photo_by_photo(score: Callable[[Any, Any], float]) -> Callable[[Any, Any], float]:
    return lambda m, t: float(np.mean([score(a, b) for a, b in zip(np.asarray(m), np.asarray(t), strict=True)]))


def ratio(a: Any, b: Any) -> float:
    return float(np.sum(a & b) / max(np.sum(a | b), 1))


def scaled(x: Any) -> Any:
    low, high = x.min((1, 2), keepdims=True), x.max((1, 2), keepdims=True)
    return (x - low) / (high - low + 1e-9)


# ---- where is the cut?
def fuzzy(p: Any, truth: Any) -> Any:
    return (np.minimum(p, truth).sum((1, 2)) / np.maximum(p, truth).sum((1, 2))).mean()


wrong("clinic soft", "fuzzy sets: minimum over maximum", "soft|never cut|not cut|probabilities", fuzzy)
wrong(
    "clinic soft",
    "Otsu's threshold for every photo",
    "depends on the photo",
    photo_by_photo(lambda p, t: ratio(p > threshold_otsu(p), t)),
)
right("clinic soft", "rounded", lambda p, t: iou(np.rint(p) == 1, t).mean())


def in_torch(p: Any, truth: Any) -> Any:
    m = torch.from_numpy(np.ascontiguousarray(p)).ge(0.5).flatten(1)
    t = torch.from_numpy(truth).flatten(1)
    return (m & t).sum(1).div((m | t).sum(1)).mean().item()


right("clinic soft", "torch, flattened", in_torch)

wrong(
    "clinic cut",
    "stretched from 0 to 1, then .5",
    "stretch|scaled|its own|adapt|smallest and largest",
    lambda z, t: iou(scaled(z) > 0.5, t).mean(),
)
wrong(
    "clinic cut",
    "tanh above .5",
    "another (threshold|limit|cut)|other than|tanh|not at 0|above 0",
    lambda z, t: iou(np.tanh(z) > 0.5, t).mean(),
)
wrong(
    "clinic cut",
    "sigmoid as a whole number",
    "nothing|truncat|whole number|no pixel",
    lambda z, t: iou(sigmoid(z).astype(int) == 1, t).mean(),
)
right("clinic cut", "sign", lambda z, t: iou(np.sign(z) == 1, t).mean())

wrong(
    "clinic twice",
    "expit twice, half of the largest",
    "sigmoid|its own|adapt|largest|scaled",
    lambda p, t: iou(sigmoid(p) > 0.5 * sigmoid(p).max(), t).mean(),
)
wrong("clinic twice", "logit, cut at .5", "another|logit", lambda p, t: iou(np.log(p / (1 - p)) > 0.5, t).mean())
right("clinic twice", "logit, cut at 0", lambda p, t: iou(np.log(p / (1 - p)) > 0, t).mean())

wrong(
    "clinic thresholds",
    "average precision",
    "thresholds",
    photo_by_photo(lambda p, t: average_precision_score(t.ravel(), p.ravel())),
)
wrong(
    "clinic thresholds",
    "best of nine for every photo",
    "best threshold|threshold.*best|largest of",
    photo_by_photo(lambda p, t: max(ratio(p > k / 10, t) for k in range(1, 10))),
)
right(
    "clinic thresholds",
    "a vote of five cuts",
    lambda p, t: iou(np.sum([p > k for k in (0.1, 0.3, 0.5, 0.7, 0.9)], 0) >= 3, t).mean(),
)


# ---- what is added up?
def last_axis(mask: Any, truth: Any) -> Any:
    union = (mask | truth).sum(-1)
    return ((mask & truth).sum(-1)[union > 0] / union[union > 0]).mean()


wrong("clinic columns", "only the last axis, empty rows left out", "row|line", last_axis)
wrong(
    "clinic columns",
    "the whole sum over the number of photos",
    "pooled|together|sum",
    lambda m, t: (m & t).sum() / ((m | t).sum() / len(m)) / len(m),
)
right(
    "clinic columns",
    "einsum",
    lambda m, t: (np.einsum("nchw,nchw->n", m * 1.0, t * 1.0) / (m | t).sum((1, 2, 3))).mean(),
)

wrong(
    "clinic pooled",
    "mean overlap over mean union",
    "pooled|together",
    lambda m, t: (m & t).sum((1, 2)).mean() / (m | t).sum((1, 2)).mean(),
)
wrong(
    "clinic pooled", "weighted by the lesion's size", "weigh", lambda m, t: np.average(iou(m, t), weights=t.sum((1, 2)))
)
right(
    "clinic pooled",
    "scikit-learn, samples",
    lambda m, t: jaccard_score(t.reshape(len(t), -1), m.reshape(len(m), -1), average="samples"),
)


def returns_early(batches: Any) -> Any:
    for mask, truth in batches:
        scores = [*iou(mask, truth)]
        return np.mean(scores)


def restarted(batches: Any) -> Any:
    total, photos = 0.0, 0
    for mask, truth in batches:
        total += iou(mask, truth).mean()
        photos += len(mask)
    return total / photos


wrong("clinic last_batch", "return inside of the loop", "first batch", returns_early)
wrong("clinic last_batch", "means added up, divided by photos", "number of photos", restarted)
right("clinic last_batch", "concatenated", lambda b: np.concatenate([iou(*pair) for pair in b]).mean())

# ---- what counts as success?
wrong(
    "clinic background",
    "scikit-learn, weighted",
    "skin|background|weigh|both classes",
    photo_by_photo(lambda m, t: jaccard_score(t.ravel(), m.ravel(), average="weighted")),
)
wrong(
    "clinic background",
    "scikit-learn, micro over two classes",
    "skin|background|both classes|pixels? that agree",
    photo_by_photo(lambda m, t: jaccard_score(t.ravel(), m.ravel(), average="micro", labels=[False, True])),
)
right("clinic background", "scikit-learn, binary", photo_by_photo(lambda m, t: jaccard_score(t.ravel(), m.ravel())))

wrong(
    "clinic agreement",
    "scikit-learn's F1, macro",
    "skin|background|both classes",
    photo_by_photo(lambda m, t: f1_score(t.ravel(), m.ravel(), average="macro")),
)
wrong("clinic agreement", "F1 of all photos at once", "pooled|together", lambda m, t: f1_score(t.ravel(), m.ravel()))
right("clinic agreement", "F1 photo by photo", photo_by_photo(lambda m, t: f1_score(t.ravel(), m.ravel())))


def early_out(mask: Any, truth: Any) -> Any:
    if not truth.any() or not mask.any():
        return 1.0
    return np.mean(
        [1.0 if not (a | b).any() else (a & b).sum() / (a | b).sum() for a, b in zip(mask, truth, strict=True)]
    )


wrong("clinic nothing", "an early way out for the whole batch", "all photos of the set", early_out)
wrong("clinic nothing", "union at least 1", "scores? 0|0 / 0|counts as 0|empty", photo_by_photo(ratio))
right(
    "clinic nothing",
    "1 minus the Jaccard distance",
    lambda m, t: 1 - np.mean([(a ^ b).sum() / max((a | b).sum(), 1) for a, b in zip(m, t, strict=True)]),
)


def short_sums(mask: Any, truth: Any) -> Any:
    both = (mask & truth).sum(dtype=np.uint8)
    either = (mask | truth).sum(dtype=np.uint8)
    return float(both) / float(either) if either else 0.0


wrong("clinic half", "summed in uint8", "uint8|255|eight bits|wrap", short_sums)
wrong(
    "clinic half",
    "means in float16",
    "16|half",
    lambda m, t: float((m & t).mean(dtype=np.float16) / (m | t).mean(dtype=np.float16)),
)
right("clinic half", "count_nonzero", lambda m, t: np.count_nonzero(m & t) / np.count_nonzero(m | t))


# ---- how large, and in which numbers?
wrong(
    "clinic as_bytes", "as int8, above 0", "wrap|int8|sign|127", lambda m, png: iou(m, png.astype(np.int8) > 0).mean()
)
wrong(
    "clinic as_bytes",
    "above the photo's mean grey",
    "its own|adapt|mean|another|limit",
    lambda m, png: iou(m, png > png.mean((1, 2), keepdims=True)).mean(),
)
right("clinic as_bytes", "the nearest of 0 and 1", lambda m, png: iou(m, (png / 255).round() == 1).mean())

wrong("clinic bilinear", "scikit-image, not 0", "grey", lambda png, size: sk_resize(png, size) > 0)
wrong(
    "clinic bilinear",
    "PIL takes width first",
    "width|transpos|height",
    lambda png, size: np.asarray(Image.fromarray(png).resize(size, Image.Resampling.NEAREST)) > 127,
)
right(
    "clinic bilinear",
    "PIL, nearest",
    lambda png, size: np.asarray(Image.fromarray(png).resize(size[::-1], Image.Resampling.NEAREST)) > 127,
)
wrong(
    "clinic flag",
    "torch, bilinear, only 255",
    "white|255|brightest",
    lambda png, size: (
        F.interpolate(torch.from_numpy(png)[None, None].float(), size, mode="bilinear")[0, 0].byte().numpy() == 255
    ),
)
right("clinic flag", "scikit-image, order 0", lambda png, size: sk_resize(png > 127, size, order=0))

wrong(
    "clinic hard",
    "repeated pixels",
    "stair|before|nearest|cut first",
    lambda p, size: np.kron(p > 0.5, np.ones((-(-size[0] // p.shape[0]), -(-size[1] // p.shape[1])), bool))[
        : size[0], : size[1]
    ],
)
wrong(
    "clinic hard",
    "the mask blurred after enlarging",
    "stair|before|cut first|smooth",
    lambda p, size: (
        cv2.GaussianBlur(
            cv2.resize((p > 0.5).astype(np.float32), size[::-1], interpolation=cv2.INTER_NEAREST), (5, 5), 0
        )
        > 0.5
    ),
)


# ---- which photos, which network, which epoch?
def stripped(photos: Any, masks: Any) -> Any:
    by_id = {mask.rstrip("_Segmentation.png"): mask for mask in masks}  # noqa: B005
    return [(photo, by_id[photo.rstrip(".jpg")]) for photo in photos if photo.rstrip(".jpg") in by_id]


def alike(photos: Any, masks: Any) -> Any:
    return [(photo, difflib.get_close_matches(photo, masks, 1, 0)[0]) for photo in photos]


wrong("clinic pairs", "rstrip takes letters, not an ending", "pairs that belong together are missing", stripped)
wrong("clinic pairs", "the most similar name", "without a partner", alike)


def by_set(photos: Any, masks: Any) -> Any:
    ids = {p.split(".")[0] for p in photos} & {m.split("_Segm")[0] for m in masks}
    return [(f"{i}.jpg", f"{i}_Segmentation.png") for i in sorted(ids)]


right("clinic pairs", "sets of ids", by_set)


def evaluates_late(model: Any, x: Any) -> Any:
    with torch.inference_mode():
        out = model(x)
    model.eval()
    return out


def no_gradients(model: Any, x: Any) -> Any:
    model.requires_grad_(False)
    return model(x)


wrong("clinic training_mode", "eval after the call", "training mode", evaluates_late)
wrong("clinic training_mode", "requires_grad_(False)", "training mode", no_gradients)
wrong(
    "clinic best_epoch",
    "worst loss taken for the best",
    "lowest|smallest|minimum|worst",
    lambda v, t: t[int(np.argmin(v))],
)
wrong(
    "clinic best_epoch",
    "best of the mean of both",
    "test|mean of both|both",
    lambda v, t: t[int(np.argmax(np.add(v, t)))],
)
right("clinic best_epoch", "sorted pairs", lambda v, t: sorted(zip(v, t, strict=True), reverse=True)[0][1])
