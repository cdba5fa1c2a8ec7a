"""Steps of the ladder go from data to record: extra photos, a teacher, and rows of their own."""

# ruff: noqa: F401, F811 (fixtures are imported by name)
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionseg_lib.data.cache import decode
from lesionseg_lib.data.splits import Splits, open_splits
from lesionseg_lib.errors import CheckpointError, DataWarning
from lesionseg_lib.evaluation.metrics import METRICS
from lesionseg_lib.experiments import also
from lesionseg_lib.experiments.profiles import PROFILES, get_profile
from lesionseg_lib.experiments.run import run
from lesionseg_lib.experiments.run_folder import RunFolder
from lesionseg_lib.results.records import read_record, read_table, record_path
from lesionseg_lib.training.recipes import get_recipe
from tests.helpers.bare_machine import bare_machine

SMOKE, SEED = get_profile("smoke"), 3

pytestmark = pytest.mark.filterwarnings("ignore:.*RANDOM weights:UserWarning")


@pytest.fixture(scope="module")
def splits() -> Splits:
    return open_splits(SMOKE)


@pytest.fixture(scope="module")
def taught(splits: Splits, bare_machine: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Records of a teacher and its pupil, read back, and where they are."""
    runs = tmp_path_factory.mktemp("runs")
    found: dict[str, Any] = {"runs": runs}
    for name in ("light-strong", "feather-distilled"):
        run(get_recipe(name), SMOKE, splits, seed=SEED, runs=runs)
        folder = RunFolder(runs, SMOKE, name, SEED)
        found[name] = read_record(record_path(folder.results, name, SEED))
        found[f"{name}, table"] = read_table(record_path(folder.results, name, SEED))
    return found


def test_a_step_trains_scores_and_records(taught: dict[str, Any], splits: Splits) -> None:
    record = taught["feather-distilled"]
    assert record["parameters"]["total"] == 553_569 and record["parameters"]["frozen"] == 0
    assert record["epochs_run"] == record["best_epoch"] == 2  # the last is kept
    assert record["recipe"]["average_decay"] == 0.998 and record["recipe"]["last_stage"] == 3
    assert record["teacher"]["name"] == "light-strong" and record["teacher"]["seed"] == SEED
    assert len(record["teacher"]["sha256"]) == 64


def test_flips_are_a_row_and_columns_of_their_own(taught: dict[str, Any], splits: Splits) -> None:
    record, table = taught["light-strong"], taught["light-strong, table"]
    flips = record["also"]["flips"]
    assert set(METRICS) <= flips["test"].keys()
    assert table["flips_jaccard"].mean() == pytest.approx(flips["test"]["jaccard"]["mean"], abs=1e-6)
    assert table["jaccard"].mean() == pytest.approx(record["test"]["jaccard"]["mean"], abs=1e-6)


def test_the_row_of_flips_scores_what_the_flips_answer(splits: Splits, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = replace(get_recipe("light-strong"), also_scored=("flips",))
    truths = np.stack([splits.test.truth(index) for index in range(len(splits.test))]).astype(np.float32)
    monkeypatch.setattr(also, "flip_averaged", lambda network, images: truths)
    rows, columns = also.also_score(recipe, splits, decode(splits, (64, 64)).test, None)  # type: ignore[arg-type]
    assert rows["flips"]["test"]["jaccard"]["mean"] == 1 and columns["flips_dice"].tolist() == [1.0] * 8


def test_photos_from_elsewhere_are_told_image_by_image(taught: dict[str, Any]) -> None:
    row = taught["light-strong"]["also"]["elsewhere"]
    scores = row["of_images"]["jaccard"]
    assert len(scores) == row["images"] == 8 and row["name"] == "synthetic"
    assert np.mean(list(scores.values())) == pytest.approx(row["test"]["jaccard"]["mean"], abs=1e-6)


def test_without_its_teacher_a_pupil_does_not_begin(splits: Splits, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="feather-distilled learns from light-strong, seed 3: train that first"):
        run(get_recipe("feather-distilled"), SMOKE, splits, seed=SEED, runs=tmp_path)
    assert not list(tmp_path.rglob("*.pt"))


def test_more_data_are_told_in_the_record(splits: Splits, tmp_path: Path) -> None:
    _, record, _ = run(get_recipe("feather-more-data"), SMOKE, splits, seed=SEED, runs=tmp_path)
    assert record["data"]["train"]["images"] == len(splits.train) + 16
    assert record["data"]["test"]["images"] == len(splits.test)
    assert record["data"]["name"] == "synthetic+synthetic" and record["recipe"]["extra_data"] == "isic-extra"


def test_where_no_photos_from_elsewhere_are_it_is_said(
    splits: Splits, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(also, "elsewhere", lambda splits: None)
    recipe = replace(get_recipe("light-strong"), also_scored=("elsewhere",))
    with pytest.warns(DataWarning, match="light-strong: isic-extra is not here, so nothing is said of photos"):
        assert also.also_score(recipe, splits, None, None)[0] == {}  # type: ignore[arg-type]


def test_records_of_the_ladder_lie_apart_from_the_others() -> None:
    folders = {name: RunFolder(Path("runs"), PROFILES["full"], name, 0).results for name in ("light", "feather")}
    assert folders == {"light": Path("results"), "feather": Path("results/ladder")}
