"""How often the intervals hold the truth: what is recorded, what the docstrings say of it, and a fresh simulation."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import coverage
from lesionseg_lib.evaluation import bootstrap
from lesionseg_lib.results import ablations
from lesionseg_lib.results.seeds import seed_interaction
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
    for seeds, found in RECORDED["both"]["379"].items():
        assert re.search(rf"\b{100 * found['resampled']:.0f} % with {seeds}\b", text), (seeds, found)


def test_the_table_of_the_docstring_of_effects_is_recorded() -> None:
    text = ablations.measure.__doc__ or ""
    shown = {k: numbers.split() for k, numbers in re.findall(r"^ +(images|\d seeds?) +([\d. ]+)$", text, re.MULTILINE)}
    assert shown.pop("images") == list(RECORDED["both"])
    assert shown == {
        f"{k} seed{'s' if k != '1' else ''}": [f"{100 * found[k]['pooled']:.1f}" for found in RECORDED["both"].values()]
        for k in ("1", "3")
    }


def test_the_figures_of_lesson_03_are_recorded() -> None:
    text = (ROOT / "notebooks" / "sources" / "03_what_is_a_good_mask.py").read_text(encoding="utf-8")
    text = " ".join(text.replace("\n# ", " ").split())
    share = {n: f"{100 * found['percentile']:.0f} %" for n, found in RECORDED["images"].items()}
    assert f"{share['50']} hold the true mean with 50 photos, {share['100']} with 100, {share['379']} with 379" in text
    assert f"only {share['20']} with 20" in text


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


@pytest.mark.parametrize(("images", "repetitions"), [(20, 150), (100, 100), (379, 50)])
def test_intervals_over_images_and_seeds_hold_it_as_often_as_recorded(images: int, repetitions: int) -> None:
    for seeds in (1, 3):
        found = coverage.over_both(np.random.default_rng(9), repetitions, images, seeds)
        for way, share in RECORDED["both"][str(images)][str(seeds)].items():
            assert found[way] == near(share, repetitions), (seeds, way)


def test_scores_vary_from_run_to_run_as_those_of_the_records_do() -> None:
    """By records: .0054 between means, of its square a quarter luck with the images; .078 between two recipes."""
    rng = np.random.default_rng(0)
    runs = [coverage.draw_runs(rng, coverage.draw_scores(rng, 379), 3) for _ in range(400)]
    whole, shared = np.mean([x.mean(1).var(ddof=1) for x in runs]), seed_interaction(runs)
    assert whole**0.5 == pytest.approx(0.0054, abs=0.0005)
    assert shared / whole == pytest.approx(0.27, abs=0.06)


def test_what_is_promised_of_379_images_holds_to_within_a_point() -> None:
    for method, share in RECORDED["images"]["379"].items():
        assert abs(share - 0.95) <= 0.01, method
    assert abs(RECORDED["images"]["100"]["studentised"] - 0.95) <= 0.01
    assert abs(0.95**20 - 1 / 3) < 0.03  # no missed lesion among twenty


def test_pooled_seeds_are_counted_in_whatever_their_number_and_that_of_images() -> None:
    for images, of_images in RECORDED["both"].items():
        for seeds, found in of_images.items():
            assert 0.94 <= found["pooled"] <= 0.98, (images, seeds)
        assert of_images["1"]["resampled"] < 0.91 < of_images["1"]["pooled"]  # one seed shows nothing of the spread


def test_the_script_writes_what_is_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "coverage.json"
    coverage.main(["--repetitions", "2", "--out", str(path)])
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found.keys() == RECORDED.keys() and found["repetitions"] == 2
    assert {part: list(found[part]) for part in ("images", "seeds", "both")} == {
        part: list(RECORDED[part]) for part in ("images", "seeds", "both")
    }
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["images", "seeds", "both"]
