"""Seconds from a warm cache to a validation Jaccard of .84, the course's networks and their peers in one run.

The clock stops at the first epoch whose validation reaches the target; it holds everything from opening the cached
arrays on: network, weights, augmentation, training, validation, checkpoints. Writes until.json.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu import write
from lesionseg_lib.data.cache import decode
from lesionseg_lib.data.splits import open_splits
from lesionseg_lib.experiments.environment import environment, pick_weights
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.results.records import published_results
from lesionseg_lib.training.checkpoints import Epoch
from lesionseg_lib.training.loop import train
from lesionseg_lib.training.processes import start_accelerator
from lesionseg_lib.training.recipes import get_recipe
from lesionseg_lib.training.step import Pace

RECIPES = ("feather-fast", "feather", "light-strong", "smp-unet-strong", "smp-fpn-strong", "smp-deeplabv3plus-strong")
TARGET = 0.84


class Reached(Exception):
    """The target is reached."""


def seconds_until(
    name: str, profile_name: str = "full", *, target: float = TARGET, epochs: int | None = None, seed: int = 0,
    pace: Pace | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Of one recipe, with its schedule over ``epochs`` (default: its own): whether, when, and every epoch's Jaccard."""
    profile = get_profile(profile_name)
    recipe = get_recipe(name)
    recipe = profile.apply(replace(recipe, epochs=epochs or recipe.epochs))
    splits = open_splits(profile)
    decode(splits, recipe.size)  # warm
    accelerator, weights = start_accelerator(), pick_weights(profile)
    rows: list[dict[str, float]] = []
    start = time.perf_counter()

    def watch(row: Epoch) -> None:
        rows.append({"seconds": time.perf_counter() - start, "jaccard": row.validation_jaccard})
        if row.validation_jaccard >= target:
            raise Reached

    reached = False
    with tempfile.TemporaryDirectory() as folder:
        try:
            data = decode(splits, recipe.size)
            train(
                recipe, data.train, data.validation, Path(folder, "run"), seed=seed, weights=weights,
                accelerator=accelerator, on_epoch=watch, pace=pace,
            )  # fmt: skip
        except Reached:
            reached = True
    return {
        "recipe": name, "epochs": recipe.epochs, "seed": seed, "reached": reached, "seconds": rows[-1]["seconds"],
        "rows": rows,
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=RECIPES, help=f"default: {', '.join(RECIPES)}")
    parser.add_argument("--profile", default="full")
    parser.add_argument("--target", type=float, default=TARGET, help="validation Jaccard")
    parser.add_argument("--epochs", type=int, help="of the schedule; default: the recipe's")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=published_results() / "until.json")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    found: dict[str, Any] = {
        "format": 1, **environment(start_accelerator().device), "target": options.target, "tries": [],
    }  # fmt: skip
    for name in options.recipes:
        entry = seconds_until(name, options.profile, target=options.target, epochs=options.epochs)
        found["tries"].append(entry)
        write(options.out, found)
        end = "reached" if entry["reached"] else f"NOT reached, best {max(row['jaccard'] for row in entry['rows']):.3f}"
        print(f"{name:26} {entry['seconds']:8.1f} s, {len(entry['rows'])} of {entry['epochs']} epochs: {end}")
    return found


if __name__ == "__main__":
    main()
