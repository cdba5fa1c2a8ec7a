"""What is said of the committed records is what was said before the modules moved into folders.

``expected/`` was made at commit ``0cd67b6``: ``figures.json`` by the calls of ``tests.helpers.recorded_figures``, the
texts by ``lesionseg compare``, ``compare --effects``, ``compare dilated-all`` and ``compare light unet-finetuned``.
Recipes, steps and seeds that came later are left out here, so that adding one is no reason to touch the expectation.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lesionseg_lib.cli import compare
from lesionseg_lib.results.ablations import STEPS, Step, measure
from lesionseg_lib.results.records import SUMS, load_records, published_results, record_path
from lesionseg_lib.training.recipes import Recipe, load_recipes
from tests.helpers.recorded_figures import figures

EXPECTED = Path(__file__).with_name("expected")
FIGURES = json.loads((EXPECTED / "figures.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of that time."""
    target = tmp_path_factory.mktemp("results")
    for key in FIGURES["images"]:
        name, seed = key.split("/")
        path = record_path(published_results(), name, int(seed))
        (target / name).mkdir(exist_ok=True)
        for file in (path, path.with_suffix(".csv")):
            shutil.copy(file, target / name)
    shutil.copy(published_results() / SUMS, target)
    return target


@pytest.fixture(scope="module")
def known() -> dict[str, Recipe]:
    return {name: recipe for name, recipe in load_recipes().items() if name in FIGURES["rows"]}


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    before = {(effect["first"], effect["second"]) for effect in FIGURES["effects"]}
    return [step for step in STEPS if (step.first, step.second) in before]


@pytest.fixture(scope="module")
def found(known: dict[str, Recipe], folder: Path, steps: list[Step]) -> dict[str, Any]:
    return figures(known, folder, steps)


def differences(now: Any, before: Any, place: str = "") -> list[str]:
    """Where two nests of plain values differ: numbers by more than the rounding of sums, all else at all."""
    if isinstance(before, dict):
        if now.keys() != before.keys():
            return [f"{place}: {sorted(now)} != {sorted(before)}"]
        return [one for key in before for one in differences(now[key], before[key], f"{place}/{key}")]
    if isinstance(before, list):
        if len(now) != len(before):
            return [f"{place}: {len(now)} != {len(before)}"]
        pairs = enumerate(zip(now, before, strict=True))
        return [one for number, (a, b) in pairs for one in differences(a, b, f"{place}/{number}")]
    equal = now == pytest.approx(before, rel=1e-12, abs=1e-15) if isinstance(before, float) else now == before
    return [] if equal else [f"{place}: {now!r} != {before!r}"]


@pytest.mark.parametrize("part", FIGURES)
def test_every_figure_is_the_same(found: dict[str, Any], part: str) -> None:
    assert differences(found[part], FIGURES[part]) == []


def test_a_change_in_the_last_printed_digit_would_be_seen() -> None:
    changed = json.loads(json.dumps(FIGURES["rows"]))
    changed["light"]["jaccard"]["low"] += 1e-9
    assert len(differences(changed, FIGURES["rows"])) == 1


@pytest.mark.parametrize(
    ("names", "file"),
    [
        ([], "compare.txt"),
        (["dilated-all"], "dilated-all.txt"),
        (["light", "unet-finetuned"], "light_unet-finetuned.txt"),
    ],
)
def test_compare_prints_the_same(known: dict[str, Recipe], folder: Path, names: list[str], file: str) -> None:
    text = compare.comparison(names, known, folder)
    assert text == (EXPECTED / file).read_text(encoding="utf-8").removesuffix("\n")


def test_effects_print_the_same(known: dict[str, Recipe], folder: Path, steps: list[Step]) -> None:
    table = compare.effects_text(measure(known, load_records(folder), folder, steps))
    _, _, *before = (EXPECTED / "effects.txt").read_text(encoding="utf-8").splitlines()
    assert table.splitlines() == before[: before.index("")]
