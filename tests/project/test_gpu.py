"""`make gpu` and its pack: parts that fail or are cut short leave what they had; nothing installed is replaced."""

from __future__ import annotations

import argparse
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from benchmarks import gpu, gpu_parts
from lesionseg_lib.training.recipes import get_recipe
from tools import ROOT, gpu_pack


def wheel(folder: Path, name: str, *files: str) -> None:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as packed:
        for file in (*files, f"{name}-1.0.dist-info/METADATA"):
            packed.writestr(file, "")


def test_only_what_is_missing_is_unpacked(tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "here", "numpy/__init__.py")
    wheel(tmp_path / "wheels", "missing", "not_there_at_all/__init__.py", "not_there.libs/libx.so")
    wheel(tmp_path / "wheels", "single", "also_not_there.cpython-312-x86_64-linux-gnu.so")
    assert gpu.unpack_wheels(tmp_path / "wheels", tmp_path / "site") == ["missing", "single"]
    assert sorted(path.name for path in (tmp_path / "site").iterdir()) == [
        "also_not_there.cpython-312-x86_64-linux-gnu.so",
        "missing-1.0.dist-info",
        "not_there.libs",
        "not_there_at_all",
        "single-1.0.dist-info",
    ]


def options(out: Path) -> argparse.Namespace:
    (out / "parts").mkdir(parents=True)
    return argparse.Namespace(out=out, pack=out / "no pack", toy=True)


def test_a_part_that_is_cut_short_leaves_what_it_had(tmp_path: Path) -> None:
    chosen = options(tmp_path)
    (tmp_path / "parts" / "paces.json").write_text('{"ways": {"one": 1}}')
    found = gpu.run_part("paces", 0.2, chosen, dict(os.environ))
    assert found["ways"] == {"one": 1}
    assert found["stopped"] == "cut short after 0 s" and found["seconds"] < 5


def test_a_part_that_fails_says_so(tmp_path: Path) -> None:
    found = gpu.run_part("nonsense", 60, options(tmp_path), dict(os.environ))
    assert found["stopped"] == "exit status 2" and "invalid choice: 'nonsense'" in found["said"]


def test_without_time_the_parts_are_named_and_results_left_alone(tmp_path: Path) -> None:
    before = (ROOT / "results" / "gpu.json").exists()
    found = gpu.main(["--toy", "--seconds", "0", "--out", str(tmp_path), "--pack", str(tmp_path)])
    assert found == json.loads((tmp_path / "gpu.json").read_text())
    assert found["parts"] == {name: {"stopped": "no time was left"} for name in gpu.PARTS}
    assert (ROOT / "results" / "gpu.json").exists() == before


def test_without_a_pack_only_the_toy_runs(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no pack there. `make gpu-pack` writes it"):
        gpu.main(["--out", str(tmp_path), "--pack", str(tmp_path / "none")])


def test_every_part_that_is_listed_is_there() -> None:
    assert gpu.PARTS.keys() == gpu_parts.WORK.keys()


@pytest.mark.slow
def test_the_first_part_tells_the_machine_and_the_arrays(tmp_path: Path) -> None:
    found = gpu.main(["data", "--toy", "--seconds", "200", "--out", str(tmp_path), "--pack", str(tmp_path)])
    assert "stopped" not in found["parts"]["data"], found["parts"]["data"]
    assert found["versions"]["torch"] and found["parts"]["data"]["decoding"]["64x64"]["seconds"] > 0


# ---- what is compared


def history(*pairs: tuple[float, float]) -> list[dict[str, Any]]:
    return [{"train_loss": loss, "validation_jaccard": jaccard} for loss, jaccard in pairs]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(0.5, 0.1), (0.105, 0.83)], (0.05, 0.01, True)),
        ([(0.1, 0.82), (0.12, 0.82)], (0.2, 0.0, False)),  # a fifth of two epochs is one: the last
        ([(0.1, 0.82), (0.1, 0.79)], (0.0, -0.03, False)),
        ([(0.1, 0.82)], (0.0, 0.0, None)),  # not as many epochs: nothing to compare
    ],
)
def test_curves_agree_within_the_tolerance(
    rows: list[tuple[float, float]], expected: tuple[float, float, bool | None]
) -> None:
    found = gpu_parts.agreement(history(*rows), history((0.9, 0.5), (0.1, 0.82)))
    loss, jaccard, agrees = expected
    assert found == {
        "loss_difference": pytest.approx(loss),
        "jaccard_difference": pytest.approx(jaccard),
        "agrees": agrees,
    }


@pytest.mark.parametrize("name", ["light-strong", "unet-finetuned", "refine-finetuned"])
def test_noise_fills_eight_whole_batches(name: str) -> None:
    recipe = get_recipe(name)
    count = len(gpu_parts.random_data(recipe)) * {"family-a": 2, "family-d": 4}.get(recipe.augmentation, 1)
    assert count == 8 * recipe.batch_size


# ---- the pack


def test_every_wheel_is_pinned() -> None:
    names = [*gpu_pack.LIBRARY.split(), *gpu_pack.LESSONS.split()]
    assert len(gpu_pack.pinned(names, (ROOT / "constraints.txt").read_text())) == len(set(names))


def test_a_pin_without_its_marker_and_one_that_is_missing() -> None:
    constraints = "# made\nptyprocess==0.7.0 ; os_name != 'nt'\nzmq==1.2\n"
    assert gpu_pack.pinned(["ptyprocess", "zmq"], constraints) == ["ptyprocess==0.7.0", "zmq==1.2"]
    with pytest.raises(gpu_pack.PackError, match="does not pin nobody. Run `make lock`"):
        gpu_pack.pinned(["zmq", "nobody"], constraints)


def test_sizes_are_counted_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_bytes(b"12345")
    (tmp_path / "two").write_bytes(b"123")
    assert gpu_pack.size_of(tmp_path) == 8
    assert 5e6 < gpu_pack.tracked_bytes() < gpu_pack.LIMIT
