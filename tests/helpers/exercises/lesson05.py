"""Answers to the exercises of lesson 05."""

from __future__ import annotations

from typing import Any

import albumentations
import numpy as np

from lesionseg_lib.data import properties
from lesionseg_lib.teaching.demos import wrong_pairs
from tests.helpers.exercises.registry import case
from tests.helpers.stand_ins import lesson


@case("05.1")
def _() -> Any:
    def turn(image: Any, mask: Any, rng: Any) -> Any:
        quarters, mirrored = rng.integers(4), rng.random() < 0.5
        image, mask = np.rot90(image, quarters), np.rot90(mask, quarters)
        return (image[:, ::-1], mask[:, ::-1]) if mirrored else (image, mask)

    return (turn,), [
        ((lambda image, mask, rng: (np.rot90(image, rng.integers(4)), np.rot90(mask, rng.integers(4))),), "mask says"),
        ((lambda image, mask, rng: (image[:, ::-1], mask[:, ::-1]),), "1 came"),
        ((turn(np.zeros((8, 8, 3)), np.zeros((8, 8)), np.random.default_rng(0)),), "pass the function itself"),
    ]


@case("05.2")
def _() -> Any:
    guilty = "".join(letter for letter, load in wrong_pairs.LINE_UP.items() if load in wrong_pairs.MISTAKES.values())
    return (guilty,), [
        ((guilty[:2],), "1 wrong loaders are still free"),
        (("ABCDE",), "2 of the accused read rightly"),
        (("Z",), "no loader Z"),
    ]


@case("05.3")
def _() -> Any:
    def pace(n: int, batch: int, decode: float, workers: int, step: float) -> float:
        return max(n * decode / workers, n / batch * step)

    return (pace,), [
        ((lambda n, batch, decode, workers, step: n * decode / workers + n / batch * step,), "played through"),
        ((lambda n, batch, decode, workers, step: max(n * decode, n / batch * step),), "you say"),
        ((pace(16, 16, 0.1, 1, 0.1),), "pass the function itself"),
    ]


@case("05.4")
def _() -> Any:
    pairs = lesson().decoded.validation
    rough = {}
    for alpha in (20, 300):
        deform = albumentations.Compose([albumentations.ElasticTransform(alpha, 6, p=1.0)], seed=1)
        moved = [deform(image=i, mask=m)["mask"] for i, m in zip(pairs.images, pairs.masks, strict=True)]
        rough[f"alpha {alpha}"] = float(np.nanmedian([properties.border_detail(mask == 1) for mask in moved]))
    plain = float(np.nanmedian([properties.border_detail(mask == 1) for mask in pairs.masks]))
    return ({"as it is": plain, **rough}, pairs), [
        (({"alpha 20": plain, "alpha 300": plain}, pairs), "that nothing was done to"),
        (({"alpha 300": rough["alpha 20"], "alpha 20": rough["alpha 300"]}, pairs), "deformed so have about"),
        (({"alpha 20": rough["alpha 20"]}, pairs), "one strength is no comparison"),
        ((rough["alpha 20"], pairs), "one number for each alpha"),
    ]
