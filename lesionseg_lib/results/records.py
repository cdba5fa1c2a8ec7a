"""One JSON a run, one CSV row an image: the only source of any figure the course shows.

``results/<recipe>/seed<k>.json`` is written when a run ends and never edited. The wheel carries a copy, so that a
notebook can quote the recorded figures where there is no checkout.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lesionseg_lib.errors import RecordError
from lesionseg_lib.utils.files import replacing

if TYPE_CHECKING:
    pass

RECORD_FORMAT = 1
Record = dict[str, Any]
PACKAGE = Path(__file__).parents[1]


def published_results() -> Path:
    """Folder of the published records: the checkout's ``results/``, or the copy inside the wheel.

    ``LESIONSEG_RESULTS`` overrides both.
    """
    if "LESIONSEG_RESULTS" in os.environ:
        return Path(os.environ["LESIONSEG_RESULTS"])
    inside = PACKAGE / "_results"
    return inside if inside.is_dir() else PACKAGE.parent / "results"


def record_path(results: Path, recipe: str, seed: int) -> Path:
    return results / recipe / f"seed{seed}.json"


def write_record(results: Path, record: Record, table: pd.DataFrame) -> Path:
    """Write the record and, beside it, the table of images as CSV. The JSON comes last: where it is, both are.

    Raises ``RecordError`` when the disk is full or the folder cannot be written; an earlier record stays.
    """
    path = record_path(results, record["name"], record["seed"])
    try:
        # Both are written before either takes its name, so that an earlier pair stays a pair.
        with replacing(path) as record_part:
            record_part.write_text(json.dumps({"format": RECORD_FORMAT, **record}, indent=1) + "\n", encoding="utf-8")
            with replacing(path.with_suffix(".csv")) as table_part:
                table.to_csv(table_part, index=False, float_format="%.6f", lineterminator="\n")
    except OSError as error:
        raise RecordError(
            f"{path}: the record could not be written ({error.strerror or error}). Free some space, or name a folder "
            f"that can be written with --results, and run the command again; with --resume a finished training is only "
            f"scored again. A record that was there is unharmed."
        ) from error
    return path


def read_record(path: Path | str) -> Record:
    """A record, checked. Raises ``RecordError`` when it is missing, damaged or of another format."""
    path = Path(path)
    record: Record = _read_json(
        path,
        "a JSON record",
        "no such record. Expected one JSON a run; `lesionseg train NAME --profile full` writes it.",
    )
    if not isinstance(record, dict) or record.get("format") != RECORD_FORMAT:
        found = record.get("format") if isinstance(record, dict) else type(record).__name__
        raise RecordError(f"{path}: format {found}, expected {RECORD_FORMAT}. Use a matching version of lesionseg.")
    if missing := {"name", "seed"} - record.keys():
        raise RecordError(f"{path}: lacks {', '.join(sorted(missing))}. Restore it from the repository.")
    return record


def read_table(path: Path | str) -> pd.DataFrame:
    """The per-image table beside a record (give the record's path). Raises ``RecordError`` when it is missing."""
    csv = Path(path).with_suffix(".csv")
    if not csv.exists():
        raise RecordError(
            f"{csv}: no such table. Expected the per-image CSV beside its record. Restore it from the "
            f"repository, or name a folder that has it."
        )
    return pd.read_csv(csv)


def load_records(results: Path | None = None) -> dict[str, dict[int, Record]]:
    """Every record under ``results`` (default: the published ones) as recipe -> seed -> record, sorted."""
    folder = results or published_results()
    found: dict[str, dict[int, Record]] = {}
    for path in sorted(folder.glob("*/seed*.json")):
        record = read_record(path)
        found.setdefault(record["name"], {})[record["seed"]] = record
    return found


def load_costs(results: Path | None = None) -> dict[str, Any]:
    """``costs.json`` beside the records: what each recipe costs, measured on one machine that did nothing else.

    ``device``, ``commit``, ``threads``, and ``recipes``: name -> ``milliseconds_per_image``,
    ``training_seconds_per_epoch``, ``images_per_epoch``. Raises ``RecordError`` when it is missing or damaged.
    """
    path = (results or published_results()) / "costs.json"
    costs: dict[str, Any] = _read_json(
        path, "JSON", "no such file. Expected the measured costs; `python benchmarks/costs.py` measures them."
    )
    if not isinstance(costs, dict) or not {"device", "threads", "recipes"} <= costs.keys():
        raise RecordError(
            f"{path}: expected device, threads and recipes. Measure it again: `python benchmarks/costs.py`."
        )
    return costs


def _read_json(path: Path, kind: str, absent: str) -> Any:
    """What a file published under ``results`` holds; ``RecordError`` says ``absent``, or that it is not ``kind``."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordError(f"{path}: {absent}") from None
    except ValueError as error:
        raise RecordError(f"{path}: not {kind} ({error}). Restore it from the repository.") from error


Records = Mapping[str, Mapping[int, Record]]
