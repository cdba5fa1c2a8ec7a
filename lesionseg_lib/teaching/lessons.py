"""What every lesson needs before it can tell its story: data, profile, device, weights, and runs that train once.

A lesson trains in the profiles ``smoke`` and ``student``. In ``full`` it takes the recorded run when its checkpoint is
there, so that executing all lessons takes minutes, not a day; it prints which of the two it did.
"""

import hashlib
import json
import timeit
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesionseg_lib.data.cache import Decoded, content_fingerprint, decode
from lesionseg_lib.data.splits import Splits, open_splits
from lesionseg_lib.errors import DataWarning, RecordError
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.experiments.environment import describe
from lesionseg_lib.experiments.profiles import Profile, get_profile
from lesionseg_lib.experiments.run import run
from lesionseg_lib.experiments.run_folder import RunFolder, runs_root, save_logits
from lesionseg_lib.models.device import pick_device, wait_for_device
from lesionseg_lib.models.encoder import MobileNetV2Encoder, weights_sha256
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.results.records import Record, load_records, published_results, read_record, record_path
from lesionseg_lib.results.seeds import judge
from lesionseg_lib.training.checkpoints import Epoch, read_history, read_previews
from lesionseg_lib.training.recipes import Recipe, get_recipe


@dataclass(frozen=True)
class Fit:
    """A trained recipe as a lesson looks at it. ``table`` has one row per test image (``evaluation.score_images``)."""

    recipe: Recipe
    model: Segmenter
    history: list[Epoch]
    record: Record
    table: pd.DataFrame
    folder: Path

    @property
    def best_epoch(self) -> int:
        return int(self.record["best_epoch"])

    def previews(self) -> tuple[list[str], npt.NDArray[np.uint8]]:
        """Ids of a few validation images and their probabilities * 255 after each epoch, uint8 (E, K, H, W)."""
        return read_previews(self.folder)


@dataclass(frozen=True)
class Lesson:
    """The situation of a lesson. ``splits`` has the photos as they are, ``decoded`` the same at 128 x 128."""

    profile: Profile
    splits: Splits
    weights: str | None
    device: str
    runs: Path = field(default_factory=runs_root)

    @cached_property
    def decoded(self) -> Decoded:
        """All images at the network's size, decoded once and kept on disk."""
        return decode(self.splits, self.recipe("dilated-all").size)

    def recipe(self, name: str) -> Recipe:
        """The recipe of that name, cut down to the profile."""
        return self.profile.apply(get_recipe(name))

    def encoder(self) -> MobileNetV2Encoder:
        """A fresh encoder with this lesson's weights, everything frozen, in evaluation mode."""
        encoder = MobileNetV2Encoder(self.weights)
        encoder.freeze()
        encoder.eval()
        return encoder

    def fit(self, recipe: Recipe | str) -> Fit:
        """Train a recipe, or take the recorded run of profile full. Run again, it goes on where it was.

        A run on the recorded images is held against the band that the recorded seeds leave open (``band``).
        """
        recipe = get_recipe(recipe) if isinstance(recipe, str) else recipe
        if self.profile.uses_recorded_runs:
            recorded = self._recorded(recipe)
            if recorded is not None:
                return recorded
        runs = self.runs
        if not self.profile.publishes or recipe != get_recipe(recipe.name):
            runs /= self._run_hash(recipe)
        recorded_before = load_records()
        print(f"Training {recipe.name} for {self.profile.apply(recipe).epochs} epochs on {self.device}.")
        with warnings.catch_warnings(action="ignore"):  # what there is to warn of, ``start`` has printed
            finished, record, table = run(
                recipe,
                self.profile,
                self.splits,
                runs=runs,
                resume=True,
                results=runs / "results",
                on_epoch=_print_epoch,
            )
        if sentence := judge(record, recorded_before):
            print(sentence)
        return Fit(recipe, finished.load_best().to(self.device), finished.history, record, table, finished.folder)

    def _run_hash(self, recipe: Recipe) -> str:
        """A folder of its own for every recipe that a student changed, and for other photos or weights.

        So no run is lost, mixed up, or taken for what it is not.
        """
        if self.weights is not None:
            MobileNetV2Encoder(self.weights)  # fetched where they are not cached: their SHA-256 tells runs apart
        what = {
            "profile": self.profile.name,
            "settings": self.profile.apply(recipe).settings(),
            "data": [content_fingerprint(part) for part in vars(self.splits).values()],
            "weights": self.weights and weights_sha256(self.weights),
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:8]

    def _recorded(self, recipe: Recipe) -> Fit | None:
        if recipe != get_recipe(recipe.name):  # a student changed it
            return None
        folder = RunFolder(self.runs, self.profile, recipe.name, 0)
        path = record_path(published_results(), recipe.name, 0)
        if not (path.exists() and folder.best.exists()):
            return None
        record = read_record(path)
        with warnings.catch_warnings(action="ignore", category=DataWarning):  # its scores are compared below
            model = Segmenter.load(folder.best, recipe.name)[0].to(self.device)
        logits = model.logits(self.decoded.test.images)
        if not folder.logits.exists():  # a run that was downloaded comes without
            save_logits(folder.logits, self.splits.test.ids, logits)
        table = score_images(sigmoid(logits), self.splits.test, recipe.threshold)
        gap = abs(table["jaccard"].mean() - record["test"]["jaccard"]["mean"])
        if gap > 1e-4:
            raise RecordError(
                f"{folder.path}: its model scores {table['jaccard'].mean():.4f} on test, the record {path} says "
                f"{record['test']['jaccard']['mean']:.4f}. They are of different runs; train again."
            )
        print(
            f"Took the recorded run of {recipe.name}: {record['epochs_run']} epochs of "
            f"{record['seconds_per_epoch']:.0f} s on {record['device']}, the best was epoch {record['best_epoch']}."
        )
        return Fit(recipe, model, read_history(folder.path), record, table, folder.path)


def start(profile: str | None = None) -> Lesson:
    """Open data and weights, print what this lesson runs on. ``LESIONSEG_PROFILE`` chooses the profile.

    Raises ``DatasetNotFoundError`` or ``WeightsNotFoundError`` (when the encoder is first built), saying what to do.
    """
    chosen = get_profile(profile)
    splits = open_splits(chosen)
    device = pick_device()
    situation = describe(chosen, splits, device)
    sizes = " + ".join(f"{len(part)} {name}" for name, part in vars(splits).items())
    print(f"Profile  {chosen.name}: {chosen.purpose}")
    print(f"Data     {splits.name}: {sizes}")
    print(f"Encoder  {'MobileNetV2, ImageNet weights' if situation.weights else 'MobileNetV2, RANDOM weights'}")
    print(f"Device   {device.type}")
    for note in situation.notes:
        print(f"Note     {note}")
    return Lesson(chosen, splits, situation.weights, device.type)


def seconds(work: Callable[[], object], repeat: int = 3) -> float:
    """Wall time of ``work()``: the fastest of ``repeat`` runs, each of which waits until a GPU is done."""

    def timed() -> None:
        work()
        wait_for_device()

    return min(timeit.repeat(timed, number=1, repeat=repeat))


def _print_epoch(row: Epoch) -> None:
    print(
        f"epoch {row.epoch:2d}  loss {row.train_loss:.3f}, validation {row.validation_loss:.3f}  "
        f"validation Jaccard {row.validation_jaccard:.3f}  {row.seconds:.0f} s"
    )
