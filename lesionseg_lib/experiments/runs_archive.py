"""The recorded runs as files that a release carries: packed by `make runs-archive`, fetched by `lesionseg download`.

One zip a run (the best model, its card, history, previews) and ``runs.json``, the manifest with the SHA-256 of each.
One file a run, not one for all: a lesson needs two or three of some forty networks.
"""

import hashlib
import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Literal

import numpy as np
from filelock import FileLock

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.data.datasets.download import fetch, unpack
from lesionseg_lib.errors import CheckpointError, DownloadError, RecordError
from lesionseg_lib.evaluation.metrics import confusion, reduce
from lesionseg_lib.experiments.packed_runs import PackedRun, listing_text, parse_listing
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.experiments.run_folder import RunFolder
from lesionseg_lib.models.card import CARD_NAME, WEIGHTS_NAME
from lesionseg_lib.models.postprocessing import binarise, sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.results.records import Records, load_records, published_results, record_path
from lesionseg_lib.training.checkpoints import HISTORY, PREVIEWS, read_history, read_previews
from lesionseg_lib.utils.files import replacing
from lesionseg_lib.utils.lookup import look_up

MANIFEST = "runs.json"
PROFILE = "full"
CHANGED, SHIFTED = 2e-4, 2e-5
"""Weights are halved where it changes no larger share of the masks' pixels, and their mean Jaccard by no more: a lesson
that takes a run holds its score against the record's, to four digits."""

MODEL_FILES, RUN_FILES = (WEIGHTS_NAME, CARD_NAME), (HISTORY, PREVIEWS)


def record_digest(results: Path, recipe: str, seed: int) -> str:
    """SHA-256 of a record's JSON file, whatever its line ends. Raises ``RecordError`` when there is none."""
    path = record_path(results, recipe, seed)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RecordError(f"{path}: the record cannot be read ({error.strerror}).") from error
    return hashlib.sha256(text.encode()).hexdigest()


# ---- packing


def pack_runs(
    runs: Path,
    results: Path,
    test: Callable[[tuple[int, int]], CachedDataset],
    target: Path,
    report: Callable[[str], None],
) -> list[PackedRun]:
    """Write a zip of every recorded run, and the manifest, into ``target``.

    Args:
        runs: folder of the runs, as ``lesionseg train --profile full`` filled it.
        results: folder of their records.
        test: gives the test images at a size; half precision is tried on them.
        report: told a line a run.

    Raises:
        CheckpointError: a recorded run is not in ``runs``, or is not the one that its record describes.
    """
    target.mkdir(parents=True, exist_ok=True)
    packed = []
    for recipe, seeds in load_records(results).items():
        for seed, record in seeds.items():
            if not record["epochs_run"]:  # a baseline has no network
                continue
            folder = RunFolder(runs, get_profile(PROFILE), recipe, seed)
            demand_recorded(folder, record)
            run = _pack(folder, test(tuple(record["recipe"]["size"])), target, record_digest(results, recipe, seed))
            packed.append(run)
            report(
                f"{run.file}  {run.bytes / 1e6:.1f} MB, {run.weights}, {run.pixels_changed:.3%} of the pixels change"
            )
    with replacing(target / MANIFEST) as part:
        part.write_text(listing_text(packed), encoding="utf-8")
    return packed


def demand_recorded(folder: RunFolder, record: Mapping[str, object]) -> None:
    """Raise ``CheckpointError`` for a run that is not the one that a record describes."""
    history = [asdict(row) for row in read_history(folder.path)]
    recorded = record["history"]
    assert isinstance(recorded, list)
    if [row["validation_jaccard"] for row in history] != [row["validation_jaccard"] for row in recorded]:
        raise CheckpointError(
            f"{folder.path}: its history is not that of the record of {folder.recipe}, seed {folder.seed}. They are of "
            f"different trainings. Train again: lesionseg train {folder.recipe} --profile full --seed {folder.seed}"
        )


def _pack(folder: RunFolder, test: CachedDataset, target: Path, digest: str) -> PackedRun:
    model, card = Segmenter.load(folder.best, folder.recipe)
    halved = deepcopy(model).half().float()
    changed, shifted = difference(model, halved, test, card["threshold"])
    half = changed <= CHANGED and shifted <= SHIFTED
    name = f"{folder.recipe}-seed{folder.seed}.zip"
    staging = target / f".{name}.folder"
    try:
        size: tuple[int, int] = tuple(card["size"])
        (model.half() if half else model).save(staging, recipe=card["recipe"], threshold=card["threshold"], size=size)
        for file in RUN_FILES:
            shutil.copy(folder.path / file, staging / file)
        with replacing(target / name) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in (*MODEL_FILES, *RUN_FILES):
                # A fixed time, so that the same run always gives the same bytes.
                entry = zipfile.ZipInfo(file, (1980, 1, 1, 0, 0, 0))
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(entry, (staging / file).read_bytes())
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    content = (target / name).read_bytes()
    weights: Literal["float16", "float32"] = "float16" if half else "float32"
    sha256 = hashlib.sha256(content).hexdigest()
    return PackedRun(
        recipe=folder.recipe, seed=folder.seed, file=name, sha256=sha256, bytes=len(content), weights=weights,
        pixels_changed=changed, record_sha256=digest,
    )  # fmt: skip


def difference(one: Segmenter, other: Segmenter, data: CachedDataset, threshold: float) -> tuple[float, float]:
    """Of two networks' masks at the network's size: the share of pixels that differ, and how far mean Jaccards lie."""
    truth = np.asarray(data.masks).astype(bool)
    first, second = (binarise(sigmoid(network.logits(data.images)), threshold) for network in (one, other))
    scores = [reduce(confusion(masks, truth), "jaccard") for masks in (first, second)]
    return float(np.mean(first != second)), abs(scores[0] - scores[1])


# ---- fetching


def release_url() -> str:
    """Address of the files of the release that fits the installed library."""
    try:
        about = metadata("lesionseg")
    except PackageNotFoundError as error:
        raise DownloadError(
            "lesionseg is not installed, so its repository's address is not known. Install it with pip, or give the "
            "address of the files with --url."
        ) from error
    homes = [value.partition(", ")[2] for value in about.get_all("Project-URL", []) if value.startswith("Homepage")]
    return f"{homes[0]}/releases/download/v{about['Version']}/"


def download_runs(
    names: Sequence[str], runs: Path, report: Callable[[str], None], base_url: str | None = None
) -> list[Path]:
    """Fetch recorded runs into ``runs``, where lessons in profile full take them. Returns their folders.

    Each archive is fetched, compared with the manifest's SHA-256, unpacked and opened beside its place, and renamed
    into it. A run that is there already stays. If a connection breaks, the same call continues where it stopped.

    Args:
        names: recipes, or none for all that are recorded.
        runs: folder of the runs, see ``run_folder.runs_root``.
        report: told a line a run.
        base_url: another place that has the files of a release.

    Raises:
        UnknownNameError: a name that no record has.
        DownloadError: no connection, refused, damaged, of other records than those installed, disk full; what was there
            is as before.
    """
    base = (base_url or release_url()).rstrip("/")
    results = published_results()
    recorded = {name: seeds for name, seeds in load_records(results).items() if seeds[min(seeds)]["epochs_run"]}
    for name in names:
        look_up(recorded, name, "recorded run")
    wanted = {name: recorded[name] for name in names or recorded}
    staging = runs / ".download"
    try:
        staging.mkdir(parents=True, exist_ok=True)
        with FileLock(staging / "lock"):
            listed = _fetch_manifest(f"{base}/{MANIFEST}", staging / MANIFEST)
            folders = [
                _fetch_run(run, base, runs, staging, results, report)
                for run in _of_records(listed, wanted, f"{base}/{MANIFEST}")
            ]
    except OSError as error:
        raise DownloadError(
            f"The runs cannot be written to {runs}: {error.strerror or error}. What has arrived is kept in {staging}. "
            "Make room there or choose another folder, then run the same command again: it continues where it stopped."
        ) from error
    shutil.rmtree(staging, ignore_errors=True)
    return folders


def _fetch_manifest(url: str, file: Path) -> list[PackedRun]:
    file.unlink(missing_ok=True)  # it may have changed since
    fetch(url, file)
    return parse_listing(file.read_bytes(), url)


def _of_records(listed: Iterable[PackedRun], wanted: Records, url: str) -> list[PackedRun]:
    by_name = {(run.recipe, run.seed): run for run in listed}
    keys = [(name, seed) for name, seeds in wanted.items() for seed in seeds]
    missing = [f"{name} (seed {seed})" for name, seed in keys if (name, seed) not in by_name]
    if missing:
        raise DownloadError(
            f"{url} lists no {', '.join(missing)}. The release is of another version than the library's records; "
            f"update lesionseg, or name other recipes."
        )
    return [by_name[key] for key in keys]


def _fetch_run(
    run: PackedRun, base: str, runs: Path, staging: Path, results: Path, report: Callable[[str], None]
) -> Path:
    folder = RunFolder(runs, get_profile(PROFILE), run.recipe, run.seed)
    if folder.best.exists():
        report(f"{run.recipe}, seed {run.seed}: is there already, in {folder.path}")
        return folder.path
    if run.record_sha256 != record_digest(results, run.recipe, run.seed):
        raise DownloadError(
            f"{base}/{run.file} is a run of {run.recipe}, seed {run.seed}, that another record describes than the one "
            f"installed. Update lesionseg, so that records and runs are of one version."
        )
    archive, unpacked = staging / run.file, staging / "unpacked"
    fetch(f"{base}/{run.file}", archive, sha256=run.sha256)
    shutil.rmtree(unpacked, ignore_errors=True)  # left by a killed process
    try:
        unpack(archive, unpacked)
        best = unpacked / folder.best.name
        best.mkdir()
        for file in MODEL_FILES:
            (unpacked / file).rename(best / file)
        Segmenter.load(best, run.recipe)
        read_history(unpacked)
        read_previews(unpacked)
    except (OSError, CheckpointError) as error:
        archive.unlink(missing_ok=True)
        raise DownloadError(
            f"{base}/{run.file} is not the archive of a run ({error}). It was removed; run the same command again."
        ) from error
    folder.path.parent.mkdir(parents=True, exist_ok=True)
    unpacked.rename(folder.path)
    archive.unlink()
    report(f"{run.recipe}, seed {run.seed}: {run.bytes / 1e6:.1f} MB -> {folder.path}")
    return folder.path
