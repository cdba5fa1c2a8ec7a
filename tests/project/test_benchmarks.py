"""The benchmarks run and write what they promise; how long anything takes is no test's business."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import costs, frozen_cache
from lesionseg_lib.data.transforms import OFFLINE
from lesionseg_lib.results.records import load_costs


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
