"""Training from the command line: what is printed, what is skipped, and what happens on ctrl-C."""

import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

from lesionseg_lib.cli.tables import score_table
from lesionseg_lib.data.splits import open_splits
from lesionseg_lib.errors import CheckpointError, RecordError, TrainingError
from lesionseg_lib.experiments.environment import Situation, describe
from lesionseg_lib.experiments.profiles import Profile
from lesionseg_lib.experiments.run import run
from lesionseg_lib.experiments.run_folder import RunFolder
from lesionseg_lib.results.records import Record, Records, is_of, load_records, read_record, record_path
from lesionseg_lib.results.seeds import judge
from lesionseg_lib.training.checkpoints import Epoch
from lesionseg_lib.training.processes import start_accelerator
from lesionseg_lib.training.recipes import Recipe

Report = Callable[[str], None]


def train_all(
    recipes: Sequence[Recipe],
    profile: Profile,
    *,
    seed: int,
    resume: bool,
    force: bool,
    runs: Path,
    results: Path | None,
    skip_recorded: bool,
    report: Report,
) -> list[str]:
    """Train one recipe after another; each writes its record as it ends. Returns what went wrong, in sentences.

    One that cannot be trained does not stop the others. ``skip_recorded``: leave out those whose record is there.
    Only the main process says anything. Raises ``DatasetNotFoundError`` and other errors that concern all of them, and
    ``KeyboardInterrupt`` with a message on how to go on.
    """
    accelerator = start_accelerator()
    main = accelerator.is_main_process
    splits, recorded = open_splits(profile), load_records()
    if main:
        report(opening(describe(profile, splits, accelerator.device), accelerator.num_processes))
    failures = []
    for number, recipe in enumerate(recipes, start=1):
        folder = RunFolder(runs, profile, recipe.name, seed)
        results_folder = results or folder.results
        record_file = record_path(results_folder, recipe.name, seed)
        count = f" ({number} of {len(recipes)})" if len(recipes) > 1 else ""
        if skip_recorded and _is_recorded(record_file, recipe, profile):
            if main:
                report(f"\n{recipe.name}, seed {seed}{count}: skipped, it is recorded in {record_file}")
            continue
        if main:
            report(f"\n{recipe.name}, seed {seed}{count}: {recipe.title}")
        try:
            _, record, _ = run(
                recipe, profile, splits,
                seed=seed, runs=runs, results=results_folder, resume=resume, force=force, on_epoch=_print_epoch,
            )  # fmt: skip
        except (TrainingError, CheckpointError, RecordError) as error:
            failures.append(str(error))
            if main and len(recipes) > 1:
                report(f"Failed, going on: {error}")
        except KeyboardInterrupt:
            left = [recipe.name for recipe in recipes[number - 1 :]]
            options = ["--profile", profile.name, "--seed", str(seed), "--runs", str(runs)]
            options += [*(["--results", str(results)] if results else []), *(["--force"] if force else [])]
            raise KeyboardInterrupt(_stopped(profile.apply(recipe), folder, [*left, *options])) from None
        else:
            if main:
                report(score_report(record, recorded))
                report(f"Record  {record_file}\nImages  {record_file.with_suffix('.csv')}\nModel   {folder.best}")
    return failures


def _is_recorded(path: Path, recipe: Recipe, profile: Profile) -> bool:
    """Whether this run is recorded there; one of another profile or with other settings is another run."""
    try:
        return path.exists() and is_of(read_record(path), profile.name, profile.apply(recipe).settings())
    except RecordError:  # it cannot be read; who would replace it, is told
        return False


def opening(situation: Situation, processes: int) -> str:
    """Profile, data, weights and device of what follows."""
    splits, machine, weights = situation.splits, situation.machine, situation.weights
    return "\n".join(
        (
            f"Profile  {situation.profile.name}: {situation.profile.purpose}",
            f"Data     {splits.name}: {len(splits.train)} train, {len(splits.validation)} validation, "
            f"{len(splits.test)} test images",
            f"Weights  {'ImageNet (' + weights + ')' if weights else 'RANDOM: every score is meaningless'}",
            f"Device   {machine['device']}, {machine['threads']} thread{'s' * (machine['threads'] > 1)}"
            + (f", {processes} processes" if processes > 1 else ""),
        )
    )


def score_report(record: Record, recorded: Records) -> str:
    """The test scores of a finished run, and how they lie to those that were ``recorded`` before it."""
    official = record["official"]
    lines = [
        f"Best epoch {record['best_epoch']} of {record['epochs_run']} (by the validation Jaccard). Test, "
        f"{record['test']['images']} images:",
        score_table(record["test"], official),
    ]
    if sentence := judge(record, recorded):
        lines.append(sentence)
    if official is None:
        lines.append("The organisers' scorer is not installed: `pip install isic-challenge-scoring` adds its figures.")
    return "\n".join(lines)


def _print_epoch(row: Epoch) -> None:
    line = (
        f"epoch {row.epoch:3d}  loss {row.train_loss:.4f}  validation: loss {row.validation_loss:.4f}, "
        f"Jaccard {row.validation_jaccard:.4f}, Dice {row.validation_dice:.4f}  {row.seconds:.1f} s"
    )
    tqdm.write(line, file=sys.stderr)


def _stopped(recipe: Recipe, folder: RunFolder, arguments: list[str]) -> str:
    saved = folder.saved_epoch()
    command = shlex.join(["lesionseg", "train", *arguments, *(["--resume"] if saved else [])])
    if not saved:
        return f"Stopped {recipe.name} before its first epoch was complete; nothing is saved. Start again: {command}"
    return f"Stopped {recipe.name}: epoch {saved} of {recipe.epochs} is saved in {folder.path}. Go on with: {command}"
