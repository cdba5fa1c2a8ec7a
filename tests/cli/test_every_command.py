"""Every command under hostile names, values, environments and file systems: right and 0, or one sentence and not 0.

One of the two always; never a traceback, and never the sentence for a fault that nobody foresaw.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from lesionseg_lib.cli.app import app
from lesionseg_lib.data.datasets import download, isic_download
from tests.helpers.answers import answer_with
from tests.helpers.archives import save_pair
from tests.helpers.models import save_random_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one pair, without network, weights and settings."""
    for variable in list(os.environ):
        if variable.startswith(("LESIONSEG_", "ACCELERATE_")) or variable in ("WORLD_SIZE", "RANK", "LOCAL_RANK"):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("LESIONSEG_CACHE", str(tmp_path_factory.getbasetemp() / "decoded"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no weights"))
    monkeypatch.setattr(download, "FIRST_WAIT", 0.0)
    monkeypatch.setattr(isic_download, "OFFICIAL_URL", "http://127.0.0.1:9/")
    monkeypatch.setattr(isic_download, "MIRROR_URL", "http://127.0.0.1:9/")
    monkeypatch.setattr(isic_download, "cache_folder", lambda: tmp_path / "no data")
    monkeypatch.chdir(tmp_path)
    save_pair(tmp_path / "images", tmp_path / "masks", "a", size=(20, 30))
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
    "", " ", ".", "..", "/", "//", "~", "~nobody-here", "~nobody-here/x", "-", "--", "-x", "*", "a\nb", "a\tb", "'", '"',
    "$HOME", "`id`", "%s", "{}", "\\", "C:\\x", "x" * 300, "x/" * 3000, "ä", "\u202eabc", "\udce9", "l\udce9sion.png",
    "\U0001f600", "/dev/null", "/dev/zero", "/proc/self/mem", "/root/../root", "images/a.jpg", "masks", "nul", "0", "-1",
    "1e999", "nan", "True", "None", "[]", "smoke", "dilated-all", "dilated-all/", "images/a.jpg/", "images/a.jpg/x",
]  # fmt: skip
PATHS_AND_NAMES = {
    "download": [["--root", ...], ["--source", ...]],
    "recipes": [[...], ["--results", ...]],
    "train": [[..., "--profile", "full"], ["transposed-frozen", "--profile", ...]],
    "baseline": [[..., "--profile", "full"], ["otsu", "--profile", ...]],
    "evaluate": [[...], ["MODEL", "--data", ...], ["MODEL", "--data", ".", "--mask-value", ...], ["x", "--runs", ...]],
    "predict": [[..., "--model", "MODEL"], ["images", "--model", ...], ["images/a.jpg", "--model", "MODEL", "--out", ...]],
    "compare": [[...], ["--results", ...], [..., "dilated-all"]],
}  # fmt: skip
HOLES = [(command, hole) for command, holes in PATHS_AND_NAMES.items() for hole in holes]


@pytest.mark.parametrize(("command", "hole"), HOLES, ids=[f"{c} {' '.join(map(str, h))}" for c, h in HOLES])
def test_names(place: Path, model: Path, command: str, hole: list[object]) -> None:
    for name in NAMES:
        if command == "download" and "--root" in hole and name.startswith(("/", "~", "..")):
            continue  # would be made
        if "--out" in hole and (name.startswith(("/", "..")) or os.path.isabs(name)):
            continue  # would be written to
        fill = {...: name, "MODEL": model}
        run([command, *(fill.get(part, part) if part is ... or isinstance(part, str) else part for part in hole)])


VALUES = ["", "0", "-1", "1", "4294967295", "4294967296", "20000000000000", str(2**63), str(2**64), "9" * 400, "1.5", "nan",
          "inf", "-inf", "0x10", "1_000", "٣", " 1", "one", "\udce9"]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (["train", "no-such-recipe"], "--seed"), (["predict", "images", "--overwrite", "--model", "MODEL"], "--threshold"),
        (["predict", "images", "--overwrite", "--model", "MODEL"], "--frame"),
        (["evaluate", "MODEL", "--data", "."], "--frame"), (["evaluate", "MODEL", "--data", "."], "--mask-value"),
    ],
    ids=str,
)  # fmt: skip
def test_values(model: Path, command: list[str], option: str) -> None:
    for value in VALUES:
        run([*(str(model) if part == "MODEL" else part for part in command), option, value])


ENVIRONMENTS: list[dict[str, str]] = [
    *({name: value} for name in ("LESIONSEG_DATA", "LESIONSEG_CACHE", "LESIONSEG_RUNS", "LESIONSEG_RESULTS",
                                 "LESIONSEG_PROFILE", "TORCH_HOME", "HOME", "XDG_CACHE_HOME", "TMPDIR")
      for value in ("", "~nobody-here/x", "/dev/null/x", "x" * 300, "\udce9", "a\nb", "/proc/x")),
    *({"WORLD_SIZE": size, "RANK": rank, "LOCAL_RANK": rank} for size in ("1", "2", "x", "-3") for rank in ("0", "7", "")),
    {"WORLD_SIZE": "2"}, {"RANK": "1"}, {"LOCAL_RANK": "0"}, {"LOCAL_RANK": "x"},
    {"ACCELERATE_MIXED_PRECISION": "fp7"}, {"ACCELERATE_MIXED_PRECISION": "fp16"}, {"ACCELERATE_USE_CPU": "maybe"},
    {"ACCELERATE_DYNAMO_BACKEND": "none of them"}, {"ACCELERATE_GRADIENT_ACCUMULATION_STEPS": "x"},
    {"CUDA_VISIBLE_DEVICES": "99"}, {"OMP_NUM_THREADS": "x"}, {"COLUMNS": "x"}, {"COLUMNS": "1"}, {"LINES": "-1"},
    {"LANG": "xx_YY.none"}, {"TZ": "nowhere"}, {"NO_COLOR": "1"}, {"TERM": ""},
]  # fmt: skip


@pytest.mark.parametrize("command", ["recipes", "compare", "train", "baseline", "evaluate", "predict"])
def test_environments(model: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    for environment in ENVIRONMENTS:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            run(commands(model)[command])


@pytest.mark.parametrize("command", ["recipes", "compare", "download", "train", "baseline", "evaluate", "predict"])
@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE, errno.ELOOP, errno.ENOSPC, errno.EMFILE])
def test_answers_of_the_file_system(
    place: Path, model: Path, monkeypatch: pytest.MonkeyPatch, command: str, number: int
) -> None:
    parts = [
        "/images",
        "a.jpg",
        "a_Segmentation",
        "/masks",
        "predictions",
        "manifest.csv",
        str(model),
        "/data",
        "results",
    ]
    for part, calls in itertools.product(
        parts, (("open",), ("stat", "lstat"), ("listdir", "scandir"), ("mkdir", "rename"))
    ):
        with monkeypatch.context() as patch:
            answer_with(patch, number, part, calls)
            arguments = [place / part if part in ("images", ".") else part for part in commands(model)[command]]
            run(arguments)


@pytest.mark.parametrize(
    "warning", ["error", "always", "error::UserWarning", "ignore"], ids=lambda warning: warning.replace(":", "-")
)
def test_warnings_as_errors_stop_nothing(model: Path, warning: str, recwarn: pytest.WarningsRecorder) -> None:
    import warnings

    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save("images/b.jpg", exif=exif)
    action, _, category = warning.partition("::")
    with warnings.catch_warnings():
        warnings.simplefilter(action, UserWarning if category else Warning)  # type: ignore[arg-type]
        done = run(["predict", "images", "--model", model])
    assert done.exit_code == 0 and "2 of 2 photos done" in done.stdout


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(words=st.lists(st.sampled_from([*NAMES, *VALUES, "--all", "--profile", "--results", "--seed", "--effects", "--help",
                                       "recipes", "compare", "--source", "--version"]), max_size=4),
       command=st.sampled_from(["recipes", "compare", "baseline", "train", "evaluate"]))  # fmt: skip
def test_words_in_any_order(words: list[str], command: str) -> None:
    if command in ("baseline", "train") and {"smoke", "--all"} & set(words):
        return  # would work, for long
    run([command, *words])
