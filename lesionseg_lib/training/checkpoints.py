"""The state of a run on disk: complete after every epoch, or as it was after the one before."""

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.utils.files import replacing

CHECKPOINT = "checkpoint.pt"
BEST = "best"  # a folder
HISTORY = "history.csv"
PREVIEWS = "previews.npz"
CHECKPOINT_FORMAT = 1


@dataclass(frozen=True)
class Epoch:
    """One line of the history. Validation is scored at the network's size, per image."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_jaccard: float
    validation_dice: float
    learning_rate: float
    seconds: float


def open_folder(folder: Path, identity: Mapping[str, Any], resume: bool) -> dict[str, Any] | None:
    """The state to go on from, or None for a fresh start. Raises ``CheckpointError`` rather than overwrite a run."""
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    if not resume:
        raise CheckpointError(
            f"{path}: there is a run already. Add --resume (resume=True) to go on with it, or remove or rename "
            f"{folder} to start again."
        )
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        version, found = state["format"], json.loads(state["identity"])
    except Exception as error:  # torch.load alone raises six kinds, and advises to switch its safety off
        raise CheckpointError(
            f"{path}: not a readable checkpoint ({type(error).__name__}). It is damaged or cut short; remove or "
            f"rename {folder} to start again. The best model so far, if any, is in {folder / BEST}."
        ) from error
    if version != CHECKPOINT_FORMAT:
        raise CheckpointError(
            f"{path}: format {version}, expected {CHECKPOINT_FORMAT}. Go on with the version of lesionseg that wrote "
            f"it, or remove or rename {folder} to start again."
        )
    if found != identity:
        differing = [key for key in sorted(found.keys() | identity.keys()) if found.get(key) != identity.get(key)]
        listed = "; ".join(f"{key}: {found.get(key)!r} there, {identity.get(key)!r} now" for key in differing)
        raise CheckpointError(f"{path}: belongs to another run ({listed}). Choose another folder or rename this one.")
    return state


def save_state(
    folder: Path,
    identity: Mapping[str, Any],
    history: list[Epoch],
    best_epoch: int,
    previews: list[npt.NDArray[np.uint8]],
    preview_ids: list[str],
    state: Mapping[str, Any],
) -> None:
    """Write history, previews and, last, the checkpoint. What is there stays if the disk is full."""
    try:
        with replacing(folder / HISTORY) as part, open(part, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(Epoch)])
            writer.writeheader()
            writer.writerows(asdict(row) for row in history)
        stack = np.stack(previews)
        with replacing(folder / PREVIEWS) as part, open(part, "wb") as file:
            np.savez_compressed(file, ids=np.array(preview_ids), probabilities=stack)
        complete = {
            **state,
            "format": CHECKPOINT_FORMAT,
            "identity": json.dumps(identity),
            "history": [asdict(row) for row in history],
            "best_epoch": best_epoch,
            "previews": torch.from_numpy(stack),
        }
        with replacing(folder / CHECKPOINT) as part:
            torch.save(complete, part)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        raise CheckpointError(
            f"{folder / CHECKPOINT}: epoch {history[-1].epoch} could not be written ({error}). Free some space and go "
            f"on with --resume; the checkpoint of the epoch before is unharmed."
        ) from error


def read_history(folder: Path | str) -> list[Epoch]:
    """``history.csv`` of a run. Raises ``CheckpointError`` when there is none, or another table."""
    path = Path(folder) / HISTORY
    if not path.exists():
        raise CheckpointError(f"{path}: no such file. Expected the folder of a run, as `lesionseg train` writes it.")
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return [
                Epoch(int(row.pop("epoch")), **{key: float(value) for key, value in row.items()})
                for row in csv.DictReader(file)
            ]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path}: not the history of a run ({error!r}). Expected the columns "
            f"{', '.join(field.name for field in fields(Epoch))}, all numbers. Restore it, or train again."
        ) from error


def read_previews(folder: Path | str) -> tuple[list[str], npt.NDArray[np.uint8]]:
    """Ids of the previewed validation images, and their probabilities * 255 after each epoch, uint8 (E, K, H, W)."""
    path = Path(folder) / PREVIEWS
    if not path.exists():
        raise CheckpointError(f"{path}: no such file. Expected the folder of a run, as `lesionseg train` writes it.")
    with np.load(path) as file:
        return file["ids"].tolist(), file["probabilities"]
