"""Answers to the patients that resize, pair, predict and choose."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from lesionseg_lib.models.postprocessing import enlarge
from tests.teaching.mutants.bank import right, wrong


def cv(flag: int, cut: Any = lambda x: x > 128) -> Any:
    return lambda png, size: cut(cv2.resize(png, size[::-1], interpolation=flag))


def pil(flag: Any = None, cut: Any = lambda x: x > 128) -> Any:
    return lambda png, size: cut(np.asarray(Image.fromarray(png).resize(size[::-1], flag)))


for name in ("bilinear", "flag"):
    task = f"clinic {name}"
    wrong(task, "PIL's default, every grey", "grey", pil(cut=lambda x: x > 0))
    wrong(task, "area, every grey", "grey", cv(cv2.INTER_AREA, lambda x: x > 0))
    wrong(task, "cubic, astype(bool)", "grey", cv(cv2.INTER_CUBIC, lambda x: x.astype(bool)))
    wrong(task, "linear, only 255", "pure white", cv(cv2.INTER_LINEAR, lambda x: x == 255))
    wrong(task, "nearest, size not turned", "width", lambda png, size: cv2.resize(png, size, interpolation=0) > 128)
    wrong(task, "reshaped", "reshape", lambda png, size: np.resize(png, size) > 128)
    wrong(task, "inverted", "exchanged", cv(cv2.INTER_NEAREST, lambda x: x < 128))
    wrong(task, "linear at 30", "level", cv(cv2.INTER_LINEAR, lambda x: x > 30))
    wrong(
        task,
        "cropped",
        "cropped",
        lambda png, size: np.pad(png, ((0, size[0]), (0, size[1])))[: size[0], : size[1]] > 128,
    )
    right(task, "nearest", cv(cv2.INTER_NEAREST))
    right(task, "linear above 128", cv(cv2.INTER_LINEAR))
    right(task, "PIL nearest", pil(Image.Resampling.NEAREST))
    right(
        task, "torch nearest", lambda png, size: F.interpolate(torch.tensor(png)[None, None], size)[0, 0].numpy() > 128
    )

hard = "clinic hard"
wrong(
    hard,
    "probabilities by the nearest pixel",
    "nearest",
    lambda p, size: cv2.resize(p, size[::-1], interpolation=0) > 0.5,
)
wrong(
    hard,
    "hard mask, linear, above .5",
    "cut first|before it was enlarged",
    lambda p, size: cv2.resize((p > 0.5).astype(np.float32), size[::-1]) > 0.5,
)
wrong(
    hard,
    "hard mask, linear, above 0",
    "cut first|before it was enlarged",
    lambda p, size: cv2.resize((p > 0.5).astype(np.float32), size[::-1]) > 0,
)
wrong(
    hard,
    "np.kron of the mask",
    "staircase",
    lambda p, size: cv2.resize(np.uint8(p > 0.5), size[::-1], interpolation=cv2.INTER_NEAREST_EXACT) > 0,
)
wrong(hard, "enlarged, cut at .3", "not at .5", lambda p, size: enlarge(p, size) > 0.3)
wrong(hard, "enlarged, cut at 0", "not at .5|every pixel", lambda p, size: enlarge(p, size) > 0)
wrong(hard, "not cut", "type bool", lambda p, size: enlarge(p, size))
wrong(hard, "inverted", "exchanged", lambda p, size: enlarge(p, size) < 0.5)
wrong(hard, "size not turned, transposed after", "width", lambda p, size: enlarge(p, size[::-1]).T > 0.5)
right(hard, "enlarge", lambda p, size: enlarge(p, size) > 0.5)
right(
    hard,
    "torch",
    lambda p, size: F.interpolate(torch.tensor(np.float32(p))[None, None], size, mode="bilinear")[0, 0].numpy() > 0.5,
)
right(hard, "logits enlarged are near enough", lambda p, size: cv2.resize(np.float32(p), size[::-1]) > 0.5)
right(hard, "a tensor", lambda p, size: torch.tensor(enlarge(p, size)) > 0.5)

pairs = "clinic pairs"
wrong(pairs, "as listed", "in the order they came", lambda a, b: list(zip(a, b, strict=False)))
wrong(pairs, "sorted", "sorted listings", lambda a, b: list(zip(sorted(a), sorted(b), strict=False)))
wrong(pairs, "startswith", "begins", lambda a, b: [(x, y) for x in a for y in b if y.startswith(x[:-4])])
wrong(pairs, "in", "anywhere|begins", lambda a, b: [(x, y) for x in a for y in b if x.split(".")[0] in y])
wrong(pairs, "name made up", "made from", lambda a, b: [(x, x.replace(".jpg", "_Segmentation.png")) for x in a])
wrong(pairs, "mask first", "exchanged", lambda a, b: [(y, x) for x in a for y in b if x[:-4] == y[:-17]])
wrong(pairs, "ids", "ids", lambda a, b: [(x[:-4], y[:-17]) for x in a for y in b if x[:-4] == y[:-17]])
wrong(pairs, "everybody with everybody", "every mask", lambda a, b: [(x, y) for x in a for y in b])
wrong(
    pairs,
    "None where there is no mask",
    "without a mask",
    lambda a, b: [(x, next((y for y in b if x[:-4] == y[:-17]), None)) for x in a],
)
right(pairs, "dictionary", lambda a, b: {x: y for x in a for y in b if x[:-4] == y[:-17]})
right(
    pairs,
    "set of stems",
    lambda a, b: [(f"{i}.jpg", f"{i}_Segmentation.png") for i in {x[:-4] for x in a} & {y[:-17] for y in b}],
)
right(
    pairs,
    "pathlib, a generator",
    lambda a, b: ((x, y) for x in a for y in b if PurePath(y).stem.removesuffix("_Segmentation") == PurePath(x).stem),
)
right(pairs, "an array", lambda a, b: np.array([(x, y) for x in a for y in b if x[:-4] == y[:-17]]))

mode = "clinic training_mode"


def by_attribute(model: Any, x: Any) -> Any:
    model.training = False
    with torch.no_grad():
        return model(x)


def one_kind(kind: Any) -> Any:
    def run(model: Any, x: Any) -> Any:
        for module in model.modules():
            if isinstance(module, kind):
                module.eval()
        return model(x)

    return run


wrong(mode, "the attribute", "attribute", by_attribute)
wrong(mode, "inference_mode", "training mode", lambda model, x: torch.inference_mode()(lambda: model(x))())
wrong(mode, "dropout alone", "batch norm was still", one_kind(torch.nn.Dropout))
wrong(mode, "batch norm alone", "dropout", one_kind(torch.nn.BatchNorm2d))
wrong(mode, "eval, sigmoid", "sigmoid", lambda model, x: torch.sigmoid(model.eval()(x)))
wrong(mode, "eval after the call", "training mode", lambda model, x: (model(x), model.eval())[0])
wrong(mode, "eval, mask", "mask", lambda model, x: (model.eval()(x) > 0).float())
wrong(mode, "eval, squeezed", "dimension", lambda model, x: model.eval()(x)[:, 0])
wrong(mode, "eval and train again", "training mode", lambda model, x: model.eval().train()(x))
wrong(mode, "eval, first photo", "first photo", lambda model, x: model.eval()(x)[:1])
right(mode, "eval", lambda model, x: model.eval()(x))
right(mode, "train(False), no_grad", lambda model, x: torch.no_grad()(lambda: model.train(False)(x))())
right(mode, "photo by photo", lambda model, x: torch.cat([model.eval()(photo[None]) for photo in x]))
right(mode, "an array", lambda model, x: model.eval()(x).detach().numpy())

epoch = "clinic best_epoch"
wrong(epoch, "off by one", "off by one", lambda v, t: t[min(int(np.argmax(v)) + 1, len(t) - 1)])
wrong(epoch, "validation", "validation score is reported", lambda v, t: max(v))
wrong(epoch, "last", "last epoch", lambda v, t: t[-1])
wrong(epoch, "argmin", "lowest validation", lambda v, t: t[int(np.argmin(v))])
wrong(epoch, "exchanged", "exchanged", lambda v, t: v[int(np.argmax(t))])
wrong(epoch, "mean", "averaged", lambda v, t: sum(t) / len(t))
wrong(epoch, "both together", "together", lambda v, t: t[int(np.argmax(np.add(v, t)))])
wrong(epoch, "best on test", "chosen on test", lambda v, t: sorted(t)[-1])
wrong(epoch, "number of the epoch", "number of the epoch", lambda v, t: int(np.argmax(v)) + 1)
right(epoch, "index", lambda v, t: t[v.index(max(v))])
right(epoch, "zip", lambda v, t: max(zip(v, t, strict=True))[1])
right(epoch, "numpy", lambda v, t: np.array(t)[np.argmax(v)])
right(epoch, "loop", lambda v, t: next(b for a, b in zip(v, t, strict=True) if a == max(v)))
