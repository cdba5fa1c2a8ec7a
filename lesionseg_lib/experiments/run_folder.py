"""Where a run lies on disk, what lies in it, and how a trained model is found again."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lesionseg_lib.errors import CheckpointError, RecordError
from lesionseg_lib.experiments.profiles import PROFILES, Profile
from lesionseg_lib.models.card import CARD_NAME, read_card
from lesionseg_lib.models.device import pick_device
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.results.records import LADDER
from lesionseg_lib.training.checkpoints import BEST, CHECKPOINT, HISTORY, PREVIEWS, saved_epochs
from lesionseg_lib.training.distillation import Teacher
from lesionseg_lib.training.recipes import Recipe, get_recipe, load_ladder
from lesionseg_lib.training.run_manifest import read_file, write_files
from lesionseg_lib.utils.arrays import Logits
from lesionseg_lib.utils.folders import named_folder
from lesionseg_lib.utils.npz import NpzError, read_npz

LOGITS = "test_logits.npz"


def runs_root() -> Path:
    """Where runs are kept: ``LESIONSEG_RUNS``, else ``runs`` in the working folder. Raises ``DataError``."""
    return named_folder("LESIONSEG_RUNS") or Path("runs")


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run, ``<runs>/<profile>/<recipe>/seed<k>``, and the names of what a run keeps there."""

    runs: Path
    profile: Profile
    recipe: str
    seed: int

    @classmethod
    def around(cls, best: Path) -> "RunFolder | None":
        """The run whose best model lies in the folder ``best``; None if it does not lie where a run's would."""
        if len(best.parents) < 4 or not (seed := re.fullmatch(r"seed(\d+)", best.parent.name)):
            return None
        recipe, profile, runs = best.parents[1].name, PROFILES.get(best.parents[2].name), best.parents[3]
        return cls(runs, profile, recipe, int(seed[1])) if profile and best.name == BEST else None

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.runs / self.profile.name / self.recipe / f"seed{self.seed}"

    @property
    def checkpoint(self) -> Path:
        """The whole state after the last complete epoch."""
        return self.path / CHECKPOINT

    @property
    def best(self) -> Path:
        """The folder of the model of the best epoch."""
        return self.path / BEST

    @property
    def history(self) -> Path:
        """One line an epoch, CSV."""
        return self.path / HISTORY

    @property
    def previews(self) -> Path:
        """Probabilities of a few validation images after each epoch."""
        return self.path / PREVIEWS

    @property
    def logits(self) -> Path:
        """Logits of all test images, see ``save_logits``."""
        return self.path / LOGITS

    @property
    def results(self) -> Path:
        """Where its record goes: a folder of its own, or, of a profile that publishes, that of all or of the ladder."""
        if not self.profile.publishes:
            return self.path / "results"
        return Path("results") / LADDER if self.recipe in load_ladder() else Path("results")

    def saved_epoch(self) -> int:
        """Number of complete epochs in the checkpoint, 0 without one. Raises ``CheckpointError``."""
        return saved_epochs(self.path)


def open_teacher(recipe: Recipe, folder: RunFolder) -> Teacher | None:
    """The trained network that the run in ``folder`` learns from; None where the recipe names no teacher.

    It is the run of the same profile and seed in the same place. Raises ``CheckpointError`` where there is none.
    """
    if recipe.teacher is None:
        return None
    best = replace(folder, recipe=recipe.teacher).best
    if not (best / CARD_NAME).exists():
        raise CheckpointError(
            f"{best}: no trained model there. Recipe {recipe.name} learns from {recipe.teacher}, seed {folder.seed}: "
            f"train that first, in the same profile and with the same --runs."
        )
    network = Segmenter.load(best, recipe.teacher)[0]
    return Teacher(network.requires_grad_(False), read_card(best)["sha256"])


def save_logits(path: Path, ids: Sequence[str], logits: Logits) -> None:
    """Keep logits in half precision: enough to score again by any rule, half the size.

    Raises ``RecordError`` when the disk is full or the folder cannot be written (earlier logits stay), and when the
    logits are not finite.
    """
    if not np.isfinite(logits).all():
        raise RecordError(f"{path}: the test logits are not finite, so they are not kept. Train again.")
    content, largest = io.BytesIO(), np.finfo(np.float16).max
    try:
        np.savez_compressed(content, ids=np.array(ids), logits=logits.clip(-largest, largest).astype(np.float16))
        write_files(path.parent, {path.name: content.getvalue()})
    except OSError as error:
        raise RecordError(
            f"{path}: the test logits could not be written ({error.strerror or error}). Free some space and score the "
            f"run again with --resume; logits that were there are unharmed."
        ) from error


def read_logits(path: Path) -> tuple[list[str], Logits]:
    """Ids and logits (N, h, w) as ``save_logits`` wrote them. Raises ``RecordError``: missing, damaged, not finite."""
    try:
        ids, logits = read_npz(read_file(path.parent, path.name)[0], "ids", "logits")
        if ids.ndim != 1 or ids.dtype.kind != "U" or logits.dtype.kind != "f":
            raise NpzError(f"ids of {ids.dtype} and logits of {logits.dtype}, expected texts and numbers")
        if logits.ndim != 3 or len(logits) != len(ids) or not np.isfinite(logits).all():
            raise NpzError(f"{len(ids)} ids, logits of shape {logits.shape}, or values that are not finite")
    except FileNotFoundError:
        raise RecordError(f"{path}: no such file. Scoring a run writes it: `lesionseg train NAME --resume`.") from None
    except (OSError, ValueError) as error:
        raise RecordError(f"{path}: not the logits of a run ({error}). Score the run again with --resume.") from error
    return ids.tolist(), logits.astype(np.float32)


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
    cards = sorted(runs.glob(f"**/{BEST}/{CARD_NAME}"), key=lambda card: card.stat().st_mtime, reverse=True)
    found = [run for card in cards if (run := RunFolder.around(card.parent)) is not None]
    of_recipe = [run for run in found if run.recipe == model]
    if not of_recipe:
        get_recipe(model)
        others = ", ".join(str(run.best) for run in found[:5])
        raise CheckpointError(
            f"{runs}: no trained model of recipe {model} there. Train it with `lesionseg train {model}`, or name the "
            f"folder of another model" + (f", for example one of {others}." if others else ".")
        )
    sizes = list(PROFILES)  # from small to large
    return max(of_recipe, key=lambda run: sizes.index(run.profile.name)).best  # of equals the first, the newest


def open_model(folder: Path) -> tuple[Segmenter, dict[str, Any]]:
    """The model in ``folder`` on the best device there is, and its card. Raises ``CheckpointError``."""
    network, card = Segmenter.load(folder)
    return network.to(pick_device()), card
