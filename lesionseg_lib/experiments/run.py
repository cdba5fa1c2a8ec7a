"""A recipe from data to record: decode, train, score once on test, write."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator

from lesionseg_lib.data.cache import CachedDataset, Decoded, decode
from lesionseg_lib.data.extra import training_splits
from lesionseg_lib.data.splits import Splits
from lesionseg_lib.evaluation.official import official_scores
from lesionseg_lib.evaluation.scoring import score_images, summarise
from lesionseg_lib.evaluation.scoring_rules import readings, train_mode_reading
from lesionseg_lib.experiments.also import also_score
from lesionseg_lib.experiments.environment import environment, pick_weights
from lesionseg_lib.experiments.profiles import Profile
from lesionseg_lib.experiments.run_folder import RunFolder, open_teacher, save_logits
from lesionseg_lib.models.cost import count_macs, count_parameters
from lesionseg_lib.models.encoder import MobileNetV2Encoder, weights_sha256
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.results.records import Record, demand_free, demand_sound, write_record
from lesionseg_lib.training.checkpoints import Epoch
from lesionseg_lib.training.loop import Run, train
from lesionseg_lib.training.losses import get_loss
from lesionseg_lib.training.processes import on_main, start_accelerator
from lesionseg_lib.training.recipes import Recipe
from lesionseg_lib.training.run_manifest import owning_run
from lesionseg_lib.training.step import Pace
from lesionseg_lib.utils.arrays import Logits


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


def run(
    recipe: Recipe,
    profile: Profile,
    splits: Splits,
    *,
    seed: int = 0,
    runs: Path | str = "runs",
    results: Path | str | None = None,
    resume: bool = False,
    force: bool = False,
    on_epoch: Callable[[Epoch], None] | None = None,
    pace: Pace | None = None,
) -> tuple[Run, Record, pd.DataFrame]:
    """Train ``recipe`` in ``profile``, score the best model on the test set, write the record.

    The record goes to ``results`` (default: ``RunFolder.results``). One that is there is replaced only by the same run
    scored again (``resume``), or with ``force``. ``pace``: how steps are computed; see ``train``. Returns the run, its
    record and the per-image table. Raises what ``train`` raises, ``RecordError`` before training where a record may not
    be replaced, ``DatasetNotFoundError`` without the extra data that the recipe names, and ``CheckpointError`` without
    its teacher's run.
    """
    recipe = profile.apply(recipe)
    folder = RunFolder(Path(runs), profile, recipe.name, seed)
    teacher = open_teacher(recipe, folder)
    splits = training_splits(splits, recipe.extra_data, recipe.masks)
    weights = pick_weights(profile)
    accelerator = start_accelerator()
    data = decode(splits, recipe.size)
    machine = environment(accelerator.device)  # before training: the commit the run started from
    if weights is not None:
        MobileNetV2Encoder(weights)  # fetched where they are not cached: their SHA-256 tells runs apart
    known: Record = {
        "name": recipe.name,
        "seed": seed,
        "profile": profile.name,
        "recipe": recipe.settings(),
        **machine,
        "precision": {"no": "fp32"}.get(accelerator.mixed_precision, accelerator.mixed_precision),
        "weights": {"name": weights, "sha256": weights and weights_sha256(weights)},
        "data": describe_data(splits, data),
        **({"teacher": {"name": recipe.teacher, "seed": seed, "sha256": teacher.sha256}} if teacher else {}),
    }
    target = Path(results) if results else folder.results
    with ExitStack() as held:
        on_main(accelerator, lambda: held.enter_context(owning_run(folder.path)))
        if resume or not folder.checkpoint.exists():  # else `train` says that there is a run already
            on_main(accelerator, lambda: demand_free(target, known, again=resume, force=force))
        finished = train(
            recipe, data.train, data.validation, folder.path,
            seed=seed, weights=weights, resume=resume, accelerator=accelerator, on_epoch=on_epoch,
            teacher=teacher, pace=pace,
        )  # fmt: skip
        record, table, logits = _score(recipe, splits, data, finished, accelerator, known)

        def write() -> None:
            demand_sound(record)
            save_logits(folder.logits, splits.test.ids, logits)
            write_record(target, record, table)

        on_main(accelerator, write)
    return finished, record, table


def _score(
    recipe: Recipe, splits: Splits, data: Decoded, finished: Run, accelerator: Accelerator, known: Record
) -> tuple[Record, pd.DataFrame, Logits]:
    network = finished.load_best()
    network.encoder.freeze(recipe.frozen_stages)
    network.to(accelerator.device)

    logits = network.logits(data.test.images)
    probabilities, validation = sigmoid(logits), sigmoid(network.logits(data.validation.images))
    table = score_images(probabilities, splits.test, recipe.threshold)
    record: Record = {
        **known,
        "parameters": count_parameters(network),
        "macs": count_macs(network, recipe.size),
        "epochs_run": len(finished.history),
        "best_epoch": finished.best_epoch,
        "seconds_per_epoch": float(pd.Series([row.seconds for row in finished.history]).median()),
        "seconds_total": sum(row.seconds for row in finished.history),
        "history": [asdict(row) for row in finished.history],
        "levelling": plateau(finished.history),
        "validation": summarise(score_images(validation, splits.validation, recipe.threshold)),
        "test": {
            **summarise(table),
            "loss": _loss(recipe, logits, data.test),
            "images": len(table),
        },
        "official": official_scores(probabilities, splits.test, recipe.threshold),
        "readings": {
            **readings(table, probabilities, data.test, recipe.threshold),
            "train_mode": train_mode_reading(network, data.test, recipe.threshold),
        },
    }
    if recipe.also_scored:
        record["also"], columns = also_score(recipe, splits, data.test, network)
        table = pd.concat([table, columns], axis=1)
    return record, table, logits


def plateau(history: Sequence[Epoch]) -> dict[str, float]:
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


def _loss(recipe: Recipe, logits: Logits, data: CachedDataset) -> float:
    predicted = torch.tensor(logits)[:, None]
    target = torch.tensor(np.asarray(data.masks))[:, None].float()
    return float(get_loss(recipe.loss)(predicted, target))
