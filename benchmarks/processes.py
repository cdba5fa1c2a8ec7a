"""What a second process is worth: photos a second on one process and on two, each with one thread.

Both train the same recipe with batches of the recipe's size for each process, so two take half as many steps an epoch.
The efficiency is the speed of two over twice the speed of one; 1 would be perfect. Random photos and weights.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from benchmarks.gpu import ROOT, write
from benchmarks.gpu_parts import random_data
from lesionseg_lib.experiments.environment import environment
from lesionseg_lib.models.device import wait_for_device
from lesionseg_lib.results.records import published_results
from lesionseg_lib.training.batches import EpochSampler, TrainingSet
from lesionseg_lib.training.build import build_optimizer, build_segmenter
from lesionseg_lib.training.losses import get_loss
from lesionseg_lib.training.recipes import get_recipe
from lesionseg_lib.training.step import Pace, Step


def photos_per_second(name: str, size: int, epochs: int) -> tuple[float, Accelerator]:
    """Of all processes together, the median of ``epochs`` after one that does not count; and where."""
    accelerator = Accelerator()
    recipe = replace(get_recipe(name), size=(size, size))
    torch.manual_seed(0)
    network = build_segmenter(recipe, None).to(accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    samples = TrainingSet(random_data(recipe), recipe, 0)
    loader = torch.utils.data.DataLoader(
        samples, batch_size=recipe.batch_size, sampler=EpochSampler(len(samples), 0), drop_last=True
    )
    model, optimizer, loader = accelerator.prepare(network, build_optimizer(recipe, network), loader)
    step = Step(model, network, optimizer, get_loss(recipe.loss), recipe, None, accelerator, Pace())
    seconds = []
    for _ in range(1 + epochs):
        accelerator.wait_for_everyone()
        start = time.perf_counter()
        for images, masks in loader:
            step(images, masks)
        wait_for_device()
        accelerator.wait_for_everyone()
        seconds.append(time.perf_counter() - start)
    return len(samples) / statistics.median(seconds[1:]), accelerator


def measure(processes: int, options: argparse.Namespace) -> dict[str, Any]:
    """What ``processes`` of them say."""
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes),
        "-m", "benchmarks.processes", options.recipe, "--size", str(options.size), "--epochs", str(options.epochs),
        "--one-of-them",
    ]  # fmt: skip
    environment_ = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment_, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", nargs="?", default="light-strong")
    parser.add_argument("--size", type=int, default=128, help="pixels a side")
    parser.add_argument("--epochs", type=int, default=5, help="of eight batches, to take the median of")
    parser.add_argument("--out", type=Path, default=published_results() / "processes.json")
    parser.add_argument("--one-of-them", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one_of_them:
        speed, accelerator = photos_per_second(options.recipe, options.size, options.epochs)
        if accelerator.is_main_process:
            print(json.dumps({"photos_per_second": speed, **environment(accelerator.device)}))
        return {}
    one, two = (measure(count, options) for count in (1, 2))
    speeds = one["photos_per_second"], two.pop("photos_per_second")
    found = {
        "format": 1, **{name: value for name, value in one.items() if name != "photos_per_second"},
        "recipe": options.recipe, "size": [options.size, options.size],
        "photos_per_second": {"1": speeds[0], "2": speeds[1]}, "efficiency": speeds[1] / (2 * speeds[0]),
    }  # fmt: skip
    write(options.out, found)
    print(f"{options.recipe}: {speeds[0]:.1f} photos a second on one process, {speeds[1]:.1f} on two")
    print(f"Efficiency {found['efficiency']:.2f}; written to {options.out}")
    return found


if __name__ == "__main__":
    main()
