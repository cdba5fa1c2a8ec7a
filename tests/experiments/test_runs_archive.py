"""Recorded runs, packed for a release and fetched from a server on this machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from lesionseg_lib.cli.app import app
from lesionseg_lib.data.datasets import download
from lesionseg_lib.errors import CheckpointError, DownloadError, UnknownNameError
from lesionseg_lib.experiments.packed_runs import PackedRun
from lesionseg_lib.experiments.runs_archive import (
    MANIFEST,
    difference,
    download_runs,
    record_digest,
    release_url,
)
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.results.records import read_record, read_table, write_record
from lesionseg_lib.training.checkpoints import read_history, read_previews
from tests.helpers.models import SIZE
from tests.helpers.records import put_record
from tests.helpers.server import FileServer, serving
from tests.helpers.trained import RECIPE, Place, four_images, record_run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("trained")
    place = Place(folder / "runs", folder / "results", folder / "packed")
    for seed in (0, 1):
        record_run(place, seed)
    put_record(place.results, "otsu", np.array([0.5]), epochs_run=0, best_epoch=0)
    place.pack()
    return place


@pytest.fixture
def server(trained: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setenv("LESIONSEG_RESULTS", str(trained.results))
    monkeypatch.setattr(download, "FIRST_WAIT", 0.001)
    with serving() as running:
        running.files = {file.name: file.read_bytes() for file in trained.packed.iterdir()}
        yield running


def fetch(server: FileServer, runs: Path, *names: str) -> list[Path]:
    return download_runs(names, runs, lambda line: None, server.url)


def test_a_manifest_lists_every_run_with_a_network_and_its_hash(trained: Place) -> None:
    files = sorted(file.name for file in trained.packed.iterdir())
    assert files == [MANIFEST, f"{RECIPE}-seed0.zip", f"{RECIPE}-seed1.zip"]
    listed = [PackedRun(**run) for run in json.loads((trained.packed / MANIFEST).read_text())["runs"]]
    assert [(run.recipe, run.seed, run.file) for run in listed] == [(RECIPE, k, files[k + 1]) for k in (0, 1)]
    for run in listed:
        assert run.bytes == (trained.packed / run.file).stat().st_size
        assert run.record_sha256 == record_digest(trained.results, run.recipe, run.seed)


def test_packing_twice_gives_the_same_bytes(trained: Place, tmp_path: Path) -> None:
    Place(trained.runs, trained.results, tmp_path).pack()
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (trained.packed / file.name).read_bytes(), file.name


def say_the_same_everywhere(place: Place, logit: float, threshold: float) -> PackedRun:
    """Pack a run whose network answers every pixel with ``logit``."""
    record_run(place, 0)
    model, card = Segmenter.load(place.run().best)
    head = [m for m in model.decoder.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.ConvTranspose2d)][-1]
    assert head.bias is not None
    with torch.no_grad():
        head.bias.fill_(logit)
        head.weight.zero_()
    model.save(place.run().best, recipe=card["recipe"], threshold=threshold, size=SIZE)
    (run,) = place.pack()
    return run


def test_weights_are_halved_only_where_the_masks_stay(tmp_path: Path) -> None:
    place = Place(tmp_path / "runs", tmp_path / "results", tmp_path / "packed")
    # Half precision makes 1 of 1.0001: the probability falls from .73108 to .73106.
    run = say_the_same_everywhere(place, 1.0001, threshold=0.73107)
    assert (run.weights, run.pixels_changed) == ("float32", 1.0)
    run = say_the_same_everywhere(place, 1.0001, threshold=0.7)
    assert (run.weights, run.pixels_changed) == ("float16", 0.0)
    assert run.bytes < 0.6 * (place.run().best / "model.safetensors").stat().st_size


def test_a_run_of_another_training_than_its_record_is_not_packed(trained: Place, tmp_path: Path) -> None:
    place = Place(tmp_path / "runs", trained.results, tmp_path / "packed")
    shutil.copytree(trained.runs, place.runs)
    for file in (place.run(1).history, place.run(1).path / "run.json"):
        shutil.copy(file, place.run(0).path)
    with pytest.raises(CheckpointError, match="seed0: its history is not that of the record .* different trainings"):
        place.pack()


def test_what_is_fetched_is_the_run_that_was_trained(trained: Place, server: FileServer, tmp_path: Path) -> None:
    folders = fetch(server, tmp_path)
    assert folders == [tmp_path / "full" / RECIPE / f"seed{seed}" for seed in (0, 1)]
    assert not (tmp_path / ".download").exists()
    for seed, folder in enumerate(folders):
        there = trained.run(seed)
        assert read_history(folder) == read_history(there.path)
        assert read_previews(folder)[0] == ["a"]
        one, other = (Segmenter.load(best)[0] for best in (folder / "best", there.best))
        changed, shifted = difference(one, other, four_images(), 0.5)
        assert changed <= 2e-4 and shifted <= 2e-5


def test_a_broken_connection_is_continued_and_what_is_there_is_not_fetched_again(
    server: FileServer, tmp_path: Path
) -> None:
    name = f"{RECIPE}-seed0.zip"
    half = len(server.files[name]) // 2
    server.faults[name] = [("drop", half)]
    fetch(server, tmp_path)
    first, second = (wanted for file, wanted in server.seen if file == name)
    assert first is None and second is not None and half - 2**16 < int(second[6:-1]) <= half  # whole chunks are kept
    before = len(server.seen)
    fetch(server, tmp_path)
    assert [file for file, _ in server.seen[before:]] == [MANIFEST]


def test_damage_is_refused_by_its_hash_and_leaves_nothing(server: FileServer, tmp_path: Path) -> None:
    name = f"{RECIPE}-seed0.zip"
    content = bytearray(server.files[name])
    content[len(content) // 2] ^= 1
    server.files[name] = bytes(content)
    with pytest.raises(DownloadError, match=f"{name} arrived, but it is not the file expected"):
        fetch(server, tmp_path)
    assert not (tmp_path / "full").exists()


def test_runs_of_other_records_are_refused(
    server: FileServer, trained: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "results"
    shutil.copytree(trained.results, results)
    record = read_record(results / RECIPE / "seed0.json")
    write_record(results, {**record, "threads": 2}, read_table(results / RECIPE / "seed0.json"))
    monkeypatch.setenv("LESIONSEG_RESULTS", str(results))
    with pytest.raises(DownloadError, match="another record describes than the one installed. Update lesionseg"):
        fetch(server, tmp_path / "runs")


def test_what_a_release_lacks_is_named(server: FileServer, tmp_path: Path) -> None:
    manifest = json.loads(server.files[MANIFEST])
    manifest["runs"] = manifest["runs"][:1]
    server.files[MANIFEST] = json.dumps(manifest).encode()
    with pytest.raises(DownloadError, match=f"lists no {RECIPE} .seed 1."):
        fetch(server, tmp_path)
    for wrong in (b"[]", b"{", b'{"format": 1}', b'{"format": 1, "runs": [{"recipe": "light"}]}'):
        server.files[MANIFEST] = wrong
        with pytest.raises(DownloadError, match="not the manifest of recorded runs"):
            fetch(server, tmp_path)
    with pytest.raises(UnknownNameError, match="no recorded run named 'otsu'"):
        fetch(server, tmp_path, "otsu")


def test_the_command_says_what_it_fetched(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LESIONSEG_RUNS", str(tmp_path))
    result = CliRunner().invoke(app, ["download", "--runs", RECIPE, "--url", server.url])
    assert result.exit_code == 0, result.output
    assert result.output.count(f"{RECIPE}, seed ") == 2 and str(tmp_path / "full" / RECIPE / "seed1") in result.output
    result = CliRunner().invoke(app, ["download", RECIPE])
    assert result.exit_code == 2 and "go with --runs" in result.output


def test_the_release_of_the_installed_version_is_asked() -> None:
    assert release_url().startswith("https://") and "/releases/download/v" in release_url()
