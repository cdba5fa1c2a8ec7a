"""How long one photo takes, by network, size of input and runtime, on one thread. Writes latency.json.

Photo bytes in, probabilities out. Every cell is measured in a process of its own, which loads its runtime alone, so
that its peak of memory is that of network and runtime. Random weights, random pictures: neither changes the work.

After each cell the file is written: stopped and started again, it goes on with what is missing. On another machine, or
with other versions, it begins anew only with --again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
Entry = dict[str, Any]

NETWORKS = (
    "light", "feather", "dilated-all", "unet-finetuned", "smp-unet", "smp-fpn-strong", "smp-deeplabv3plus-strong",
)  # fmt: skip
"""Recipes: the course's own, then peers of segmentation_models.pytorch."""
SIZES = (128, 192, 256)
RUNTIMES = ("eager", "compiled", "onnxruntime", "onnxruntime-int8", "openvino")
WARM_UP, REPEATS = 5, 40
UNCOUNTED = ("commit", "dirty")
"""Of the machine: what may change while a run is interrupted."""


# ---- in a process of its own


def one_cell(runtime: str, source: str, side: int, repeats: int) -> Entry:
    """Milliseconds of one photo (median, and the middle half), peak of memory. ``source``: recipe, or ONNX file."""
    image = np.random.default_rng(0).integers(0, 256, (1, side, side, 3), np.uint8)
    run = _torch(runtime, source) if runtime in ("eager", "compiled") else _file(runtime, source)
    seconds = []
    for _ in range(WARM_UP + repeats):
        start = time.perf_counter()
        run(image)
        seconds.append(time.perf_counter() - start)
    low, middle, high = (1000 * float(value) for value in np.percentile(seconds[WARM_UP:], (25, 50, 75)))
    return {
        "milliseconds": round(middle, 3),
        "low": round(low, 3),
        "high": round(high, 3),
        "peak_megabytes": round(peak_bytes() / 1e6, 1),
    }


def peak_bytes() -> int:
    """The most memory that this process has held. What Linux tells of usage would count the parent's, too."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return 1024 * int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _torch(runtime: str, recipe: str) -> Callable[[np.ndarray], Any]:
    import torch

    from lesionseg_lib.models.export import PhotoToProbabilities
    from lesionseg_lib.training.build import build_segmenter
    from lesionseg_lib.training.recipes import get_recipe

    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = build_segmenter(get_recipe(recipe), weights=None).eval().to(memory_format=torch.channels_last)
    whole: Any = PhotoToProbabilities(network).eval()
    if runtime == "compiled":
        whole = torch.compile(whole)

    def run(image: np.ndarray) -> Any:
        with torch.inference_mode():
            return whole(torch.from_numpy(image)).numpy()

    return run


def _file(runtime: str, path: str) -> Callable[[np.ndarray], Any]:
    if runtime == "openvino":
        import openvino

        compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_NUM_THREADS": 1})
        return lambda image: compiled({"photo": image})
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {"photo": image})


# ---- the table


def machine() -> Entry:
    """Processor, threads, versions; of the runtimes those that are installed."""
    from importlib.metadata import PackageNotFoundError, version

    import torch

    from lesionseg_lib.experiments.environment import environment

    found: Entry = {**environment(torch.device("cpu")), "threads": 1}
    for package in ("onnx", "onnxscript", "onnxruntime", "openvino", "segmentation-models-pytorch"):
        try:
            found["versions"][package] = version(package)
        except PackageNotFoundError:
            found["versions"][package] = None
    return found


def describe(
    recipe: str, sides: tuple[int, ...], folder: Path, runtimes: tuple[str, ...]
) -> tuple[Entry, dict[str, Path]]:
    """Parameters, multiplications and bytes of files of a network; and the files that its runtimes open."""
    import torch

    from lesionseg_lib.models.about import LICENCES, About
    from lesionseg_lib.models.cost import count_macs, count_parameters
    from lesionseg_lib.models.export import export_onnx
    from lesionseg_lib.training.build import build_segmenter
    from lesionseg_lib.training.recipes import get_recipe

    torch.manual_seed(0)
    network = build_segmenter(get_recipe(recipe), weights=None).eval()
    about = About(recipe=recipe, threshold=0.5, licence=LICENCES["all"])
    files = {}
    sizes: Entry = {}
    for side in sides:
        size = (side, side)
        photos = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), np.uint8)
        for runtime, weights in (("onnxruntime", "fp32"), ("onnxruntime-int8", "int8")):
            if runtime in runtimes or (runtime == "onnxruntime" and "openvino" in runtimes):
                files[f"{runtime} {side}"] = folder / f"{recipe}-{side}-{weights}.onnx"
                files[f"{runtime} {side}"].write_bytes(export_onnx(network, about, size, weights, photos))
        sizes[str(side)] = {"macs": count_macs(network, size)}
    stored = {weights: len(export_onnx(network, about, (sides[0],) * 2, weights)) for weights in ("fp32", "fp16", "w8")}
    return {"parameters": count_parameters(network)["total"], "bytes": stored, "sizes": sizes}, files


def measure(runtime: str, source: str, side: int, repeats: int) -> Entry:
    """``one_cell`` in a process of its own; the reason where it fails."""
    command = [sys.executable, "-m", "benchmarks.latency", "--cell", runtime, source, str(side), str(repeats)]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **threads}, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"left_out": (done.stderr.strip().splitlines() or ["no reason given"])[-1][:200]}
    cell: Entry = json.loads(done.stdout.strip().splitlines()[-1])
    return cell


def resumed(path: Path, place: Entry, again: bool) -> Entry:
    """What an earlier run of the same machine left, or an empty table."""
    fresh: Entry = {"format": 1, "machine": place, "networks": {}}
    if again or not path.exists():
        return fresh
    found: Entry = json.loads(path.read_text(encoding="utf-8"))
    alike = [{key: value for key, value in one.items() if key not in UNCOUNTED} for one in (found["machine"], place)]
    if alike[0] != alike[1]:
        sys.exit(f"{path} was measured on another machine or with other versions. Measure all of it with --again.")
    return found


def save(path: Path, table: Entry) -> None:
    from lesionseg_lib.utils.files import write_bytes

    write_bytes(path, (json.dumps(table, indent=1) + "\n").encode())


def fill(table: Entry, path: Path, options: argparse.Namespace) -> None:
    """Measure what is missing, cell by cell; an interrupted file is whole."""
    sides, runtimes = tuple(options.sizes), tuple(options.runtimes)
    for name in options.networks:
        cells = [(side, runtime) for side in sides for runtime in runtimes]
        there = table["networks"].get(name, {"sizes": {}})["sizes"]
        missing = [(side, runtime) for side, runtime in cells if runtime not in there.get(str(side), {})]
        if not missing:
            continue
        with tempfile.TemporaryDirectory() as folder:
            told, files = describe(name, sides, Path(folder), runtimes)
            for side, values in told["sizes"].items():
                there.setdefault(side, {}).update(values)
            table["networks"][name] = {**told, "sizes": there}
            for side, runtime in missing:
                exported = files.get(f"{'onnxruntime' if runtime == 'openvino' else runtime} {side}")
                cell = measure(runtime, str(exported or name), side, options.repeats)
                there[str(side)][runtime] = cell
                save(path, table)
                told_cell = cell.get("left_out") or f"{cell['milliseconds']:.2f} ms, {cell['peak_megabytes']:.0f} MB"
                print(f"{name:26} {side:4} {runtime:18} {told_cell}", flush=True)


def main(arguments: list[str] | None = None) -> Path:
    from lesionseg_lib.results.records import published_results

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=list(NETWORKS), help="recipes; by default ours and the peers")
    parser.add_argument("--sizes", nargs="*", type=int, default=list(SIZES), help="sides of the photo")
    parser.add_argument("--runtimes", nargs="*", default=list(RUNTIMES), choices=RUNTIMES)
    parser.add_argument("--repeats", type=int, default=REPEATS, help=f"photos that count; default {REPEATS}")
    parser.add_argument("--out", type=Path, default=published_results() / "latency.json")
    parser.add_argument("--again", action="store_true", help="begin anew")
    options = parser.parse_args(arguments)
    place = machine()
    print(f"{place['device']}, one thread; load of the machine now: {os.getloadavg()[0]:.1f}")
    table = resumed(options.out, place, options.again)
    fill(table, options.out, options)
    print(f"Wrote {options.out}")
    return options.out


if __name__ == "__main__":
    if sys.argv[1:2] == ["--cell"]:
        print(json.dumps(one_cell(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))))
    else:
        main()
