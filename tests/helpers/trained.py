"""Runs of random weights, as training leaves them, and their records."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.experiments.packed_runs import PackedRun
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.experiments.run_folder import RunFolder
from lesionseg_lib.experiments.runs_archive import pack_runs
from lesionseg_lib.training.checkpoints import Epoch, save_state
from lesionseg_lib.training.recipes import get_recipe
from tests.helpers.models import SIZE, save_random_model
from tests.helpers.records import put_record
from tests.helpers.tiny import cached

RECIPE = "transposed-frozen"


@dataclass(frozen=True)
class Place:
    """A machine that has trained: runs, records, and what was packed of them."""

    runs: Path
    results: Path
    packed: Path

    def run(self, seed: int = 0) -> RunFolder:
        return RunFolder(self.runs, get_profile("full"), RECIPE, seed)

    def pack(self) -> list[PackedRun]:
        return pack_runs(self.runs, self.results, lambda size: four_images(), self.packed, lambda line: None)


def four_images() -> CachedDataset:
    rng = np.random.default_rng(0)
    return cached(rng.integers(0, 256, (4, *SIZE, 3), dtype=np.uint8), rng.integers(0, 2, (4, *SIZE), dtype=np.uint8))


def record_run(place: Place, seed: int) -> None:
    """A run of random weights, as training leaves it, and its record."""
    folder = place.run(seed)
    save_random_model(folder.best, RECIPE)
    history = [Epoch(1, 0.5, 0.4, 0.7 + seed / 100, 0.8, 1e-3, 1.0)]
    previews = [np.full((1, *SIZE), 7, np.uint8)]
    state = {"model": {"weight": torch.zeros(1)}, "optimizer": {}, "schedule": {}}
    save_state(folder.path, {}, history, 1, previews, ["a"], state)
    settings = {**get_recipe(RECIPE).settings(), "size": list(SIZE)}
    rows = [vars(row) for row in history]
    put_record(place.results, RECIPE, np.array([0.5]), seed, recipe=settings, epochs_run=1, history=rows)
