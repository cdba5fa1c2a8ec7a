"""Exercises of lesson 05: a paired transform, a line-up of loaders, the pace of an epoch, a deformation's price."""

from typing import Any

import numpy as np
from albumentations import Compose, ElasticTransform

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.data.properties import border_detail
from lesionseg_lib.teaching.demos.epoch_time import epoch_fault
from lesionseg_lib.teaching.demos.paired_transforms import transform_fault
from lesionseg_lib.teaching.demos.wrong_pairs import lineup_fault
from lesionseg_lib.teaching.exercises.answers import Wrong, ask, demand, numbers

SIGMA = 6


def paired_transform(transform: Any) -> None:
    """image and mask together, eight orientations, equally often, from the given generator alone.

    ``transform(image, mask, rng) -> (image, mask)``.
    """
    demand(callable(transform), "pass the function itself, not what it returned.")
    _refuse(transform_fault(transform))


def line_up(accused: Any) -> None:
    """these read wrongly, and the others do not.

    ``accused``: letters of ``mispairs.LINE_UP``.
    """
    _refuse(lineup_fault([str(letter) for letter in accused]))


def fastest_epoch(answer: Any) -> None:
    """the slower of the two sets the pace.

    ``answer(photos, batch, decode, workers, step)``: seconds of an epoch.
    """
    ask(answer, 16, 16, 0.01, 1, 0.01)
    _refuse(epoch_fault(answer))


def price_of_a_deformation(rough: Any, pairs: CachedDataset) -> None:
    """the outlines are as rough as that. How rough is too rough, only eyes can say.

    ``rough``: alpha -> median border detail of the deformed masks of ``pairs``.
    """
    demand(hasattr(rough, "items"), "expected {alpha: median border detail}, one number for each alpha.")
    demand(sum(map(bool, map(_strength, rough))) >= 2, "one strength is no comparison; measure two or more.")
    found = numbers(rough, list(rough), "the median border detail")
    masks = list(pairs.masks)
    plain = _detail(masks)
    for alpha, detail in found.items():
        if not (strength := _strength(alpha)):
            continue  # "as it is"
        deform = Compose([ElasticTransform(strength, SIGMA, p=1.0)], seed=0)
        real = _detail([deform(image=i, mask=m)["mask"] for i, m in zip(pairs.images, masks, strict=True)])
        if abs(detail - real) > 0.15 * real:
            same = abs(detail - plain) < 1e-6
            raise Wrong(
                f"alpha {strength:g}: {detail:.2f}, but outlines deformed so have about {real:.2f}. "
                + ("That is the detail of masks that nothing was done to." if same else "Is p 1, and sigma 6?")
            )


def _strength(alpha: Any) -> float:
    """100 of "alpha 100" or 100; 0 where there is no number."""
    last = str(alpha).rpartition(" ")[2]
    return float(last) if last.replace(".", "", 1).isdigit() else 0.0


def _detail(masks: list[Any]) -> float:
    return float(np.nanmedian([border_detail(np.asarray(mask) == 1) for mask in masks]))


def _refuse(fault: str | None) -> None:
    if fault:
        raise Wrong(fault[0].lower() + fault[1:])
