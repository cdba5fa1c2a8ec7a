"""The state of a run on disk: complete after every epoch, or as it was after the one before."""

import csv
import io
import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from lesionseg_lib.errors import CheckpointError, DataWarning
from lesionseg_lib.models.card import CARD_NAME, WEIGHTS_NAME
from lesionseg_lib.training.checkpoint_header import CHECKPOINT_FORMAT, Unreadable, check_history, parse_checkpoint
from lesionseg_lib.training.run_manifest import read_file, write_files
from lesionseg_lib.utils.bundles import DamageError
from lesionseg_lib.utils.npz import NpzError, read_npz
from lesionseg_lib.utils.schemas import SchemaError

CHECKPOINT = "checkpoint.pt"
BEST = "best"  # a folder
HISTORY = "history.csv"
PREVIEWS = "previews.npz"


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
    if not os.path.lexists(path):
        if (folder / BEST / CARD_NAME).exists() or (folder / BEST / WEIGHTS_NAME).exists():
            raise CheckpointError(
                f"{folder / BEST}: there is a model, and no {CHECKPOINT} to go on from. Training would replace it: "
                f"remove or rename {folder} to start again."
            )
        return None
    if not resume:
        raise CheckpointError(
            f"{path}: there is a run already. Add --resume (resume=True) to go on with it, or remove or rename "
            f"{folder} to start again."
        )
    state, verified = _read_state(folder)
    version, found = state["format"], state["identity"]
    if version != CHECKPOINT_FORMAT:
        raise CheckpointError(
            f"{path}: format {version}, expected {CHECKPOINT_FORMAT}. Go on with the version of lesionseg that wrote "
            f"it, or remove or rename {folder} to start again."
        )
    if found != identity:
        differing = [key for key in sorted(found.keys() | identity.keys()) if found.get(key) != identity.get(key)]
        listed = "; ".join(f"{key}: {found.get(key)!r} there, {identity.get(key)!r} now" for key in differing)
        raise CheckpointError(f"{path}: belongs to another run ({listed}). Choose another folder or rename this one.")
    if not verified:
        warnings.warn(
            f"{path}: no SHA-256 is known of this checkpoint, so training goes on from it unverified. After the next "
            f"epoch one is.",
            DataWarning,
            stacklevel=2,
        )
    return state


def saved_epochs(folder: Path) -> int:
    """Number of complete epochs in the checkpoint, 0 without one. Raises ``CheckpointError``."""
    return len(_read_state(folder)[0]["history"]) if (folder / CHECKPOINT).exists() else 0


def _read_state(folder: Path) -> tuple[dict[str, Any], bool]:
    path = folder / CHECKPOINT
    try:
        content, verified = read_file(folder, CHECKPOINT)
        return parse_checkpoint(content), verified
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror or error}).") from error
    except (DamageError, Unreadable) as error:
        raise unreadable(folder, str(error)) from error


def unreadable(folder: Path, reason: str) -> CheckpointError:
    """What to raise for a checkpoint that cannot be gone on from."""
    return CheckpointError(
        f"{folder / CHECKPOINT}: not a readable checkpoint ({reason}). It is damaged or cut short; remove or "
        f"rename {folder} to start again. The best model so far, if any, is in {folder / BEST}."
    )


def restore(
    state: Mapping[str, Any], folder: Path, network: nn.Module, optimizer: Any, schedule: Any, average: Any = None
) -> None:
    """Put weights, optimiser, schedule and the average of weights, where there is one, as the checkpoint has them.

    Raises ``CheckpointError``: they do not fit.
    """
    try:
        network.load_state_dict(state["model"])
        if average is not None:
            average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                for name, value in optimizer.state.get(parameter, {}).items():
                    if isinstance(value, torch.Tensor) and value.ndim and value.shape != parameter.shape:
                        raise ValueError(f"the optimiser's {name} has shape {tuple(value.shape)}")
    except (KeyError, ValueError, RuntimeError, TypeError, IndexError, AttributeError) as error:
        reason = " ".join(str(error).split())[:160]
        raise unreadable(folder, f"its state does not fit the network: {type(error).__name__}: {reason}") from error


def save_state(
    folder: Path,
    identity: Mapping[str, Any],
    history: list[Epoch],
    best_epoch: int,
    previews: list[npt.NDArray[np.uint8]],
    preview_ids: list[str],
    state: Mapping[str, Any],
    best: tuple[bytes, bytes] | None = None,
) -> None:
    """Write checkpoint, history, previews and, if this epoch is the best, its card and weights: all or none of them.

    Raises ``CheckpointError`` when they cannot be written; what is there stays.
    """
    try:
        rows = io.StringIO(newline="")
        writer = csv.DictWriter(rows, [field.name for field in fields(Epoch)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in history)
        stack, pictures, complete = np.stack(previews), io.BytesIO(), io.BytesIO()
        np.savez_compressed(pictures, ids=np.array(preview_ids), probabilities=stack)
        torch.save(
            {
                **state,
                "format": CHECKPOINT_FORMAT,
                "identity": json.dumps(identity),
                "history": [asdict(row) for row in history],
                "best_epoch": best_epoch,
                "previews": torch.from_numpy(stack),
            },
            complete,
        )
        files = {CHECKPOINT: complete.getvalue(), HISTORY: rows.getvalue().encode(), PREVIEWS: pictures.getvalue()}
        if best is not None:  # the card first: whoever reads it finds the weights that wait
            files |= {f"{BEST}/{CARD_NAME}": best[0], f"{BEST}/{WEIGHTS_NAME}": best[1]}
        write_files(folder, files)
    except (OSError, RuntimeError) as error:
        raise CheckpointError(
            f"{folder / CHECKPOINT}: epoch {history[-1].epoch} could not be written ({error}). Free some space and go "
            f"on with --resume; the checkpoint of the epoch before is unharmed."
        ) from error


def read_history(folder: Path | str) -> list[Epoch]:
    """``history.csv`` of a run. Raises ``CheckpointError`` when there is none, it is damaged, or another table."""
    path = Path(folder) / HISTORY
    content = _read(path)
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
        values = [{key: int(value) if key == "epoch" else float(value) for key, value in row.items()} for row in rows]
        check_history(values)
        return [Epoch(**row) for row in values]  # type: ignore[arg-type]
    except (ValueError, KeyError, TypeError, csv.Error, SchemaError) as error:
        raise CheckpointError(
            f"{path}: not the history of a run ({error}). Expected the columns "
            f"{', '.join(field.name for field in fields(Epoch))}, all numbers. Restore it, or train again."
        ) from error


def read_previews(folder: Path | str) -> tuple[list[str], npt.NDArray[np.uint8]]:
    """Ids of the previewed validation images, and their probabilities * 255 after each epoch, uint8 (E, K, H, W).

    Raises ``CheckpointError`` when there are none, or they are damaged.
    """
    path = Path(folder) / PREVIEWS
    try:
        ids, probabilities = read_npz(_read(path), "ids", "probabilities")
        if ids.ndim != 1 or ids.dtype.kind != "U":
            raise NpzError(f"ids is {ids.dtype} of shape {ids.shape}, expected texts")
        if probabilities.dtype != np.uint8 or probabilities.ndim != 4 or probabilities.shape[1] != len(ids):
            raise NpzError(f"{probabilities.dtype} of shape {probabilities.shape} for {len(ids)} ids")
    except NpzError as error:
        raise CheckpointError(
            f"{path}: not the previews of a run ({error}). Expected ids and probabilities. Restore it, or train again."
        ) from error
    return ids.tolist(), probabilities


def _read(path: Path) -> bytes:
    try:
        return read_file(path.parent, path.name)[0]
    except FileNotFoundError:
        raise CheckpointError(
            f"{path}: no such file. Expected the folder of a run, as `lesionseg train` writes it."
        ) from None
    except (OSError, DamageError) as error:
        raise CheckpointError(f"{path}: cannot be read ({error}). Restore it, or train again.") from error
