"""A record by hand, in the form that ``experiment.run`` writes, with scores that are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lesionseg_lib.results.records import write_record
from lesionseg_lib.training.recipes import load_recipes

IMAGE_IDS = [f"ISIC_{number:07d}" for number in range(200)]


def make_record(name: str, seed: int, jaccard: np.ndarray, **changes: Any) -> dict[str, Any]:
    """Test scores from one Jaccard an image; the interval goes from the lowest to the highest."""
    scores = {"jaccard": jaccard, "dice": 2 * jaccard / (1 + jaccard)}
    means = {metric: float(values.mean()) for metric, values in scores.items()}
    recipe = load_recipes().get(name)
    return {
        "name": name,
        "seed": seed,
        "profile": "full",
        "recipe": recipe.settings() if recipe else {"name": name, "claimed": None},
        "commit": "0" * 40,
        "device": "cpu: none",
        "threads": 1,
        "data": {
            "name": "isic2016-train",
            "size": [128, 128],
            "train": {"images": 3, "fingerprint": "a"},
            "validation": {"images": 2, "fingerprint": "b"},
            "test": {"images": len(jaccard), "fingerprint": "c"},
        },
        "parameters": {"total": 1200, "trainable": 1000, "frozen": 200, "encoder": 200, "decoder": 1000},
        "epochs_run": 2,
        "best_epoch": 1,
        "test": {
            **{
                metric: {"mean": means[metric], "low": float(values.min()), "high": float(values.max())}
                for metric, values in scores.items()
            },
            "loss": 0.5,
            "images": len(jaccard),
        },
        "official": means,
        "readings": {
            "per_image": means,
            "pooled": {metric: mean + 0.01 for metric, mean in means.items()},
        },
        **changes,
    }


def make_table(jaccard: np.ndarray, ids: Sequence[str]) -> pd.DataFrame:
    """The per-image table beside such a record."""
    return pd.DataFrame({"id": list(ids), "jaccard": jaccard, "dice": 2 * jaccard / (1 + jaccard)})


def put_record(results: Path, name: str, jaccard: np.ndarray, seed: int = 0, **changes: Any) -> Path:
    """Write such a record and its table, the first of ``IMAGE_IDS`` for its images."""
    record = make_record(name, seed, jaccard, **changes)
    return write_record(results, record, make_table(jaccard, IMAGE_IDS[: len(jaccard)]))
