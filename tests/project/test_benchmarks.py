"""The benchmarks run and write what they promise; how long anything takes is no test's business."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmarks import costs, frozen_cache, processes, until
from lesionseg_lib.data.transforms import OFFLINE
from lesionseg_lib.results.records import load_costs
from tests.helpers.tiny import forget_accelerators


def test_the_cache_and_the_images_train_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LESIONSEG_CACHE", str(tmp_path))
    assert frozen_cache.main(["transposed-frozen", "--images", "4", "--epochs", "2"]) > 0
    out = capsys.readouterr().out
    assert "Logits   differ by at most" in out and "times faster" in out
    rows = [line.split() for line in out.splitlines() if line.split()[0] in ("1", "2")]
    assert len(rows) == 2 and all(float(row[4]) == pytest.approx(float(row[5]), abs=1e-4) for row in rows)


def test_a_recipe_that_trains_its_encoder_has_no_cache(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        frozen_cache.main(["dilated-all"])
    assert "trains encoder stages" in capsys.readouterr().err


def test_costs_are_written_for_every_recipe_asked_for(tmp_path: Path) -> None:
    names = ["transposed-frozen", "refine-bce-adam", "dilated-all"]
    options = ["--size", "32", "--steps", "1", "--repeats", "1", "--images", "100"]
    costs.main([*names, *options, "--out", str(tmp_path / "costs.json")])
    found = load_costs(tmp_path)
    assert found["format"] == 1 and {"device", "commit", "dirty", "threads"} <= found.keys()
    assert list(found["recipes"]) == names
    for entry in found["recipes"].values():
        assert entry["milliseconds_per_image"] > 0 and entry["milliseconds_per_image_all_threads"] > 0
        assert entry["training_seconds_per_epoch"] > 0
    assert [entry["images_per_epoch"] for entry in found["recipes"].values()] == [100, 100 * OFFLINE["family-d"], 100]
    assert [entry["cached"] for entry in found["recipes"].values()] == [True, True, False]


def test_the_clock_stops_at_the_target_and_runs_on_where_it_is_not_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LESIONSEG_CACHE", str(tmp_path / "cache"))
    forget_accelerators()
    threads = str(torch.get_num_threads())
    always = ["--profile", "smoke", "--threads", threads, "--out", str(tmp_path / "until.json")]
    easy = until.main(["feather", "--target", "0", *always])["tries"][0]
    assert easy["reached"] and len(easy["rows"]) == 1 and easy["epochs"] == 2
    assert easy["seconds"] == easy["rows"][0]["seconds"] > 0
    hard = until.main(["feather", "--target", "1", *always])
    assert json.loads((tmp_path / "until.json").read_text()) == hard
    assert not hard["tries"][0]["reached"] and len(hard["tries"][0]["rows"]) == 2
    assert "2 of 2 epochs: NOT reached, best 0." in capsys.readouterr().out


@pytest.mark.slow
def test_two_processes_are_held_against_one(tmp_path: Path) -> None:
    out = tmp_path / "processes.json"
    found = processes.main(["feather", "--size", "32", "--epochs", "1", "--out", str(out)])
    speeds = found["photos_per_second"]
    assert found["efficiency"] == pytest.approx(speeds["2"] / speeds["1"] / 2) and found["threads"] == 1
    assert json.loads(out.read_text()) == found
