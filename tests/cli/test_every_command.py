"""Every command under hostile names, values, environments and file systems: right and 0, or one sentence and not 0.

One of the two always; never a traceback, and never the sentence for a fault that nobody foresaw.
"""

from __future__ import annotations

import errno
import functools
import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from lesionseg_lib.cli.app import app
from lesionseg_lib.data.datasets import download, isic_download
from lesionseg_lib.experiments import run_folder
from lesionseg_lib.results.records import write_record
from tests.helpers.answers import answer_with
from tests.helpers.archives import save_pair
from tests.helpers.models import save_random_model
from tests.helpers.records import make_record, make_table
from tests.helpers.tiny import forget_accelerators


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_model(tmp_path_factory.mktemp("model"))


@functools.cache
def loaded(real: Any, folder: Path) -> Any:
    """A model is loaded once: what may be wrong with its files has tests of its own."""
    return real(folder)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one pair, without network, weights and settings."""
    for variable in list(os.environ):
        if variable.startswith(("LESIONSEG_", "ACCELERATE_")) or variable in ("WORLD_SIZE", "RANK", "LOCAL_RANK"):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("LESIONSEG_CACHE", str(tmp_path_factory.getbasetemp() / "decoded"))
    scores = np.array([0.8, 0.9])
    write_record(tmp_path / "results", make_record("dilated-all", 0, scores), make_table(scores, "ab"))
    monkeypatch.setenv("LESIONSEG_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("LESIONSEG_DATA", str(tmp_path / "no data"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no weights"))
    monkeypatch.setattr(download, "FIRST_WAIT", 0.0)
    monkeypatch.setattr(isic_download, "OFFICIAL_URL", "http://127.0.0.1:9/")
    monkeypatch.setattr(isic_download, "MIRROR_URL", "http://127.0.0.1:9/")
    monkeypatch.chdir(tmp_path)
    save_pair(tmp_path / "images", tmp_path / "masks", "a", size=(20, 30))
    monkeypatch.setattr(run_folder, "open_model", lambda folder, real=run_folder.open_model: loaded(real, folder))
    return tmp_path


def run(arguments: Sequence[object], result: list[Result] | None = None) -> Result:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    said = done.output
    assert done.exception is None or isinstance(done.exception, SystemExit), (arguments, done.exc_info)
    assert "Traceback" not in said and "fault of lesionseg" not in said, (arguments, said)
    if done.exit_code:
        told = [line for line in done.stderr.splitlines() if re.search("Error|Invalid|Missing|Usage|Try|No such", line)]
        assert told, (arguments, said)
    return done


def commands(model: Path) -> dict[str, list[object]]:
    """A call of each command that only reads, or is quick."""
    return {
        "recipes": ["recipes"],
        "compare": ["compare"],
        "download": ["download", "--root", "data"],
        "train": ["train", "transposed-frozen", "--profile", "full"],
        "baseline": ["baseline", "otsu", "--profile", "full"],
        "evaluate": ["evaluate", model, "--data", "."],
        "predict": ["predict", "images", "--model", model, "--overwrite"],
    }


NAMES = [
    "", " ", ".", "/", "~", "~nobody-here/x", "-", "--", "-x", "a\nb", "'", "$HOME", "%s", "{}", "C:\\x", "x" * 300,
    "x/" * 3000, "ä\u202e\U0001f600", "l\udce9sion.png", "/dev/null", "/dev/zero", "/proc/self/mem", "images/a.jpg",
    "masks", "-1", "1e999", "nan", "None", "dilated-all", "images/a.jpg/", "images/a.jpg/x",
]  # fmt: skip
HOLES: list[list[object]] = [
    ["download", "--root", ...], ["download", "--source", ...], ["recipes", ...], ["recipes", "--results", ...],
    ["train", ..., "--profile", "full"], ["train", "transposed-frozen", "--profile", ...],
    ["baseline", ..., "--profile", "full"], ["baseline", "otsu", "--profile", ...],
    ["evaluate", ...], ["evaluate", "MODEL", "--data", ...], ["evaluate", "x", "--runs", ...],
    ["predict", ..., "--model", "MODEL"], ["predict", "images", "--model", ...],
    ["predict", "images/a.jpg", "--model", "MODEL", "--out", ...], ["predict", "images", "--onnx", ...],
    ["hand-in", ...], ["hand-in", "a1", ...], ["hand-in", "a1", "images/a.jpg", "--answers", ...],
    ["grade", ..., "images", "--csv", "m.csv"], ["grade", "a1", "images", "--csv", "m.csv", "--pack", ...],
    ["export", ...], ["export", "MODEL", "--format", ...], ["export", "MODEL", "--weights", ...],
    ["compare", ...], ["compare", ..., "dilated-all"], ["compare", "--results", ...],
]  # fmt: skip


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: " ".join("NAME" if word is ... else word for word in hole))
def test_names(model: Path, hole: list[object]) -> None:
    for name in NAMES:
        if name.startswith("/") and {"--root", "--out", "--runs"} & set(hole):
            continue  # would be written to, or searched through
        run([name if word is ... else model if word == "MODEL" else word for word in hole])


VALUES = [
    "", "0", "-1", "1", "4294967296", "20000000000000", str(2**63), str(2**64), "9" * 400, "1.5", "nan", "-inf", "0x10",
    "1_000", "٣", " 1", "one", "\udce9",
]  # fmt: skip


@pytest.mark.parametrize("call", ["train --seed", "predict --threshold", "predict --frame", "evaluate --frame",
                                  "evaluate --mask-value"])  # fmt: skip
def test_values(model: Path, call: str) -> None:
    command, option = call.split()
    for value in VALUES:
        run([*(["train", "none"] if command == "train" else commands(model)[command]), option, value])


VARIABLES = ("LESIONSEG_DATA", "LESIONSEG_CACHE", "LESIONSEG_RUNS", "LESIONSEG_RESULTS", "LESIONSEG_PROFILE", "HOME")
PROCESSES = ("WORLD_SIZE", "RANK", "LOCAL_RANK")
ENVIRONMENTS: list[dict[str, str]] = [
    *({name: value} for name in VARIABLES for value in ("~nobody-here/x", "/dev/null/x", "x" * 300, "\udce9")),
    *(dict(zip(PROCESSES, values, strict=True)) for values in (("1", "0", "0"), ("2", "0", "0"), ("x", "", "x"))),
    {"WORLD_SIZE": "2"}, {"RANK": "1"}, {"LOCAL_RANK": "0"}, {"LOCAL_RANK": "x"}, {"WORLD_SIZE": "-3", "RANK": "7"},
    {"ACCELERATE_MIXED_PRECISION": "fp7"}, {"ACCELERATE_USE_CPU": "maybe"}, {"ACCELERATE_DYNAMO_BACKEND": "none"},
    {"CUDA_VISIBLE_DEVICES": "99"}, {"COLUMNS": "x"}, {"LINES": "-1"}, {"TERM": ""}, {"TORCH_HOME": "/dev/null/x"},
]  # fmt: skip


@pytest.mark.parametrize("command", ["recipes", "compare", "train", "baseline", "evaluate", "predict"])
def test_environments(model: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    for environment in ENVIRONMENTS:
        forget_accelerators()
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            run(commands(model)[command])
    forget_accelerators()


@pytest.mark.parametrize("command", ["recipes", "compare", "download", "train", "baseline", "evaluate", "predict"])
@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ELOOP])
def test_answers_of_the_file_system(
    place: Path, model: Path, monkeypatch: pytest.MonkeyPatch, command: str, number: int
) -> None:
    for part in ("/images", "a.jpg", "/masks", "predictions", "manifest.csv", "results", "/data"):
        for calls in (("open",), ("stat", "lstat"), ("listdir", "scandir"), ("mkdir", "rename")):
            with monkeypatch.context() as patch:
                answer_with(patch, number, part, calls)
                run([place if word == "." else word for word in commands(model)[command]])


@pytest.mark.parametrize("category", [Warning, UserWarning])
def test_warnings_as_errors_stop_nothing(model: Path, category: type[Warning]) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save("images/b.jpg", exif=exif)
    with warnings.catch_warnings():
        warnings.simplefilter("error", category)
        done = run(["predict", "images", "--model", model])
    assert done.exit_code == 0 and "2 of 2 photos done" in done.stdout
    assert re.search(r"^Note: .*b\.jpg was turned", done.stderr, re.MULTILINE)


def test_one_photos_fault_is_one_line_and_never_the_end_of_the_others(place: Path, model: Path) -> None:
    """Every kind of photo that cannot be done, in one call."""
    (place / "images" / "b.png").write_bytes(b"no image")
    (place / "images" / "c.png").symlink_to("/nowhere/c.png")
    (place / "images" / "d.png").symlink_to("d.png")
    long = place / ("x" * 250 + ".jpg")
    long.write_bytes((place / "images" / "a.jpg").read_bytes())
    gone = place / "gone.jpg"
    done = run(["predict", long, gone, "images", "images/a.jpg/x", "\udce9.jpg", "--model", model])
    assert done.exit_code == 1 and "1 of 8 photos done" in done.stdout
    told = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    for part in ("b.png is not an image", "c.png", "d.png", "xxx", "gone.jpg", "a.jpg/x", "udce9"):
        assert sum(part in line for line in told) == 1, (part, told)
    assert sorted(file.name for file in Path("predictions").iterdir()) == ["a_mask.png", "a_overlay.jpg"]


def test_a_folder_that_cannot_be_listed_is_one_line_too(
    place: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pair(place / "closed", place / "other", "b")
    answer_with(monkeypatch, errno.EACCES, "closed", ("listdir", "scandir"))
    done = run(["predict", "closed", "images", "--model", model])
    assert done.exit_code == 1 and "1 of 2 photos done" in done.stdout
    assert "Error: closed cannot be listed: Permission denied." in done.stderr


OPTIONS = ["--all", "--profile", "--results", "--seed", "--effects", "--help", "recipes", "--source", "--version"]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    words=st.lists(st.sampled_from([*NAMES, *VALUES, *OPTIONS]), max_size=4),
    command=st.sampled_from(["recipes", "compare", "baseline", "train", "evaluate"]),
)
def test_words_in_any_order(words: list[str], command: str) -> None:
    run([command, *words])
