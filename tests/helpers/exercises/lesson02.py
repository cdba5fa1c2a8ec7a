"""Answers to the exercises of lesson 02."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import torch

from lesionseg_lib.data import duplicates
from lesionseg_lib.data.datasets import resize_image
from lesionseg_lib.training import probing
from tests.helpers.exercises.registry import case
from tests.helpers.stand_ins import SIZE, lesson


@case("02.1")
def _() -> Any:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"area": rng.random(60), "hair": rng.random(60)})
    table.loc[::7, "hair"] = np.nan
    table["diagnosis"] = np.where(table["area"] + 0.3 * rng.random(60) > 0.8, "malignant", "benign")
    ill = torch.tensor((table["diagnosis"] == "malignant").to_numpy())[:, None, None]
    values = torch.tensor(table[["area", "hair"]].fillna(0).to_numpy())[..., None, None]
    right = dict(zip(["area", "hair"], probing.channel_auc(values, ill), strict=True))
    return (right, table), [
        (({c: 1 - a for c, a in right.items()}, table), "below a benign"),
        (({"area": 100 * right["area"]}, table), "percent"),
        (({"size": 0.5}, table), "no column 'size'"),
        (({"area": 0.5}, table), "too low"),
        ((right["area"], table), "expected {column"),
    ]


@cache
def finders() -> dict[str, Any]:
    def hashes(function: Any, x: Any, y: Any) -> Any:
        return duplicates.hash_distances(*(np.array([function(image) for image in images]) for images in (x, y)))

    return {
        "dHash": lambda x, y: hashes(duplicates.difference_hash, x, y),
        "pHash": lambda x, y: hashes(duplicates.perceptual_hash, x, y),
    }


@case("02.2")
def _() -> Any:
    some = lesson().decoded.train.images
    copies = {"unaltered": some, "darker": (some * 0.7).astype(np.uint8), "mirrored": some[:, :, ::-1].copy()}
    copies["cropped"] = np.stack([resize_image(image[6:-6, 6:-6], SIZE) for image in some])

    def hits(pick: Callable[[Any], Any]) -> Any:
        return {n: {c: 100 * (pick(f(x, some)) == range(len(x))).mean() for c, x in copies.items()}
                for n, f in finders().items()}  # fmt: skip

    right = hits(lambda d: d.argmin(1))
    rest = copies, finders()
    half = np.stack([resize_image(image[6:, 6:], SIZE) for image in some])
    return (right, *rest), [
        (({n: {c: h / 100 for c, h in row.items()} for n, row in right.items()}, *rest), "percent"),
        ((hits(lambda d: d.argmax(1)), *rest), "argmin"),
        ((right, copies | {"darker": (some * 0.3).astype(np.uint8)}, finders()), "by 70 %, not to"),
        ((right, copies | {"mirrored": some[:, ::-1]}, finders()), "left and right"),
        ((right, copies | {"cropped": half}, finders()), "four sides"),
        ((right, copies | {"cropped": some[:, 6:-6, 6:-6]}, finders()), "Enlarge a crop"),
        ((right, {k: v for k, v in copies.items() if k != "cropped"}, finders()), "no copy called 'cropped'"),
        (({"dHash": right["dHash"]}, *rest), "a row for each"),
    ]
