"""How often the intervals hold the truth: what is recorded, what the docstrings say of it, and a fresh simulation."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import coverage
from lesionseg_lib.evaluation import bootstrap
from tools import ROOT

RECORDED = json.loads((ROOT / "results" / "coverage.json").read_text(encoding="utf-8"))


def near(recorded: float, repetitions: int) -> object:
    """Within four standard errors of so many repetitions, and of the recorded ones."""
    error = np.sqrt(recorded * (1 - recorded) * (1 / repetitions + 1 / RECORDED["repetitions"]))
    return pytest.approx(recorded, abs=4 * error)


def test_the_scores_have_the_mean_that_is_taken_for_true() -> None:
    """.95 of beta(9, 1.5), whose mean is 9 / 10.5."""
    assert coverage.true_mean() == pytest.approx(0.95 * 6 / 7)
    scores = coverage.draw_scores(np.random.default_rng(0), 200_000)
    assert scores.mean() == pytest.approx(coverage.true_mean(), abs=0.002)
    assert (scores == 0).mean() == pytest.approx(0.05, abs=0.002)


def test_an_interval_holds_its_ends() -> None:
    assert coverage.share_that_holds([(0, 1), (1, 2), (1.1, 2), (0, 0.9)], 1) == 0.5


def test_the_table_of_the_docstring_is_the_recorded_one() -> None:
    rows = re.findall(r"^(images|percentile|bca|studentised) +([\d. ]+)$", bootstrap.__doc__ or "", re.MULTILINE)
    shown = {name: numbers.split() for name, numbers in rows}
    assert shown.pop("images") == list(RECORDED["images"])
    assert shown == {
        method: [f"{100 * RECORDED['images'][images][method]:.1f}" for images in RECORDED["images"]]
        for method in bootstrap.METHODS
    }
    assert f"{RECORDED['repetitions']:,} samples" in (bootstrap.__doc__ or "")


def test_what_the_docstring_of_paired_intervals_says_is_recorded() -> None:
    text = " ".join((bootstrap.paired_interval.__doc__ or "").split())
    for seeds, found in RECORDED["both"].items():
        assert re.search(rf"\b{100 * found['resampled']:.0f} % with {seeds}\b", text), (seeds, found)


@pytest.mark.parametrize("images", [20, 50])
def test_intervals_over_images_hold_the_mean_as_often_as_recorded(images: int) -> None:
    found = coverage.over_images(np.random.default_rng(images + 1), 400, images)
    for method, share in RECORDED["images"][str(images)].items():
        assert found[method] == near(share, 400), method


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_band_holds_one_more_seed_as_often_as_it_says(seeds: int) -> None:
    """By theory exactly; with one recorded seed, too."""
    assert RECORDED["seeds"][str(seeds)] == near(0.95, RECORDED["repetitions"])
    assert coverage.over_seeds(np.random.default_rng(9), 1000, seeds) == near(0.95, 1000)


def test_intervals_over_images_and_seeds_hold_it_as_often_as_recorded() -> None:
    found = coverage.over_both(np.random.default_rng(9), 60, 379, 3)
    for way, share in RECORDED["both"]["3"].items():
        assert found[way] == near(share, 60), way


def test_what_is_promised_of_379_images_holds_to_within_a_point() -> None:
    for method, share in RECORDED["images"]["379"].items():
        assert abs(share - 0.95) <= 0.01, method
    assert abs(RECORDED["images"]["100"]["studentised"] - 0.95) <= 0.01
    assert abs(0.95**20 - 1 / 3) < 0.03  # no missed lesion among twenty


def test_seeds_that_are_pooled_are_counted_in_and_seeds_that_are_resampled_too_little() -> None:
    for found in RECORDED["both"].values():
        assert found["pooled"] >= 0.94
        assert found["resampled"] < found["pooled"]


def test_the_script_writes_what_is_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "coverage.json"
    coverage.main(["--repetitions", "2", "--out", str(path)])
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found.keys() == RECORDED.keys() and found["repetitions"] == 2
    assert {part: list(found[part]) for part in ("images", "seeds", "both")} == {
        part: list(RECORDED[part]) for part in ("images", "seeds", "both")
    }
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["images", "seeds", "both"]
