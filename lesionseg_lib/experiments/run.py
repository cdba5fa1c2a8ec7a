"""A recipe from data to record: decode, train, score once on test, write."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator

from lesionseg_lib.data.cache import CachedDataset, decode_once
from lesionseg_lib.evaluation.scoring import Logits, official_scores, save_logits, score_images, summarise
from lesionseg_lib.evaluation.scoring_rules import readings, train_mode_reading
from lesionseg_lib.experiments.profiles import Profile, Splits
from lesionseg_lib.models.cost import count_macs, count_parameters
from lesionseg_lib.models.encoder import weights_file, weights_sha256
from lesionseg_lib.results.records import Record, environment, write_record
from lesionseg_lib.training.checkpoints import Epoch
from lesionseg_lib.training.loop import Run, train
from lesionseg_lib.training.losses import get_loss
from lesionseg_lib.training.recipes import Recipe

IMAGENET = "IMAGENET1K_V1"


@dataclass(frozen=True)
class Decoded:
    """The three splits at the network's size."""

    train: CachedDataset
    validation: CachedDataset
    test: CachedDataset


def decode(splits: Splits, size: tuple[int, int]) -> Decoded:
    """Every image of the splits, decoded and resized once and for all."""
    parts = (decode_once(part, size) for part in (splits.train, splits.validation, splits.test))
    return Decoded(*parts)


def describe_data(splits: Splits, data: Decoded) -> Record:
    """What a record says of its data: name, size, and of each split the number of images and their fingerprint."""
    return {
        "name": splits.name,
        "size": list(data.test.size),
        **{
            part: {"images": len(decoded.ids), "fingerprint": decoded.content_fingerprint}
            for part, decoded in vars(data).items()
        },
    }


def pick_weights(profile: Profile) -> str | None:
    """ImageNet, always, but for a profile that may do without where the weights are not cached: then None, loudly."""
    if profile.needs_weights or weights_file(IMAGENET).exists():
        return IMAGENET
    warnings.warn(
        f"Profile {profile.name}: no ImageNet weights at {weights_file(IMAGENET)}, so the encoder starts from RANDOM "
        f"weights. Everything runs, but every score is meaningless. Profile student or full downloads the weights.",
        stacklevel=2,
    )
    return None


def run_folder(profile: Profile, recipe: str, seed: int, root: Path | str = "runs") -> Path:
    """Where a run keeps its checkpoint: ``<root>/<profile>/<recipe>/seed<k>``."""
    return Path(root) / profile.name / recipe / f"seed{seed}"


def run(
    recipe: Recipe,
    profile: Profile,
    splits: Splits,
    *,
    seed: int = 0,
    runs: Path | str = "runs",
    results: Path | str | None = None,
    resume: bool = False,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> tuple[Run, Record, pd.DataFrame]:
    """Train ``recipe`` in ``profile``, score the best model on the test set, write the record.

    The record goes to ``results`` (default: ``default_results``). Returns the run, its record and the per-image table.
    Raises what ``train`` raises.
    """
    recipe = profile.apply(recipe)
    folder = run_folder(profile, recipe.name, seed, runs)
    weights = pick_weights(profile)
    accelerator = Accelerator()
    data = decode(splits, recipe.size)
    place = environment(accelerator.device)  # before training: the commit the run started from
    finished = train(
        recipe, data.train, data.validation, folder,
        seed=seed, weights=weights, resume=resume, accelerator=accelerator, on_epoch=on_epoch,
    )  # fmt: skip
    network = finished.load_best()
    network.encoder.freeze(recipe.frozen_stages)
    network.to(accelerator.device)

    logits = network.logits(data.test.images)
    table = score_images(logits, splits.test, recipe.threshold)
    validation_logits = network.logits(data.validation.images)
    record: Record = {
        "name": recipe.name,
        "seed": seed,
        "profile": profile.name,
        "recipe": recipe.settings(),
        **place,
        "precision": {"no": "fp32"}.get(accelerator.mixed_precision, accelerator.mixed_precision),
        "weights": {"name": weights, "sha256": weights and weights_sha256(weights)},
        "data": describe_data(splits, data),
        "parameters": count_parameters(network),
        "macs": count_macs(network, recipe.size),
        "epochs_run": len(finished.history),
        "best_epoch": finished.best_epoch,
        "seconds_per_epoch": float(pd.Series([row.seconds for row in finished.history]).median()),
        "seconds_total": sum(row.seconds for row in finished.history),
        "history": [asdict(row) for row in finished.history],
        "levelling": levelling(finished.history),
        "validation": summarise(score_images(validation_logits, splits.validation, recipe.threshold)),
        "test": {
            **summarise(table),
            "loss": _loss(recipe, logits, data.test),
            "images": len(table),
        },
        "official": official_scores(logits, splits.test, recipe.threshold),
        "readings": {
            **readings(logits, splits.test, data.test, recipe.threshold),
            "train_mode": train_mode_reading(network, data.test, recipe.threshold),
        },
    }
    if accelerator.is_main_process:
        save_logits(folder / "test_logits.npz", splits.test.ids, logits)
        write_record(Path(results) if results else default_results(profile, folder), record, table)
    accelerator.wait_for_everyone()
    return finished, record, table


def levelling(history: Sequence[Epoch]) -> dict[str, float]:
    """Whether the validation curve has levelled off: what its last fifth gained over the fifth before it.

    ``gain`` is the difference of the two mean validation Jaccards; ``spread`` the standard deviation of the last
    fifth's epochs, which a gain must exceed to be more than their noise.
    """
    jaccards = np.array([row.validation_jaccard for row in history])
    fifth = max(1, len(jaccards) // 5)
    last, before = jaccards[-fifth:], jaccards[-2 * fifth : -fifth]
    return {
        "epochs": fifth,
        "gain": float(last.mean() - before.mean()) if len(before) else 0.0,
        "spread": float(last.std()),
    }


def default_results(profile: Profile, folder: Path) -> Path:
    """Where a run in ``folder`` puts its record: profile full publishes, the others keep theirs to themselves."""
    return Path("results") if profile.name == "full" else folder / "results"


def _loss(recipe: Recipe, logits: Logits, data: CachedDataset) -> float:
    predicted = torch.tensor(logits)[:, None]
    target = torch.tensor(np.asarray(data.masks))[:, None].float()
    return float(get_loss(recipe.loss)(predicted, target))
