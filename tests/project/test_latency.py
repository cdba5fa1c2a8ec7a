"""The table of latencies is written cell by cell, goes on where it stopped, and keeps machines apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import latency

pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")
CELL = {"milliseconds": 1.0, "low": 1.0, "high": 1.0, "peak_megabytes": 1.0}


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Cells asked for, in order; nothing is measured, and nothing exported."""
    asked: list[str] = []

    def cell(runtime: str, source: str, side: int, repeats: int) -> dict[str, Any]:
        if runtime == "openvino":
            return {"left_out": "not installed"}
        asked.append(f"{Path(source).name.split('-')[0]} {side} {runtime}")
        if len(asked) == 3:
            raise KeyboardInterrupt
        return CELL

    def told(recipe: str, sides: tuple[int, ...], folder: Path, runtimes: tuple[str, ...]) -> Any:
        return {"parameters": 1, "bytes": {}, "sizes": {str(side): {"macs": side} for side in sides}}, {}

    monkeypatch.setattr(latency, "measure", cell)
    monkeypatch.setattr(latency, "describe", told)
    return asked


def test_a_run_that_was_stopped_goes_on_with_what_is_missing(measured: list[str], tmp_path: Path) -> None:
    out = tmp_path / "latency.json"
    arguments = ["light", "feather", "--sizes", "64", "96", "--runtimes", "eager", "onnxruntime", "--out", str(out)]
    with pytest.raises(KeyboardInterrupt):
        latency.main(arguments)
    before = json.loads(out.read_text())
    assert before["networks"]["light"]["sizes"]["64"] == {"macs": 64, "eager": CELL, "onnxruntime": CELL}
    latency.main(arguments)
    assert measured == [
        "light 64 eager", "light 64 onnxruntime", "light 96 eager", "light 96 eager", "light 96 onnxruntime",
        "feather 64 eager", "feather 64 onnxruntime", "feather 96 eager", "feather 96 onnxruntime",
    ]  # fmt: skip
    table = json.loads(out.read_text())
    assert table["machine"]["threads"] == 1 and "onnxruntime" in table["machine"]["versions"]
    count = len(measured)
    latency.main([*arguments, "--runtimes", "eager", "openvino"])
    assert len(measured) == count
    assert json.loads(out.read_text())["networks"]["light"]["sizes"]["64"]["openvino"] == {"left_out": "not installed"}


def test_another_machine_is_measured_anew_or_not_at_all(measured: list[str], tmp_path: Path) -> None:
    out = tmp_path / "latency.json"
    arguments = ["light", "--sizes", "64", "--runtimes", "eager", "--out", str(out)]
    latency.main(arguments)
    table = json.loads(out.read_text())
    table["machine"]["device"] = "cpu: another"
    out.write_text(json.dumps(table))
    with pytest.raises(SystemExit, match="another machine or with other versions.*--again"):
        latency.main(arguments)
    latency.main([*arguments, "--again"])
    assert json.loads(out.read_text())["machine"]["device"] != "cpu: another"


def test_a_cell_in_a_process_of_its_own(tmp_path: Path) -> None:
    told, files = latency.describe("feather", (32,), tmp_path, ("onnxruntime",))
    assert told["parameters"] == 553_569 and told["bytes"]["w8"] < told["bytes"]["fp16"] < told["bytes"]["fp32"]
    eager = latency.measure("eager", "feather", 32, 2)
    file = latency.measure("onnxruntime", str(files["onnxruntime 32"]), 32, 2)
    assert all(0 < cell["low"] <= cell["milliseconds"] <= cell["high"] for cell in (eager, file))
    assert file["peak_megabytes"] < eager["peak_megabytes"], "onnxruntime without torch"
    assert "none.onnx" in latency.measure("onnxruntime", "none.onnx", 32, 2)["left_out"]
