"""`make gpu`: what a card does with the course, in at most eight minutes. Writes gpu.json, part by part, and records.

Each part is a process of its own with a time of its own: one that fails or takes too long leaves what it had and does
not stop the others. Needs PyTorch and what `make gpu-pack` packed; no network, no installation. On the CPU, or with
--toy, it shows that everything runs, and writes nothing into results/.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from lesionseg_lib.utils.files import write_bytes  # imports nothing that a bare Python lacks

ROOT = Path(__file__).resolve().parent.parent
FORMAT = 1
PARTS = {
    "data": 40,
    "paces": 90,
    "until": 60,
    "tests": 75,
    "seeds": 130,
    "curves": 100,
    "recipes": 90,
    "lessons": 120,
    "compiled": 90,
}
"""Name of a part (benchmarks/gpu_parts.py) -> the most seconds it may take; in the order of what matters most."""


def unpack_wheels(wheels: Path, site: Path) -> list[str]:
    """Lay what this Python lacks into ``site``; the names of those wheels. What is installed is left alone."""
    unpacked = []
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as packed:
            if all(importlib.util.find_spec(name) for name in top_level(packed)):
                continue
            packed.extractall(site)
        unpacked.append(wheel.name.split("-")[0])
    return unpacked


def top_level(packed: zipfile.ZipFile) -> set[str]:
    """What a wheel would let one import."""
    first = {name.split("/")[0] for name in packed.namelist()}
    modules = {name.split(".")[0] for name in first if name.endswith((".py", ".so"))}
    folders = {name for name in first if "." not in name and any(
        inner.startswith(f"{name}/") and inner.endswith((".py", ".so")) for inner in packed.namelist()
    )}  # fmt: skip
    return modules | folders


def surroundings(pack: Path, out: Path) -> dict[str, str]:
    """What the processes of the parts find in their environment."""
    site = out / "site"
    found = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, site))),
        "LESIONSEG_CACHE": str(out / "cache"),
        "LESIONSEG_RUNS": str(out / "runs"),
        "NO_ALBUMENTATIONS_UPDATE": "1",
        "MPLBACKEND": "agg",
    }
    if (pack / "data").is_dir():
        found |= {"LESIONSEG_DATA": str(pack / "data"), "TORCH_HOME": str(pack / "torch_home")}
    return found


def run_part(name: str, seconds: float, options: argparse.Namespace, environment: dict[str, str]) -> dict[str, Any]:
    """What the part measured, also if it was cut short; ``stopped`` says by what."""
    target, log = options.out / "parts" / f"{name}.json", options.out / "parts" / f"{name}.log"
    command = [sys.executable, "-m", "benchmarks.gpu_parts", name, "--out", str(options.out)]
    command += ["--pack", str(options.pack), *(["--toy"] if options.toy else [])]
    start, stopped = time.monotonic(), None
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            if process.wait(timeout=seconds):
                stopped = f"exit status {process.returncode}"
        except subprocess.TimeoutExpired:
            stopped = f"cut short after {seconds:.0f} s"
        finally:
            end(process)
    found = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    found["seconds"] = round(time.monotonic() - start, 1)
    if stopped:
        found["stopped"] = stopped
        found["said"] = log.read_text(encoding="utf-8", errors="replace")[-1500:]
    return found


def end(process: subprocess.Popen[bytes]) -> None:
    """The process and all that it started, which are one session."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
    process.kill()
    process.wait()


def write(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all: whoever is cut short keeps the last one."""
    write_bytes(path, (json.dumps(content, indent=2) + "\n").encode())


def pack_records(out: Path) -> None:
    """All records of the runs in one file that can be carried away."""
    if (out / "results").is_dir():
        with tarfile.open(out / "records.tar.gz", "w:gz") as packed:
            packed.add(out / "results", "results")


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--pack", type=Path, default=ROOT / "_build" / "gpu-pack", help="what `make gpu-pack` wrote")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "gpu")
    parser.add_argument("--seconds", type=float, default=480, help="for all parts together")
    parser.add_argument("--toy", action="store_true", help="drawn lesions, two epochs: shows that everything runs")
    options = parser.parse_args(arguments)
    options.out, options.pack = options.out.absolute(), options.pack.absolute()
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"no part named {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if not options.toy and not (options.pack / "pack.json").exists():
        sys.exit(f"{options.pack}: no pack there. `make gpu-pack` writes it, where there is a network and the photos.")
    deadline = time.monotonic() + options.seconds
    for old in ("parts", "results", "runs", "site"):
        shutil.rmtree(options.out / old, ignore_errors=True)
    (options.out / "parts").mkdir(parents=True)
    found: dict[str, Any] = {"format": FORMAT, "toy": options.toy, "parts": {}}
    found["unpacked"] = unpack_wheels(options.pack / "wheels", options.out / "site")
    environment = surroundings(options.pack, options.out)
    for name in options.parts or PARTS:
        left = deadline - time.monotonic()
        if left < 5:
            found["parts"][name] = {"stopped": "no time was left"}
        else:
            found["parts"][name] = run_part(name, min(PARTS[name], left), options, environment)
            found |= found["parts"][name].pop("machine", {})
            pack_records(options.out)
        write(options.out / "gpu.json", found)
        part = found["parts"][name]
        print(f"{name:9} {part.get('seconds', 0):6.1f} s  {part.get('stopped', 'done')}", flush=True)
    if str(found.get("device", "")).startswith("cuda") and not options.toy and not options.parts:
        write(ROOT / "results" / "gpu.json", found)
        print(f"Written: {ROOT / 'results' / 'gpu.json'}; records of the runs are in {options.out}")
    return found


if __name__ == "__main__":
    main()
