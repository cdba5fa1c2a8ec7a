"""The command line: each command ends well, or with one clear message and a code."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from lesionseg_lib.cli import compare, train
from lesionseg_lib.cli.app import app
from lesionseg_lib.data.datasets import download, isic_download
from lesionseg_lib.data.transforms import AUGMENTATIONS
from lesionseg_lib.errors import TrainingError
from lesionseg_lib.evaluation.metrics import METRICS
from lesionseg_lib.models.decoders import DECODERS
from lesionseg_lib.results.records import read_record, write_record
from lesionseg_lib.training.losses import LOSSES
from lesionseg_lib.training.recipes import load_recipes
from tests.helpers.archives import isic_tree, save_pair
from tests.helpers.models import save_random_model
from tests.helpers.records import make_record, make_table
from tests.helpers.server import serving

SMOKE = ("transposed-frozen", "--profile", "smoke")
RUN = Path("runs", "smoke", "transposed-frozen", "seed0")
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def an_empty_place(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder, no data, no weights, no settings; what was decoded before is kept."""
    monkeypatch.chdir(tmp_path)
    for variable in ("LESIONSEG_PROFILE", "LESIONSEG_RUNS", "LESIONSEG_RESULTS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LESIONSEG_CACHE", str(cache))
    monkeypatch.setenv("LESIONSEG_DATA", str(tmp_path / "no data"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no weights"))


def lesionseg(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(result: Result, *parts: str, code: int = 2) -> None:
    """The command ended with one message on stderr that has these parts, without traceback."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1 and "Traceback" not in result.output
    for part in parts:
        assert part in errors[0]


def test_version_and_help() -> None:
    assert lesionseg("--version").stdout == f"lesionseg {version('lesionseg')}\n"
    commands = re.findall(r"^  (\w+) ", lesionseg("--help").stdout.split("Commands:")[1], re.MULTILINE)
    assert commands == ["download", "recipes", "train", "baseline", "evaluate", "predict", "compare"]


def test_help_recipes_and_compare_import_no_torch(tmp_path: Path) -> None:
    """It would take seconds. A process of its own, because this one has imported it long ago."""
    code = f"""
import sys
from typer.testing import CliRunner
from lesionseg_lib.cli.app import app
for arguments in (["--help"], ["recipes"], ["recipes", "dilated-all"], ["compare", "--results", {str(tmp_path)!r}]):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
heavy = {{"torch", "torchvision", "albumentations", "matplotlib", "accelerate"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lesionseg_lib", "recipes", "dilated-al"], capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: There is no recipe named 'dilated-al'. Did you mean 'dilated-all'?")


def test_recipes_lists_every_recipe_and_says_which_are_recorded(tmp_path: Path) -> None:
    scores = np.array([0.8, 0.9])
    for seed in (0, 2):
        write_record(tmp_path, make_record("dilated-all", seed, scores), make_table(scores, "ab"))
    lines = lesionseg("recipes", "--results", tmp_path).stdout.splitlines()
    listed = {line.split()[0]: line for line in lines[2 : 2 + len(load_recipes())]}
    assert list(listed) == list(load_recipes())
    settings = "dilated-all C dilated all dice+bce adam 0.0001 15 family-c 0.8834 / 0.9121 0, 2"
    assert " ".join(listed["dilated-all"].split()) == settings
    assert re.search(r"about 0.70 / 0.80 +-$", listed["conv5-frozen"])
    one = lesionseg("recipes", "dilated-all", "--results", tmp_path).stdout
    assert load_recipes()["dilated-all"].choices in one and "recorded, seed 2" in one


def test_every_recipe_names_what_exists() -> None:
    for recipe in load_recipes().values():
        assert recipe.decoder in DECODERS and recipe.loss in LOSSES and recipe.augmentation in AUGMENTATIONS


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("train", "dilated-al"), ("no recipe named 'dilated-al'", "Did you mean 'dilated-all'?")),
        (("recipes", "conv6-frozen"), ("Did you mean 'conv5-frozen'?",)),
        (("compare", "dilated-all", "dilated-frozn"), ("Did you mean 'dilated-frozen'?",)),
        (("compare", "a", "b", "c"), ("3 recipes given",)),
        (("compare", "dilated-all", "--effects"), ("Leave the names out",)),
        (("compare", "dilated-all"), ("dilated-all has no record",)),
        (("compare", "--results", "nowhere"), ("nowhere: no such folder",)),
        (("recipes", "--results", "nowhere"), ("nowhere: no such folder",)),
        (("predict", "a.jpg", "--model", "dilated-al"), ("Did you mean 'dilated-all'?",)),
        (("train", "dilated-all", "--profile", "ful"), ("no profile named 'ful'", "Did you mean 'full'?")),
        (("train",), ("Name one recipe or more, or give --all", "dilated-all")),
        (("train", "dilated-all", "--all"), ("Name one recipe or more, or give --all",)),
        (("train", "dilated-all", "--profile", "full"), ("ISIC 2016 (test) was not found", "lesionseg download")),
        (("baseline",), ("Name one baseline or more, or give --all", "mean-mask")),
        (("baseline", "otsu", "--all"), ("Name one baseline or more, or give --all",)),
        (("baseline", "otzu"), ("no baseline named 'otzu'", "Did you mean 'otsu'?")),
        (("baseline", "otsu", "--profile", "full"), ("ISIC 2016 (test) was not found",)),
        (("evaluate", "nowhere/best"), ("nowhere/best: no such folder",)),
        (("evaluate", "."), ("no saved model here", "model.safetensors")),
        (("download", "--source", "miror128"), ("no source 'miror128'",)),
    ],
)
def test_what_cannot_be_done_is_said_in_one_message(
    arguments: tuple[str, ...], parts: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LESIONSEG_RESULTS", str(tmp_path / "no records"))
    refused(lesionseg(*arguments), *parts)


def test_an_option_that_does_not_exist_is_refused() -> None:
    result = lesionseg("train", "dilated-all", "--epochs", "3")
    assert result.exit_code == 2 and "No such option: --epochs" in result.stderr


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "dilated-all" / "seed0.json"
    path.parent.mkdir()
    path.write_text('{"format": 1, "na')
    for command in ("recipes", "compare"):
        refused(lesionseg(command, "--results", tmp_path), str(path), "not a JSON record")


def test_compare_shows_all_recipes_one_or_the_difference_of_two(tmp_path: Path) -> None:
    scores = np.linspace(0.5, 0.9, 30)
    ids = [str(number) for number in range(30)]
    for name, gain in (("dilated-all", 0.05), ("dilated-frozen", 0.0)):
        write_record(tmp_path, make_record(name, 0, scores + gain), make_table(scores + gain, ids))
    everything = lesionseg("compare", "--results", tmp_path)
    assert everything.exit_code == 0 and all(name in everything.stdout for name in load_recipes())
    one = lesionseg("compare", "dilated-all", "--results", tmp_path)
    assert "Claimed IoU / Dice: 0.8834 / 0.9121" in one.stdout and "pooled" in one.stdout
    two = lesionseg("compare", "dilated-all", "dilated-frozen", "--results", tmp_path)
    assert "dilated-all scores 0.0500 higher than dilated-frozen in mean Jaccard" in two.stdout
    assert "With one seed, the interval does not say" in two.stdout
    steps = lesionseg("compare", "--effects", "--results", tmp_path)
    assert steps.exit_code == 0 and "No two recipes of a step are recorded" in steps.stdout


def test_train_shows_what_it_runs_on_trains_scores_and_records(tmp_path: Path) -> None:
    result = lesionseg("train", *SMOKE)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["Profile", "Data", "Weights", "Device"]
    assert "smoke" in lines[0] and "24 train, 8 validation, 8 test" in lines[1] and "RANDOM" in lines[2]
    assert [line.split()[1] for line in result.stderr.splitlines() if line.startswith("epoch")] == ["1", "2"]
    assert "Note: Profile smoke: no ImageNet weights" in result.stderr
    record_file = RUN / "results" / "transposed-frozen" / "seed0.json"
    paths = dict(line.split(maxsplit=1) for line in lines[-3:])
    assert paths == {"Record": str(record_file), "Images": str(record_file.with_suffix(".csv")), "Model": f"{RUN}/best"}
    record = read_record(record_file)
    for metric in METRICS:
        score = record["test"][metric]
        row = next(line for line in lines if line.startswith(metric.replace("_", " ")))
        assert f"{score['mean']:.4f}  {score['low']:.4f} to {score['high']:.4f}" in row

    refused(lesionseg("train", *SMOKE), "there is a run already", "--resume")
    before = (RUN / "history.csv").read_bytes()
    again = lesionseg("train", *SMOKE, "--resume")
    assert again.exit_code == 0 and (RUN / "history.csv").read_bytes() == before

    checkpoint = RUN / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    refused(lesionseg("train", *SMOKE, "--resume"), str(checkpoint), "damaged or cut short")


def test_baselines_are_recorded_and_compared(tmp_path: Path) -> None:
    one = lesionseg("baseline", "otsu", "--profile", "smoke")
    assert one.exit_code == 0, one.output
    assert Path("runs", "smoke", "otsu", "seed0", "results", "otsu", "seed0.json").exists()
    every = lesionseg("baseline", "--all", "--profile", "smoke", "--results", tmp_path / "records")
    assert every.exit_code == 0 and every.stdout.count("Record  ") == 3
    shown = lesionseg("compare", "--results", tmp_path / "records").stdout
    for name in ("all-foreground", "mean-mask", "otsu"):
        jaccard = read_record(tmp_path / "records" / name / "seed0.json")["test"]["jaccard"]["mean"]
        assert re.search(rf"^{name} .* {jaccard:.3f} ", shown, re.MULTILINE)
    two = lesionseg("compare", "otsu", "mean-mask", "--results", tmp_path / "records")
    assert two.exit_code == 0 and "than mean-mask in mean Jaccard" in two.stdout


def test_ctrl_c_saves_says_how_to_go_on_and_the_run_then_ends(tmp_path: Path) -> None:
    """A real process and a real signal, sent as soon as the first epoch is reported."""
    command = [sys.executable, "-m", "lesionseg_lib", "train", *SMOKE, "--runs", "my runs"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        # A shell's background jobs ignore the signal, and their children after them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if line.startswith("epoch   1"):
                process.send_signal(signal.SIGINT)
                break
        stderr = "".join(seen) + process.stderr.read()
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    last = stderr.splitlines()[-1]
    assert re.match(r"Stopped transposed-frozen: epoch [12] of 2 is saved in my runs/smoke", last), stderr
    go_on = last.partition("Go on with: lesionseg ")[2]
    assert go_on == "train transposed-frozen --profile smoke --seed 0 --runs 'my runs' --resume"
    resumed = lesionseg("train", *SMOKE, "--runs", "my runs", "--resume")
    assert resumed.exit_code == 0, resumed.output
    assert read_record(Path("my runs") / RUN.relative_to("runs") / "results/transposed-frozen/seed0.json")[
        "epochs_run"
    ] == 2  # fmt: skip


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the recipes "trained"; training writes a record and takes no time. What ``fails`` raises instead."""
    names: list[str] = []
    scores = np.array([0.8, 0.9])

    def run(recipe: Any, profile: Any, splits: Any, *, seed: int, results: Path, **_: Any) -> Any:
        names.append(recipe.name)
        if recipe.name == "dilated-frozen":
            raise TrainingError("the loss became nan")
        if recipe.name == list(load_recipes())[-1]:
            raise KeyboardInterrupt
        record = make_record(recipe.name, seed, scores, profile=profile.name)
        write_record(results, record, make_table(scores, "ab"))
        return None, record, None

    monkeypatch.setattr(train, "run", run)
    return names


def test_a_queue_skips_what_is_recorded_and_goes_on_after_a_failure(trained: list[str], tmp_path: Path) -> None:
    queue = ("train", "dilated-all", "dilated-frozen", "conv5-frozen", "--profile", "smoke", "--results", tmp_path)
    first = lesionseg(*queue)
    assert trained == ["dilated-all", "dilated-frozen", "conv5-frozen"]
    refused(first, "the loss became nan")
    assert "Failed, going on" in first.stdout
    del trained[:]
    second = lesionseg(*queue)
    assert trained == ["dilated-frozen"]
    assert second.stdout.count("skipped, it is recorded in") == 2
    assert trained == ["dilated-frozen"] and lesionseg(*queue, "--seed", "1").exit_code == 2
    assert trained == ["dilated-frozen", "dilated-all", "dilated-frozen", "conv5-frozen"]


def test_a_recipe_named_alone_is_trained_although_it_is_recorded(trained: list[str], tmp_path: Path) -> None:
    for _ in range(2):
        assert lesionseg("train", "dilated-all", "--profile", "smoke", "--results", tmp_path).exit_code == 0
    assert trained == ["dilated-all", "dilated-all"]


def test_all_means_every_recipe_once_and_ctrl_c_stops_the_queue(trained: list[str], tmp_path: Path) -> None:
    result = lesionseg("train", "--all", "--profile", "smoke", "--results", tmp_path, "--seed", "7")
    assert trained == list(load_recipes())  # the last is interrupted
    last = trained[-1]
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == (
        f"Stopped {last} before its first epoch was complete; nothing is saved. Start again: "
        f"lesionseg train {last} --profile smoke --seed 7 --runs runs --results {tmp_path}"
    )


def test_ctrl_c_elsewhere_is_no_traceback_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(compare, "recipe_table", interrupted)
    result = lesionseg("recipes")
    assert (result.exit_code, result.stderr.strip()) == (130, "Stopped.")


def test_evaluate_scores_a_model_and_writes_a_row_for_each_image(tmp_path: Path) -> None:
    model = save_random_model(tmp_path / "model", threshold=0.0)  # all lesion, so the scores are known
    for number in range(3):
        save_pair(tmp_path / "images", tmp_path / "masks", f"x{number}", number, (20, 30))
    result = lesionseg("evaluate", model, "--data", tmp_path, "--csv", tmp_path / "out" / "scores.csv")
    assert result.exit_code == 0, result.output
    # The true lesion is rows 5 to 14 and columns 7 to 22: 10 x 16 of 600 pixels.
    table = pd.read_csv(tmp_path / "out" / "scores.csv")
    assert table["id"].tolist() == ["x0", "x1", "x2"]
    assert table["jaccard"].tolist() == pytest.approx([160 / 600] * 3, abs=1e-6)
    assert (table["height"].unique(), table["width"].unique()) == ([20], [30])
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines() if line}
    assert rows["jaccard"][1:5] == ["0.2667", "0.2667", "to", "0.2667"]
    assert rows["dice"][1] == f"{320 / 760:.4f}"


@pytest.mark.parametrize("layout", ["test", "isic", "default"])
def test_evaluate_finds_the_test_images_in_other_layouts(
    tmp_path: Path, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = save_random_model(tmp_path / "model")
    arguments = ["--data", tmp_path / "isic2016"]
    if layout == "test":
        save_pair(tmp_path / "isic2016" / "test", tmp_path / "isic2016" / "test_masks", "x0")
    else:
        isic_tree(tmp_path / "isic2016", {"test": 1, "train": 2})
    if layout == "default":
        monkeypatch.setenv("LESIONSEG_DATA", str(tmp_path))
        arguments = []
    result = lesionseg("evaluate", model, *arguments)
    assert result.exit_code == 0 and "test: 1 images" in result.stdout


def _no_folder(data: Path) -> None:
    pass


def _other_folders(data: Path) -> None:
    save_pair(data / "pictures", data / "truth", "x0")


def _image_without_mask(data: Path) -> None:
    save_pair(data / "images", data / "masks", "x0")
    save_pair(data / "images", data / "elsewhere", "x1")


def _sizes_differ(data: Path) -> None:
    save_pair(data / "images", data / "elsewhere", "x0")
    save_pair(data / "elsewhere", data / "masks", "x0", size=(9, 9))


def _image_cut_short(data: Path) -> None:
    save_pair(data / "images", data / "masks", "x0", size=(64, 64))
    file = data / "images" / "x0.jpg"
    file.write_bytes(file.read_bytes()[:700])


@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        (_no_folder, "there is no such folder"),
        (_other_folders, "Expected two folders in it"),
        (_image_without_mask, "1 of 2 images have no mask: x1.jpg"),
        (_sizes_differ, "x0: the image is 8 x 6 pixels (width x height), the mask 9 x 9"),
        (_image_cut_short, "cut short"),
    ],
)
def test_evaluate_says_what_is_wrong_with_the_data(tmp_path: Path, spoil: Any, part: str) -> None:
    model = save_random_model(tmp_path / "model")
    spoil(tmp_path / "data")
    refused(lesionseg("evaluate", model, "--data", tmp_path / "data"), part)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    model = save_random_model(tmp_path / "model")
    save_pair(tmp_path / "images", tmp_path / "masks", "x0")
    (tmp_path / "file").write_text("")
    csv = tmp_path / "file" / "scores.csv"
    refused(lesionseg("evaluate", model, "--data", tmp_path, "--csv", csv), str(tmp_path / "file"))


def test_download_fetches_nothing_that_is_there_and_says_how_commands_find_it(tmp_path: Path) -> None:
    root = isic_tree(tmp_path / "data" / "isic2016", {"train": 3, "test": 2})
    result = lesionseg("download", "--root", root)
    assert result.exit_code == 0, result.output
    assert "train: 3 of 900 pairs, 897 missing" in result.stdout
    assert f"export LESIONSEG_DATA={tmp_path / 'data'}" in result.stdout


def test_a_download_that_fails_is_said_in_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "FIRST_WAIT", 0.0)
    with serving() as server:
        monkeypatch.setattr(isic_download, "OFFICIAL_URL", server.url)
        refused(lesionseg("download"), "404")
    assert not (tmp_path / "no data" / "isic2016").exists()


def test_warnings_are_notes_of_one_line(tmp_path: Path) -> None:
    save_pair(tmp_path / "images", tmp_path / "masks", "x0")
    (tmp_path / "images" / "notes.txt").write_text("")
    arguments = ("evaluate", save_random_model(tmp_path / "model"), "--data", tmp_path)
    before = warnings.showwarning
    assert "\nNote: " in "\n" + lesionseg(*arguments).stderr
    assert warnings.showwarning is before
