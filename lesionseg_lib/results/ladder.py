"""The ladder as a table, from records alone: what each step costs and scores, and what its one change was worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.errors import RecordError
from lesionseg_lib.evaluation.bootstrap import paired_interval
from lesionseg_lib.results.ablations import Effect, Step, measure, other_differences
from lesionseg_lib.results.comparison import Score, image_scores
from lesionseg_lib.results.records import LADDER, Record, Records, load_records
from lesionseg_lib.training.recipes import Recipe

COMES_WITH = {
    "extra data": {"epochs"},
    "last stage": {"trained stages"},
    "decoder's rate": {"encoder's rate"},
}
"""A change -> what has to change with it: as many steps on more photos, no stage that is not there, both rates."""


def ladder_records(results: Path) -> Records:
    """The records in ``results`` and those of the ladder, which lie there in a folder of their own."""
    return {**load_records(results), **load_records(results / LADDER)}


def ladder_steps(recipes: Mapping[str, Recipe]) -> list[Step]:
    """A step to every recipe that has a base, from there; ``change`` is the one setting in which they differ.

    Raises ``RecordError`` where it is not one, but for ``COMES_WITH``.
    """
    steps = []
    for name, recipe in recipes.items():
        if recipe.base is None:
            continue
        changed = other_differences(Step("", recipe.base, name, ""), recipes)
        alone = [one for one in changed if set(changed) - {one} <= COMES_WITH.get(one, set())]
        if not alone:
            what = ", ".join(changed) or "nothing"
            raise RecordError(f"{name} differs from {recipe.base} in {what}; expected one setting.")
        steps.append(Step("ladder", recipe.base, name, alone[0]))
    return steps


@dataclass(frozen=True)
class Rung:
    """One recipe of the ladder that is recorded: means over its seeds, with 95 % intervals over images and seeds."""

    name: str
    seeds: tuple[int, ...]
    parameters: int
    macs: int
    """Multiply-accumulates of one image at its own size."""
    hours: float
    """Of training one seed, median; on the device that the record names."""
    jaccard: Score
    flips: Score | None
    """The same test images, four answers averaged."""
    elsewhere: Score | None
    """Photos of origins that it was not trained on."""
    effect: Effect | None
    """Beside its base; None for the foot of the ladder, or where the base is not recorded."""


def rungs(recipes: Mapping[str, Recipe], results: Path) -> list[Rung]:
    """Every recorded recipe of the ladder, and what it stands on, in their order in ``recipes``.

    ``recipes``: the experiments and the ladder. Raises ``RecordError`` where a table is missing or damaged.
    """
    steps, records = ladder_steps(recipes), ladder_records(results)
    shown = {name for step in steps for name in (step.first, step.second) if step.second in records}
    effects = {effect.step.second: effect for effect in measure(recipes, records, results, steps)}
    return [
        _rung(name, records[name], results, effects.get(name)) for name in recipes if name in shown and name in records
    ]


def _rung(name: str, seeds: Mapping[int, Record], results: Path, effect: Effect | None) -> Rung:
    any_seed = next(iter(seeds.values()))
    also = [record.get("also", {}) for record in seeds.values()]
    elsewhere = None
    if all("elsewhere" in row for row in also):
        photos = [row["elsewhere"]["of_images"]["jaccard"] for row in also]
        if any(photo.keys() != photos[0].keys() for photo in photos):
            raise RecordError(f"The seeds of {name} were scored on different photos from elsewhere. Score them again.")
        elsewhere = _score(np.array([[photo[key] for key in photos[0]] for photo in photos]))
    return Rung(
        name,
        tuple(seeds),
        any_seed["parameters"]["total"],
        any_seed["macs"],
        float(np.median([record["seconds_total"] for record in seeds.values()])) / 3600,
        _score(image_scores(results, name, seeds, "jaccard").to_numpy()),
        _score(image_scores(results, name, seeds, "flips_jaccard").to_numpy())
        if all("flips" in r for r in also)
        else None,
        elsewhere,
        effect,
    )


def _score(images: NDArray[np.float64]) -> Score:
    """Mean of scores (seeds, N), with its interval."""
    return Score(float(images.mean()), *paired_interval(images, np.zeros_like(images[:1])))
