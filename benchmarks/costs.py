"""What every recipe costs on this machine: milliseconds an image, seconds a training epoch. Writes costs.json.

Random weights and random pictures: neither changes the amount of work.
"""

import argparse
import json
import math
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.data.transforms import OFFLINE
from lesionseg_lib.errors import MissingPackageError
from lesionseg_lib.experiments.environment import environment
from lesionseg_lib.models.preprocessing import normalise
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.results.records import published_results
from lesionseg_lib.training.batches import EpochSampler, FrozenPyramids, batches_for
from lesionseg_lib.training.build import build_optimizer, build_segmenter
from lesionseg_lib.training.losses import get_loss
from lesionseg_lib.training.recipes import Recipe, load_recipes
from lesionseg_lib.utils.files import write_bytes

Entry = dict[str, Any]
TRAINING_IMAGES = 749
"""Of ISIC 2016, without those kept for validation, before offline augmentation."""


@torch.inference_mode()
def milliseconds_per_image(network: Segmenter, size: tuple[int, int], threads: int, repeats: int) -> float:
    """One image through the network, batch of one, after two that do not count; the median."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    network.eval()
    image = torch.rand(1, 3, *size).contiguous(memory_format=torch.channels_last)
    seconds = []
    for _ in range(2 + repeats):
        start = time.perf_counter()
        network(image)
        seconds.append(time.perf_counter() - start)
    torch.set_num_threads(before)
    return 1000 * statistics.median(seconds[2:])


def seconds_per_step(recipe: Recipe, network: Segmenter, steps: int) -> tuple[float, bool]:
    """One training step with its batch's augmentation, after one that does not count; and whether maps are cached."""
    rng = np.random.default_rng(0)
    count = -(-(1 + steps) * recipe.batch_size // OFFLINE.get(recipe.augmentation, 1))
    images = rng.integers(0, 256, (count, *recipe.size, 3), dtype=np.uint8)
    masks = rng.integers(0, 2, (count, *recipe.size), dtype=np.uint8)
    data = CachedDataset(tuple(map(str, range(count))), images, masks, "random", recipe.size, Path())
    samples = batches_for(data, recipe, 0, network)
    loader = DataLoader(samples, batch_size=recipe.batch_size, sampler=EpochSampler(len(samples), 0), drop_last=True)
    optimizer, loss_of = build_optimizer(recipe, network), get_loss(recipe.loss)
    network.train()
    seconds, start = [], time.perf_counter()
    for inputs, target in loader:
        if isinstance(inputs, Tensor):
            inputs = normalise(inputs, network.preprocessing)
        loss_of(network(inputs), target[:, None].float()).backward()
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - start)
        start = time.perf_counter()
    return statistics.median(seconds[1 : 1 + steps]), isinstance(samples, FrozenPyramids)


def measure(recipe: Recipe, speeds: dict[str, tuple[float, float]], images: int, steps: int, repeats: int) -> Entry:
    """The entry of one recipe. ``speeds`` remembers decoders: the same network takes the same time."""
    torch.manual_seed(0)
    network = build_segmenter(recipe, weights=None).to(memory_format=torch.channels_last)
    if recipe.decoder not in speeds:
        one, every = (milliseconds_per_image(network, recipe.size, n, repeats) for n in (1, torch.get_num_threads()))
        speeds[recipe.decoder] = one, every
    step, cached = seconds_per_step(recipe, network, steps)
    epoch = images * OFFLINE.get(recipe.augmentation, 1)
    return {
        "milliseconds_per_image": round(speeds[recipe.decoder][0], 3),
        "milliseconds_per_image_all_threads": round(speeds[recipe.decoder][1], 3),
        "training_seconds_per_epoch": round(step * math.ceil(epoch / recipe.batch_size), 3),
        "images_per_epoch": epoch,
        "cached": cached,
    }


def main(arguments: list[str] | None = None) -> Path:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=list(load_recipes()), help="by default all")
    parser.add_argument("--out", type=Path, default=published_results() / "costs.json")
    parser.add_argument("--images", type=int, default=TRAINING_IMAGES, help=f"of an epoch; default {TRAINING_IMAGES}")
    parser.add_argument("--steps", type=int, default=3, help="training steps that count; default 3")
    parser.add_argument("--repeats", type=int, default=15, help="images that count; default 15")
    parser.add_argument("--size", type=int, help="of the network's input; default: the recipe's")
    options = parser.parse_args(arguments)
    place = environment(torch.device("cpu"))
    costs: Entry = {"format": 1, **{key: place[key] for key in ("device", "commit", "dirty", "threads")}, "recipes": {}}
    print(f"{place['device']}, {place['threads']} threads")
    print(f"{'recipe':34} {'ms, 1 thread':>12} {'ms, all':>10} {'s an epoch':>10} {'images':>7}  cached")
    speeds: dict[str, tuple[float, float]] = {}
    for name in options.recipes:
        recipe = load_recipes()[name]
        if options.size:
            recipe = replace(recipe, size=(options.size, options.size))
        try:
            entry = measure(recipe, speeds, options.images, options.steps, options.repeats)
        except MissingPackageError as error:
            print(f"{name:34} left out: {error}")
            continue
        costs["recipes"][name] = entry
        one, every, epoch, images, cached = entry.values()
        print(f"{name:34} {one:12.1f} {every:10.1f} {epoch:10.1f} {images:7d}  {'yes' if cached else 'no'}", flush=True)
    write_bytes(options.out, (json.dumps(costs, indent=1) + "\n").encode())
    print(f"Wrote {options.out}")
    return options.out


if __name__ == "__main__":
    main()
