"""The parts of `make gpu`, each run by benchmarks/gpu.py in a process of its own; see there."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState

from benchmarks.gpu import ROOT, write
from benchmarks.until import TARGET, seconds_until
from lesionseg_lib.data.cache import CachedDataset, Decoded, decode
from lesionseg_lib.data.splits import Splits, open_splits
from lesionseg_lib.data.transforms import OFFLINE
from lesionseg_lib.errors import MissingPackageError
from lesionseg_lib.experiments.environment import environment
from lesionseg_lib.experiments.profiles import Profile, get_profile
from lesionseg_lib.experiments.run import run
from lesionseg_lib.models.device import pick_device, wait_for_device
from lesionseg_lib.models.encoder import weights_file
from lesionseg_lib.results.records import read_record
from lesionseg_lib.training.batches import EpochSampler, batches_for
from lesionseg_lib.training.build import build_optimizer, build_segmenter
from lesionseg_lib.training.device_batches import DeviceBatches, drawn_on_cpu
from lesionseg_lib.training.loop import train
from lesionseg_lib.training.losses import get_loss
from lesionseg_lib.training.processes import start_accelerator
from lesionseg_lib.training.recipes import Recipe, get_recipe, load_ladder, load_recipes
from lesionseg_lib.training.step import GraphedStep, Pace, Step, step_of

Found = dict[str, Any]
CURVES = ("transposed-finetuned", "unet-finetuned", "light")
"""Without augmentation; expanded once; drawn anew for every epoch by the CPU."""
LOSS_TOLERANCE, JACCARD_TOLERANCE = 0.1, 0.02
"""Of the last fifth of the epochs: the loss relative to the CPU's, the validation Jaccard. A card draws other numbers
for dropout, sums in another order and computes in bfloat16, as another seed would: about as much."""
LESSONS = ("01", "05", "08")


@dataclass(frozen=True)
class Place:
    """Where and how large a part works."""

    out: Path
    pack: Path
    toy: bool

    @property
    def profile(self) -> Profile:
        """``full``, or, as a toy, ``smoke``."""
        return get_profile("smoke" if self.toy else "full")

    @property
    def weights(self) -> str | None:
        """ImageNet, or, as a toy without them, none."""
        return "IMAGENET1K_V1" if not self.toy or weights_file().exists() else None

    def recipe(self, name: str, **changes: Any) -> Recipe:
        """The recipe at this size."""
        return self.profile.apply(replace(get_recipe(name), **changes))

    def splits(self) -> Splits:
        """Photos, or drawn lesions."""
        return open_splits(self.profile)

    def decoded(self, recipe: Recipe) -> Decoded:
        """From the cache."""
        return decode(self.splits(), recipe.size)

    def measured_pace(self) -> Pace:
        """The fastest of the part ``paces``, if that got so far."""
        path = self.out / "parts" / "paces.json"
        best = json.loads(path.read_text(encoding="utf-8")).get("best") if path.exists() else None
        return Pace(**best["pace"]) if best else Pace(resident=True)


# ---- parts; each yields what it has so far


def data(place: Place) -> Iterator[Found]:
    """The machine; and whether the cache makes the arrays here that it made where the pack was packed."""
    found: Found = {"machine": environment(pick_device())}
    if torch.cuda.is_available():
        found["machine"]["card_memory"] = torch.cuda.get_device_properties(0).total_memory
    yield found
    path = place.pack / "pack.json"
    expected = json.loads(path.read_text(encoding="utf-8")) if path.exists() and not place.toy else {}
    found["packed_at"] = expected.get("commit")
    found["decoding"] = {}
    for height, width in [(64, 64)] if place.toy else [(128, 128), (256, 256)]:
        start = time.perf_counter()
        decoded = decode(place.splits(), (height, width))
        entry: Found = {"seconds": time.perf_counter() - start}
        if wanted := expected.get("arrays", {}).get(f"{height}x{width}"):
            made = {
                name: json.loads((part.path / "cache.json").read_text(encoding="utf-8"))["sha256"]
                for name, part in vars(decoded).items()
            }
            entry["same_arrays"] = made == wanted
        found["decoding"][f"{height}x{width}"] = entry
        yield found


def tests(place: Place) -> Iterator[Found]:
    """The tests that need a card."""
    report = place.out / "parts" / "tests.xml"
    files = sorted(str(path) for path in (ROOT / "tests").rglob("test_*.py") if "mark.gpu" in path.read_text("utf-8"))
    files = [name for name in files if not name.endswith("test_gpu.py")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", f"--junitxml={report}", *files],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = done.stdout.strip().splitlines()
    yield {"status": done.returncode, "summary": lines[-1] if lines else done.stderr[-500:], "said": lines[-40:]}


def paces(place: Place) -> Iterator[Found]:
    """Images a second, and the share of a step in which the card is busy, for each way to take it."""
    ways = {
        "from the CPU, fp32": (Pace(), "no"),
        "resident, fp32": (Pace(resident=True), "no"),
        "resident, bf16": (Pace(resident=True), "bf16"),
        "resident, bf16, NCHW": (Pace(resident=True, channels_last=False), "bf16"),
    }
    if torch.cuda.is_available():
        ways |= {
            "graph, fp32": (Pace(resident=True, graph=True), "no"),
            "graph, bf16": (Pace(resident=True, graph=True), "bf16"),
            "graph, bf16, NCHW": (Pace(resident=True, graph=True, channels_last=False), "bf16"),
        }
    found: Found = {"ways": {}}
    for name in ("light-strong-256", "light-strong", "feather"):
        found["ways"][name] = {}
        for way, (pace, precision) in ways.items():
            try:
                found["ways"][name][way] = {
                    "pace": asdict(pace), "precision": precision, **throughput(place.recipe(name), pace, precision)
                }  # fmt: skip
            except RuntimeError as error:  # one way that this card cannot go does not hide the others
                found["ways"][name][way] = {"failed": str(error)[:300]}
            yield found
        measured = [entry for entry in found["ways"]["light-strong-256"].values() if entry.get("precision") == "bf16"]
        sound = [entry for entry in measured if np.isfinite(entry["loss"])]
        if sound:
            found["best"] = max(sound, key=lambda entry: entry["images_per_second"])
        yield found


def compiled(place: Place) -> Iterator[Found]:
    """What ``torch.compile`` takes before the first step is done, and what it then saves."""
    recipe = place.recipe("light-strong-256")
    start = time.perf_counter()
    entry = throughput(recipe, Pace(resident=True, compiled=True), "bf16")
    yield {"recipe": recipe.name, "seconds_in_all": time.perf_counter() - start, **entry}


def until(place: Place) -> Iterator[Found]:
    """Seconds from the arrays in the cache to a validation Jaccard of .84."""
    found: Found = {"target": TARGET, "tries": []}
    for name, epochs in (("light-strong", 24), ("light-strong", 36), ("light-strong-256", 24)):
        pace = place.measured_pace()
        found["tries"].append(seconds_until(name, place.profile.name, target=TARGET, epochs=epochs, pace=pace))
        yield found
        if found["tries"][-1]["reached"]:
            return


def seeds(place: Place) -> Iterator[Found]:
    """``light-strong-256`` with three seeds, trained, scored once and recorded."""
    found: Found = {"recipe": "light-strong-256", "runs": []}
    for seed in range(3):
        fresh_accelerator()
        start = time.perf_counter()
        _, record, _ = run(
            get_recipe("light-strong-256"), place.profile, place.splits(), seed=seed, runs=place.out / "runs",
            results=place.out / "results", pace=place.measured_pace(),
        )  # fmt: skip
        found["runs"].append(
            {
                "seed": seed, "seconds": time.perf_counter() - start,
                "seconds_per_epoch": record["seconds_per_epoch"], "test": record["test"],
                "validation": record["validation"],
            }
        )  # fmt: skip
        yield found


def curves(place: Place) -> Iterator[Found]:
    """Three recipes of the course against their recorded runs on a CPU, epoch by epoch."""
    found: Found = {"tolerance": {"loss": LOSS_TOLERANCE, "jaccard": JACCARD_TOLERANCE}, "recipes": {}}
    for name in CURVES:
        recorded = read_record(ROOT / "results" / name / "seed0.json")
        recipe = place.recipe(name)
        splits = place.decoded(recipe)
        rows: list[Found] = []
        entry: Found = {"rows": rows, "on_the_cpu": [compact(row) for row in recorded["history"]]}
        found["recipes"][name] = entry
        train(
            recipe, splits.train, splits.validation, place.out / "runs" / f"curve-{name}", weights=place.weights,
            accelerator=fresh_accelerator(), on_epoch=lambda row, rows=rows: rows.append(compact(asdict(row))),
        )  # fmt: skip
        entry |= agreement(rows, recorded["history"])
        yield found


def recipes(place: Place) -> Iterator[Found]:
    """Images a second of every recipe, as it would be trained here."""
    found: Found = {"recipes": {}}
    names = ["light", "feather", "dilated-all"] if place.toy else [*load_ladder(), *load_recipes()]
    for name in names:
        recipe = place.recipe(name)
        if recipe.teacher is not None:  # of an untrained teacher the work would be the same, and the name another
            continue
        try:
            found["recipes"][name] = throughput(recipe, Pace(resident=True), "bf16", steps=12, profiled=False)
        except MissingPackageError as error:
            found["recipes"][name] = {"failed": str(error)}
        yield found


def lessons(place: Place) -> Iterator[Found]:
    """Three lessons, executed."""
    from tools.execute import LessonError, execute
    from tools.notebooks import sources
    from tools.notebooks import write as write_notebook
    from tools.situation import situation

    profile = "smoke" if place.toy else "student"
    os.environ["LESIONSEG_PROFILE"] = profile
    found: Found = {"profile": profile, "lessons": {}}
    for source in sources():
        if source.stem[:2] not in (LESSONS[:1] if place.toy else LESSONS):
            continue
        target = place.out / "lessons" / f"{source.stem}.ipynb"
        target.parent.mkdir(exist_ok=True)
        try:
            seconds = execute(
                write_notebook(source, ROOT / "results"), target, place.out / "work" / source.stem, situation(profile)
            )
            found["lessons"][source.stem] = {"seconds": seconds}
        except LessonError as error:
            found["lessons"][source.stem] = {"failed": str(error)[:1000]}
        yield found


# ---- measuring


def fresh_accelerator(precision: str | None = None) -> Accelerator:
    """One of this precision, or of the course's; Accelerate would keep the first one's for all."""
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    return start_accelerator() if precision is None else Accelerator(mixed_precision=precision)


def throughput(recipe: Recipe, pace: Pace, precision: str, steps: int = 30, profiled: bool = True) -> Found:
    """Images a second over ``steps`` steps, augmentation included, and how long the card itself computes in one."""
    accelerator = fresh_accelerator(precision)
    device = accelerator.device
    if device.type == "cpu":
        steps = 2
    torch.manual_seed(0)
    network = build_segmenter(recipe, None).to(device)
    if pace.channels_last:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    samples = batches_for(random_data(recipe), recipe, 0, network)
    sampler = EpochSampler(len(samples), 0)
    loader: Any
    if pace.resident and not drawn_on_cpu(samples):
        loader = DeviceBatches(samples, recipe.batch_size, sampler, device)
    else:
        loader = accelerator.prepare(
            torch.utils.data.DataLoader(samples, batch_size=recipe.batch_size, sampler=sampler, drop_last=True)
        )
    model, optimizer = accelerator.prepare(network, build_optimizer(recipe, network))
    if pace.compiled:
        model = torch.compile(model)
    step = step_of(Step(model, network, optimizer, get_loss(recipe.loss), recipe, None, accelerator, pace))
    batches = (pair for epoch in itertools.count() for pair in epoch_of(loader, epoch))

    def take(count: int) -> torch.Tensor:
        loss = torch.zeros(())
        for _ in range(count):
            loss = step(*next(batches))
        return loss

    take(GraphedStep.WARM_UP + 2)
    wait_for_device()
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        loss = take(steps)
        wait_for_device()
        seconds.append((time.perf_counter() - start) / steps)
    step_seconds = statistics.median(seconds)
    found: Found = {
        "images_per_second": recipe.batch_size / step_seconds,
        "milliseconds_per_step": 1000 * step_seconds,
        "loss": float(loss),
    }
    if profiled and device.type == "cuda":
        card = card_seconds(take, 10) / 10
        found |= {"card_milliseconds_per_step": 1000 * card, "busy": card / step_seconds}
        found["peak_memory"] = torch.cuda.max_memory_allocated()
    return found


def epoch_of(loader: Any, epoch: int) -> Any:
    loader.set_epoch(epoch)
    return iter(loader)


def card_seconds(take: Callable[[int], Any], steps: int) -> float:
    """Seconds that kernels and copies run on the card; the wall's are measured apart, without the profiler's cost."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        take(steps)
        wait_for_device()
    return float(sum(event.self_device_time_total for event in profile.key_averages())) / 1e6


def random_data(recipe: Recipe) -> CachedDataset:
    """Eight batches of noise: neither photos nor weights change the amount of work."""
    rng = np.random.default_rng(0)
    count = -(-8 * recipe.batch_size // OFFLINE.get(recipe.augmentation, 1))
    count -= count * OFFLINE.get(recipe.augmentation, 1) % recipe.batch_size
    images = rng.integers(0, 256, (count, *recipe.size, 3), dtype=np.uint8)
    masks = rng.integers(0, 2, (count, *recipe.size), dtype=np.uint8)
    return CachedDataset(tuple(map(str, range(count))), images, masks, "noise", recipe.size, Path())


def compact(row: Found) -> Found:
    """What is compared of an epoch."""
    return {name: row[name] for name in ("epoch", "train_loss", "validation_loss", "validation_jaccard")}


def agreement(rows: list[Found], recorded: list[Found]) -> Found:
    """How the last fifth of the epochs lies to the recorded one's; ``agrees`` is None where their number differs."""
    fifth = max(1, len(rows) // 5)

    def mean(history: list[Found], name: str) -> float:
        return statistics.fmean(row[name] for row in history[-fifth:])

    loss = mean(rows, "train_loss") / mean(recorded, "train_loss") - 1
    jaccard = mean(rows, "validation_jaccard") - mean(recorded, "validation_jaccard")
    agrees = abs(loss) <= LOSS_TOLERANCE and abs(jaccard) <= JACCARD_TOLERANCE
    return {
        "loss_difference": loss,
        "jaccard_difference": jaccard,
        "agrees": agrees if len(rows) == len(recorded) else None,
    }


WORK: dict[str, Callable[[Place], Iterator[Found]]] = {
    part.__name__: part for part in (data, tests, paces, until, seeds, curves, recipes, lessons, compiled)
}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=WORK)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--toy", action="store_true")
    options = parser.parse_args(arguments)
    place = Place(options.out, options.pack, options.toy)
    for found in WORK[options.part](place):
        write(options.out / "parts" / f"{options.part}.json", found)


if __name__ == "__main__":
    main()
