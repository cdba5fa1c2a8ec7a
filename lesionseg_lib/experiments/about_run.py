"""From a run's record to what its exported file says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lesionseg_lib.errors import RecordError
from lesionseg_lib.experiments.run_folder import RunFolder
from lesionseg_lib.models.about import LICENCES, About, TestScore
from lesionseg_lib.results.records import Record, read_record, record_path
from lesionseg_lib.results.schema import canonical

_DIGITS = 4


def about_model(folder: Path, card: dict[str, Any]) -> About:
    """Of the saved model in ``folder``: what its run's record tells, or, without one, its card alone.

    Raises ``RecordError`` for a record that is there and damaged.
    """
    run = RunFolder.around(folder.resolve())
    plain = About(recipe=card["recipe"], threshold=card["threshold"], licence=LICENCES["all"])
    if run is None or run.recipe != card["recipe"]:
        return plain
    path = record_path(run.results, run.recipe, run.seed)
    if not path.exists():
        return plain.model_copy(update={"seed": run.seed})
    return about_run(read_record(path))


def about_run(record: Record) -> About:
    """What a record tells of its run's network. Raises ``RecordError`` for that of a baseline, which has none."""
    if not record["epochs_run"]:
        raise RecordError(f"{record['name']} is a baseline: no network comes from it. Name a recipe that was trained.")
    jaccard, data = record["test"]["jaccard"], record["data"]
    masks = record["recipe"].get("masks", "all")
    score = {key: round(jaccard[key], _DIGITS) for key in ("mean", "low", "high")}
    return About(
        recipe=record["name"],
        threshold=record["recipe"]["threshold"],
        licence=LICENCES[masks],
        seed=record["seed"],
        commit=record.get("commit"),
        data=f"{data['name']}: {data['train']['images']:,} photos, {masks} masks",
        jaccard=TestScore(**score, images=data["test"]["images"]),
        record=canonical(record),
    )
