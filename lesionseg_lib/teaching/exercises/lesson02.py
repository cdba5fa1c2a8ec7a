"""Exercises of lesson 02: what columns say about the diagnosis, and which finder knows an altered copy."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from lesionseg_lib.data.datasets import resize_image
from lesionseg_lib.teaching.exercises.answers import Slip, agree, demand, numbers, scores
from lesionseg_lib.training.probing import channel_auc

COPIES = ("unaltered", "darker", "mirrored", "cropped")


def diagnosis_without_looking(auc: Any, table: pd.DataFrame) -> None:
    """each column ranks as you say. Those at .5 know nothing, the others something, if only where a photo comes from.

    ``auc``: column of ``table`` -> chance that a malignant photo ranks above a benign one.
    """
    auc = auc.to_dict() if hasattr(auc, "to_dict") else auc
    demand(isinstance(auc, Mapping), 'expected {column: number}, for example {"area": 0.5}.')
    for column in auc:
        demand(column in table, f"the table has no column {column!r}; it has {', '.join(map(str, table.columns))}.")
    ill = (table["diagnosis"] == "malignant").to_numpy()
    found = scores(auc, list(auc), "area under the curve")
    filled, known = _areas(table[list(auc)].fillna(0), ill), _areas(table[list(auc)], ill)
    # A value that could not be measured may count as 0, as in the lesson, or be left out.
    expected = {c: min(filled[c], known[c], key=lambda value: abs(value - found[c])) for c in found}
    slips = [
        (
            "this is the chance that a malignant photo ranks below a benign one: 1 minus what was asked. Which of the "
            "two did you mark?",
            lambda: {c: 1 - value for c, value in expected.items()},
        ),
        (
            "values below .5 were turned over. 0 is as good as 1, but the side says which photos have more of it; keep "
            "it.",
            lambda: {c: max(value, 1 - value) for c, value in expected.items()},
        ),
    ]
    agree(found, expected, slips, hint="Is it ranked over all photos of the table?")


def _areas(columns: pd.DataFrame, ill: Any) -> dict[Any, float]:
    """Of each column, leaving out what was not measured."""
    found = {}
    for name in columns:
        values = columns[name].to_numpy(float)
        there = ~np.isnan(values)
        photos = torch.tensor(values[there])[:, None, None, None]  # one channel of one cell each
        found[name] = float(channel_auc(photos, torch.tensor(ill[there]))[0])
    return found


def what_survives(hits: Any, copies: Mapping[str, Any], finders: Mapping[str, Callable[[Any, Any], Any]]) -> None:
    """the copies are what they should be, and each finder found as many as you say.

    ``hits``: finder -> copy -> % of the copies whose original is the closest of all. ``copies``: uint8 (N, H, W, 3)
    each, among them "unaltered". ``finders``: distances of (M, H, W, 3) from (N, H, W, 3), as (M, N).
    """
    demand(isinstance(hits, Mapping) and set(hits) == set(finders), f"expected a row for each of {', '.join(finders)}.")
    _check_copies(copies)
    some = copies["unaltered"]
    for name, finder in finders.items():
        distances = {copy: np.asarray(finder(copies[copy], some)) for copy in COPIES}
        _check_hits(name, numbers(hits[name], list(COPIES), name), distances)


def _check_hits(name: str, found: Mapping[Any, float], distances: Mapping[str, Any]) -> None:
    def share(nearest: Callable[[Any], Any]) -> dict[Any, float]:
        return {copy: float((nearest(d) == range(len(d))).mean()) for copy, d in distances.items()}

    def percent(nearest: Callable[[Any], Any]) -> dict[Any, float]:
        return {copy: 100 * hits for copy, hits in share(nearest).items()}

    slips: list[Slip] = [
        ("these are shares from 0 to 1; the figure wants percent.", lambda: share(lambda d: d.argmin(1))),
        ("the closest has the smallest distance: argmin, not argmax.", lambda: percent(lambda d: d.argmax(1))),
        (
            "you asked each original for its closest copy. Ask each copy: axis 1.",
            lambda: percent(lambda d: d.argmin(0)),
        ),
    ]
    agree(found, percent(lambda d: d.argmin(1)), slips, within=0.1, of=name)


def _check_copies(copies: Mapping[str, Any]) -> None:
    for name in COPIES:
        demand(name in copies, f"there is no copy called {name!r}; found {', '.join(copies)}.")
    some = np.asarray(copies["unaltered"])
    for name in COPIES:
        copy = np.asarray(copies[name])
        demand(
            copy.shape == some.shape and copy.dtype == np.uint8,
            f"{name}: expected bytes of the shape {some.shape}, found {copy.dtype} {copy.shape}. Enlarge a crop again.",
        )

    def like(name: str, other: Any) -> bool:
        return float(np.abs(np.asarray(copies[name], float) - other).mean()) < 3  # grey levels, for ways to round

    demand(not like("darker", 0.3 * some), "darker: 30 % of the light is left. To 70 %, not by 70 %.")
    demand(
        like("darker", 0.7 * some),
        "darker: these are not 70 % of the bytes. Multiply; a difference of bytes wraps round below 0.",
    )
    demand(like("mirrored", some[:, :, ::-1]), "mirrored: left and right should change places: axis 2 of (N, H, W, 3).")
    rim, size = [round(side / 10) for side in some.shape[1:3]], (some.shape[1], some.shape[2])
    inner = some[:, rim[0] : -rim[0], rim[1] : -rim[1]]
    cropped = np.stack([resize_image(image, size) for image in inner])
    change = np.abs(cropped - some.astype(float)).mean()
    off = np.abs(np.asarray(copies["cropped"], float) - cropped).mean()
    demand(off < max(3, 0.5 * change), "cropped: a tenth should be gone at each of the four sides.")
