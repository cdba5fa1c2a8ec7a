"""Where a run lies on disk, and what lies in it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from accelerate import Accelerator

from lesionseg_lib.errors import CheckpointError, RecordError
from lesionseg_lib.experiments.profiles import PROFILES, Profile
from lesionseg_lib.models.segmenter import CARD_NAME, Segmenter
from lesionseg_lib.training.checkpoints import BEST
from lesionseg_lib.training.recipes import load_recipes
from lesionseg_lib.utils.arrays import Logits
from lesionseg_lib.utils.files import replacing
from lesionseg_lib.utils.lookup import look_up


def read_logits(path: Path) -> tuple[list[str], Logits]:
    """Ids and logits (N, h, w) as ``save_logits`` wrote them."""
    with np.load(path) as file:
        return file["ids"].tolist(), file["logits"].astype(np.float32)


def save_logits(path: Path, ids: Sequence[str], logits: Logits) -> None:
    """Keep logits in half precision: enough to score again by any rule, half the size.

    Raises ``RecordError`` when the disk is full or the folder cannot be written; earlier logits stay.
    """
    try:
        with replacing(path) as part, open(part, "wb") as file:
            np.savez_compressed(file, ids=np.array(ids), logits=logits.astype(np.float16))
    except OSError as error:
        raise RecordError(
            f"{path}: the test logits could not be written ({error.strerror or error}). Free some space and score the "
            f"run again with --resume; logits that were there are unharmed."
        ) from error


def run_folder(profile: Profile, recipe: str, seed: int, root: Path | str = "runs") -> Path:
    """Where a run keeps its checkpoint: ``<root>/<profile>/<recipe>/seed<k>``."""
    return Path(root) / profile.name / recipe / f"seed{seed}"


def default_results(profile: Profile, folder: Path) -> Path:
    """Where a run in ``folder`` puts its record: profile full publishes, the others keep theirs to themselves."""
    return Path("results") if profile.name == "full" else folder / "results"


def runs_root() -> Path:
    """Where runs are kept: ``LESIONSEG_RUNS``, else ``runs`` in the working folder."""
    return Path(os.environ.get("LESIONSEG_RUNS", "runs"))


def find_model(model: str, runs: Path) -> Path:
    """The folder of a saved model, from its path, the path of its run, or the name of its recipe.

    A recipe's models are looked for in ``runs``: that of the largest profile, and of these the newest, is taken. Raises
    ``CheckpointError`` or ``UnknownNameError``.
    """
    folder = Path(model)
    if folder.is_dir():
        return folder / BEST if (folder / BEST / CARD_NAME).exists() else folder
    if folder.name != model:  # a path, not a name
        raise CheckpointError(
            f"{model}: no such folder. Expected the folder of a model, as `lesionseg train` writes it."
        )
    known = load_recipes()
    cards = sorted(runs.glob(f"**/{BEST}/{CARD_NAME}"), key=lambda card: card.stat().st_mtime, reverse=True)
    found = [card.parent for card in cards if card.parent.parent.parent.name == model]
    if not found:
        look_up(known, model, "recipe")
        others = ", ".join(str(card.parent) for card in cards[:5])
        raise CheckpointError(
            f"{runs}: no trained model of recipe {model} there. Train it with `lesionseg train {model}`, or name the "
            f"folder of another model" + (f", for example one of {others}." if others else ".")
        )
    order = list(PROFILES)  # from small to large

    def rank(folder: Path) -> int:
        return max((order.index(part) for part in folder.relative_to(runs).parts if part in order), default=-1)

    return max(found, key=rank)  # of equals the first, which is the newest


def open_model(folder: Path) -> tuple[Segmenter, dict[str, Any]]:
    """The model in ``folder`` on the best device there is, and its card. Raises ``CheckpointError``."""
    network, card = Segmenter.load(folder)
    return network.to(Accelerator().device), card
