"""How often the 95 % intervals of the library hold the truth, with images and seeds drawn anew. Writes coverage.json.

Scores are drawn as a network's are: most near .86, a long tail, and 5 % missed outright. The truth is known, so each
interval either holds it or does not.
"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.evaluation.bootstrap import METHODS, bootstrap_interval, count_draws, paired_interval
from lesionseg_lib.results.records import published_results
from lesionseg_lib.results.seeds import SHARE, expected_band, seed_interaction, seed_spread
from lesionseg_lib.utils.files import write_bytes

Floats = NDArray[np.float64]
Rng = np.random.Generator

MISSED, SHAPE = 0.05, (9.0, 1.5)
"""Share of images with score 0; the others follow this beta distribution."""
SEEDS_DEVIATION = 0.005
"""Of the mean score between seeds of one recipe, about what the records show."""
IMAGE_DEVIATION, RUN_DEVIATION = 0.015, 0.035
"""Of an image's score from recipe to recipe, and from seed to seed of one recipe."""
LOST = 0.0025
"""Share of images that one run misses though others find them. With ``RUN_DEVIATION`` it makes the scores of one image
deviate from run to run by about .054, and a quarter of the variance between seeds luck with 379 images, as in the
records."""
IMAGES = (20, 50, 100, 379)
SEEDS = (1, 2, 3, 5)
RECIPES = 4
"""With three seeds each, from which the spread is pooled, as in the records."""
DRAWS = 500
"""For images and seeds together, which take longest; a quarter of the library's."""


def true_mean() -> float:
    return (1 - MISSED) * SHAPE[0] / sum(SHAPE)


def draw_scores(rng: Rng, images: int) -> Floats:
    return np.where(rng.random(images) < MISSED, 0.0, rng.beta(*SHAPE, images))


def share_that_holds(intervals: Iterable[tuple[float, float]], truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in intervals]))


def over_images(rng: Rng, repetitions: int, images: int) -> dict[str, float]:
    """Coverage of ``bootstrap_interval`` by method, over the same samples for all."""
    samples = [draw_scores(rng, images) for _ in range(repetitions)]
    return {
        method: share_that_holds(
            (bootstrap_interval(x, seed=i, method=method) for i, x in enumerate(samples)), true_mean()
        )
        for method in METHODS
    }


def draw_runs(rng: Rng, base: Floats, seeds: int) -> Floats:
    """Scores (seeds, images) of one recipe, as good as any other.

    Images are as hard as ``base`` says, a little easier or harder for the recipe; a seed shifts all images, and each
    image of a seed by itself; some are lost; nothing leaves 0 to 1.
    """
    recipe = rng.normal(0, IMAGE_DEVIATION, len(base))
    shift = rng.normal(0, SEEDS_DEVIATION, (seeds, 1))
    scores = base + recipe + shift + rng.normal(0, RUN_DEVIATION, (seeds, len(base)))
    return np.where(rng.random(scores.shape) < LOST, 0.0, np.clip(scores, 0, 1))


def records_of(means: Iterable[Iterable[float]]) -> Any:
    """What the reader of records gives for recipes with these mean scores of their seeds."""
    return {
        str(number): {seed: {"test": {"jaccard": {"mean": mean}}} for seed, mean in enumerate(recipe)}
        for number, recipe in enumerate(means)
    }


def over_both(rng: Rng, repetitions: int, images: int, seeds: int) -> dict[str, float]:
    """Coverage of the difference between two recipes that are equally good, by the two ways of counting seeds in.

    ``resampled``: ``paired_interval``, whose seeds are resampled too. ``pooled``: images resampled, and seeds drawn
    from the spread that other recipes show on the same images, as ``ablations.measure`` does.
    """
    resampled, pooled = [], []
    for repetition in range(repetitions):
        base = draw_scores(rng, images)
        a, b = draw_runs(rng, base, seeds), draw_runs(rng, base, seeds)
        resampled.append(paired_interval(a, b, n=DRAWS, seed=repetition))
        tables = [draw_runs(rng, base, 3) for _ in range(RECIPES)]
        spread = replace(seed_spread(records_of(x.mean(1) for x in tables)), interaction=seed_interaction(tables))
        draws = count_draws(images, DRAWS, seed=repetition) @ (a.mean(0) - b.mean(0)) / images
        draws = draws + spread.draw(len(draws), [seeds, seeds], rng) @ [1, -1]
        pooled.append((float(np.quantile(draws, 0.025)), float(np.quantile(draws, 0.975))))
    return {"resampled": share_that_holds(resampled, 0.0), "pooled": share_that_holds(pooled, 0.0)}


def over_seeds(rng: Rng, repetitions: int, seeds: int) -> float:
    """How often one more seed lies within ``expected_band`` of so many recorded ones."""
    held = 0
    for _ in range(repetitions):
        recipes = [rng.normal(0.8, SEEDS_DEVIATION, 3) for _ in range(RECIPES)]
        own = rng.normal(0.8, SEEDS_DEVIATION, seeds)
        band = expected_band(records_of([own])["0"], records_of(recipes))
        assert band is not None
        held += band.low <= rng.normal(0.8, SEEDS_DEVIATION) <= band.high
    return held / repetitions


def measure(repetitions: int) -> dict[str, Any]:
    """All of it; every case has draws of its own, whatever else is measured."""
    return {
        "format": 1,
        "level": SHARE,
        "repetitions": repetitions,
        "scores": {
            "missed": MISSED,
            "beta": SHAPE,
            "mean": true_mean(),
            "seeds_deviation": SEEDS_DEVIATION,
            "image_deviation": IMAGE_DEVIATION,
            "run_deviation": RUN_DEVIATION,
            "lost": LOST,
        },
        "images": {str(n): over_images(np.random.default_rng(n), repetitions, n) for n in IMAGES},
        "seeds": {str(k): over_seeds(np.random.default_rng(k), repetitions, k) for k in SEEDS},
        "both": {
            str(n): {str(k): over_both(np.random.default_rng(1000 * n + k), repetitions, n, k) for k in SEEDS}
            for n in IMAGES
        },
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=published_results() / "coverage.json")
    options = parser.parse_args(arguments)
    found = measure(options.repetitions)
    write_bytes(options.out, (json.dumps(found, indent=1) + "\n").encode())
    for part_name in ("images", "seeds", "both"):
        print(part_name, json.dumps(found[part_name]))


if __name__ == "__main__":
    main()
