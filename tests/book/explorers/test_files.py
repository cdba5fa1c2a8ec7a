"""What an explorer consists of: small files, a picture that is not stale, data that agree with their source."""

from __future__ import annotations

import os
import re
import zlib
from base64 import b64decode
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from lesionseg_lib.evaluation import metrics
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.experiments.run_folder import RunFolder, runs_root
from lesionseg_lib.models.postprocessing import probability_mask
from lesionseg_lib.teaching import lessons
from tools import ROOT
from tools.explorer_pictures import extension, ready, source_sha256, write_pages
from tools.explorers import BUILT, EXPLORERS, NETWORKS
from tools.notebooks import sources
from tools.scripts import pack, read_script, script

ENTRIES = extension().read_entries(EXPLORERS)
EACH = pytest.mark.parametrize("name", ENTRIES)
LIMIT = 25_000
PAGES = sorted((ROOT / "book").glob("*.md"))


def test_each_has_a_folder_and_each_folder_an_entry() -> None:
    assert {path.name for path in EXPLORERS.iterdir() if path.is_dir()} == set(ENTRIES)
    assert set(BUILT) | set(NETWORKS) <= set(ENTRIES)


@pytest.mark.parametrize(
    "path", sorted(EXPLORERS.glob("**/*.[jc]s*")), ids=lambda p: p.relative_to(EXPLORERS).as_posix()
)
def test_code_is_small_and_plain_and_asks_no_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name == "data.js":
        assert path.stat().st_size < 300_000
        return
    assert path.stat().st_size < LIMIT
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)[^\s\"'`)]+", text) == []
    assert re.findall(r"\b(?:import|require)\b\s*\(?[\"']|\bfetch\(|XMLHttpRequest|localStorage", text) == []


@EACH
def test_it_stands_on_its_page_as_soon_as_its_data_are_there(name: str) -> None:
    on = [source.stem for source in sources() if f'{{{{ explorer("{name}") }}}}' in source.read_text(encoding="utf-8")]
    on += [page.stem for page in PAGES if f"```{{explorer}} {name}\n" in page.read_text(encoding="utf-8")]
    if ready(name):
        assert ENTRIES[name]["page"].removeprefix("notebooks/") in on
    else:
        assert on == [], f"{name} has no data yet: make explorers, then give it its line in {ENTRIES[name]['page']}"


def test_what_is_tried_is_one_line_and_the_text_of_a_picture_is_short() -> None:
    assert [name for name, entry in ENTRIES.items() if len(entry["try"]) > 140 or entry["try"][-1] not in ".?"] == []
    assert [name for name, entry in ENTRIES.items() if not 60 < len(entry["alt"]) < 300] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    write_pages(place := tmp_path_factory.mktemp("explorers"))
    return place / "explorers"


@EACH
def test_its_picture_is_of_what_it_shows_now(folder: Path, name: str) -> None:
    if not ready(name):
        pytest.skip("has no data yet")
    still = EXPLORERS / name / "still.png"
    assert still.stat().st_size < 120_000
    assert PIL.Image.open(still).info.get("source") == source_sha256(name, folder), "make explorers"


def unpack(text: str) -> bytes:
    return zlib.decompress(b64decode(text))


def test_thresholds_move_over_masks_and_maps_alone() -> None:
    data = read_script(EXPLORERS / "where-to-cut" / "data.js")
    scores = []
    for photo in data["photos"]:
        assert set(photo) == {"size", "map", "truth"}  # no photograph
        h, w = photo["size"]
        small = np.frombuffer(unpack(photo["map"]), np.uint8).reshape(data["side"], data["side"])
        bits = np.unpackbits(np.frombuffer(unpack(photo["truth"]), np.uint8))[: h * w]
        truth = bits.reshape(h, w).astype(bool)
        mask = probability_mask(small / np.float32(255), (h, w))
        scores.append(float(metrics.jaccard(metrics.confusion(mask, truth))[0]))
    assert len(scores) == 12
    assert scores == sorted(scores)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_data_are_those_of_the_recorded_run(name: str) -> None:
    recipe, make = NETWORKS[name]
    run = RunFolder(runs_root(), get_profile("full"), recipe, 0)
    if "LESIONSEG_DATA" not in os.environ or not run.best.exists() or not ready(name):
        pytest.skip("needs the photos (LESIONSEG_DATA) and the recorded runs (LESIONSEG_RUNS)")
    made, kept = make(lessons.start("full")), read_script(EXPLORERS / name / "data.js")
    assert {key: made[key] for key in made if key != "photos"} == {key: kept[key] for key in kept if key != "photos"}
    for one, other in zip(made["photos"], kept["photos"], strict=True):
        assert one["truth"] == other["truth"]
        maps = [part["maps"] if "maps" in part else [part["map"]] for part in (one, other)]
        for mine, theirs in zip(*maps, strict=True):
            a, b = (np.frombuffer(unpack(text), np.uint8).astype(int) for text in (mine, theirs))
            assert np.abs(a - b).max() <= 1  # another processor may round otherwise


def test_a_script_is_read_back(tmp_path: Path) -> None:
    data = {"a": [1, 2.5], "b": pack(np.arange(5))}
    text = script("x-y", data)
    assert text.startswith('lesionseg.data["x-y"] = {')
    (tmp_path / "data.js").write_text(text, encoding="utf-8")
    assert read_script(tmp_path / "data.js") == data
