"""One JSON a run, one CSV row an image: the only source of any figure the course shows.

``results/<recipe>/seed<k>.json`` is written when a run ends and never edited. The wheel carries a copy, so that a
notebook can quote the recorded figures where there is no checkout.

A record carries the SHA-256 of its own values and of its table. Those of format 1, which were written before, are
listed in ``SHA256SUMS`` beside them; where they are not, they are read unverified.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.schema import RECORD_FORMAT, canonical, check_costs, check_record, parse_record
from lesionseg_lib.results.tables import check_table, parse_sums, table_text, text_sha256
from lesionseg_lib.training.recipes import PROSE
from lesionseg_lib.utils.bundles import DamageError, read_whole, write_bundle
from lesionseg_lib.utils.files import file_stamp, sha256_of
from lesionseg_lib.utils.folders import named_folder
from lesionseg_lib.utils.locks import owning
from lesionseg_lib.utils.schemas import SchemaError, parse_json

Record = dict[str, Any]
PACKAGE = Path(__file__).parents[1]
SUMS = "SHA256SUMS"
LADDER = "ladder"
"""Folder, beside the published records, of those of the ladder's steps."""


def published_results() -> Path:
    """Folder of the published records: the checkout's ``results/``, or the copy inside the wheel.

    ``LESIONSEG_RESULTS`` overrides both. Raises ``DataError`` where it names the home of nobody.
    """
    if (named := named_folder("LESIONSEG_RESULTS")) is not None:
        return named
    inside = PACKAGE / "_results"
    return inside if inside.is_dir() else PACKAGE.parent / "results"


def record_path(results: Path, recipe: str, seed: int) -> Path:
    """The file of a record below ``results``: a step of the ladder that lies in ``LADDER`` there is found there."""
    path = Path(recipe) / f"seed{seed}.json"
    apart = results / LADDER / path
    return apart if apart.exists() else results / path


def write_record(results: Path, record: Record, table: pd.DataFrame) -> Path:
    """Write the record and, beside it, the table of images as CSV: both, or neither.

    Whether an earlier record may go is asked before, see ``demand_free``. Raises ``RecordError`` when the disk is full
    or the folder cannot be written; an earlier pair stays.
    """
    path = record_path(results, record["name"], record["seed"])
    text = table_text(table)
    told = {key: value for key, value in record.items() if key not in ("format", "sha256")}
    values = {"format": RECORD_FORMAT, **told}
    digests = {"record": canonical(values), "table": sha256_of(text)}
    content = (json.dumps({**values, "sha256": digests}, indent=1) + "\n").encode()
    try:
        with owning(path, RecordError):
            write_bundle(path, content, {path.with_suffix(".csv"): text})
    except OSError as error:
        raise RecordError(
            f"{path}: the record could not be written ({error.strerror or error}). Free some space, or name a folder "
            f"that can be written with --results, and run the command again; with --resume a finished training is only "
            f"scored again. A record that was there is unharmed."
        ) from error
    return path


def demand_sound(record: Record) -> None:
    """Raise ``RecordError`` for a record that could not be read again: a value is missing, amiss or not finite."""
    try:
        check_record(json.loads(json.dumps(record)))
    except SchemaError as error:
        raise RecordError(f"The record of {record.get('name')} is not written: {error}.") from error


def demand_free(results: Path, record: Mapping[str, Any], *, again: bool, force: bool) -> None:
    """Raise ``RecordError`` where writing ``record`` would replace one that may not go.

    Args:
        results: folder of the records.
        record: the new one, or what is known of it before: name and seed at least; with ``again`` also profile,
            recipe, weights, data.
        again: the same run is only scored again: a record of the same profile, settings, weights and data may go.
        force: any record may go.
    """
    path = record_path(results, record["name"], record["seed"])
    if force or not os.path.lexists(path):
        return
    try:
        there = read_record(path)
    except RecordError as error:
        raise RecordError(f"{path} would be replaced, and it is no sound record: {error} {_INSTEAD}") from error
    differing: list[str] = []
    if "recipe" in record:
        new, old = _identity(record), _identity(there)
        differing = [key for key in new if new[key] != old[key]]
        if again and not differing:
            return
    kind = f"of profile {there['profile']}, {there['test'].get('images')} test images"
    if differing:
        kind += f", that differs in {', '.join(differing)}"
    raise RecordError(f"{path}: there is a record already, {kind}. {_INSTEAD}")


def is_of(record: Record, profile: str, settings: Mapping[str, Any]) -> bool:
    """Whether a record is of this profile and these settings (``Recipe.settings``)."""
    return bool(record["profile"] == profile and _telling(record["recipe"]) == _telling(settings))


def _telling(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key not in PROSE}


_INSTEAD = "Write into another folder with --results, or add --force to replace it."


def _identity(record: Mapping[str, Any]) -> dict[str, Any]:
    """What makes two runs the same: profile, settings, seed, weights and data, by their content."""
    return {
        "profile": record["profile"],
        "settings": _telling(record["recipe"]),
        "seed": record["seed"],
        "weights": (record.get("weights") or {}).get("sha256"),
        "data": [record["data"][part]["fingerprint"] for part in ("train", "validation", "test")],
    }


def read_record(path: Path | str) -> Record:
    """A record, every value checked. Raises ``RecordError``: missing, damaged, of another format, a value amiss."""
    return _open_record(Path(path))[0]


def _open_record(path: Path) -> tuple[Record, str | None]:
    """A record without its digests, and that of its table, if it tells one."""
    content = _read(path, "no such record. Expected one JSON a run; `lesionseg train NAME --profile full` writes it.")
    listed = _listed_sha256(path)
    try:
        record = parse_record(content)
        if record["format"] == 1 and listed is not None and listed != text_sha256(content):
            raise SchemaError(f"its bytes are not those that {SUMS} tells of")
    except SchemaError as error:
        raise RecordError(f"{path}: not a JSON record that can be used: {error}. {_RESTORE}") from error
    digests = record.pop("sha256", None)
    return record, digests and digests["table"]


_RESTORE = "Restore it from the repository, or train again."


def is_verified(results: Path, recipe: str, seed: int) -> bool:
    """Whether the bytes of a record can be told from others: it carries a SHA-256, or ``SHA256SUMS`` lists it."""
    path = record_path(results, recipe, seed)
    return _open_record(path)[1] is not None or _listed_sha256(path) is not None


def read_table(path: Path | str) -> pd.DataFrame:
    """The per-image table beside a record (give the record's path): ids, each once, and numbers.

    Raises ``RecordError`` when it is missing, damaged, or not the record's.
    """
    path = Path(path)
    csv = path.with_suffix(".csv")
    record = path.with_suffix(".json")
    told = _open_record(record)[1] if record.exists() else None
    listed = _listed_sha256(csv)
    try:
        try:
            content = read_whole(csv, told)
        except DamageError:  # the wheel carries fewer columns, and lists them anew
            content = read_whole(csv, None)
            if text_sha256(content) not in (told, listed):
                raise
        if told is None and listed is not None and text_sha256(content) != listed:
            raise DamageError(f"its bytes are not those that {SUMS} tells of")
        table = pd.read_csv(io.BytesIO(content), dtype={"id": str})
        if not isinstance(table.index, pd.RangeIndex):  # what pandas makes of it
            raise ValueError("its lines have more values than it has columns")
        check_table(table)
    except FileNotFoundError:
        raise RecordError(
            f"{csv}: no such table. Expected the per-image CSV beside its record. Restore it from the "
            f"repository, or name a folder that has it."
        ) from None
    except OSError as error:
        raise RecordError(f"{csv}: cannot be read ({error.strerror or error}).") from error
    except ValueError as error:  # pandas: empty, or no table
        raise RecordError(f"{csv}: not a table that can be used: {error}. {_RESTORE}") from error
    return table


def load_records(results: Path | None = None) -> dict[str, dict[int, Record]]:
    """Every record under ``results`` (default: the published ones) as recipe -> seed -> record, sorted.

    Raises ``RecordError`` as ``read_record`` does, and for a record that lies where that of another run belongs.
    """
    folder = results or published_results()
    found: dict[str, dict[int, Record]] = {}
    for path in sorted(folder.glob("*/seed*.json")):
        record = read_record(path)
        if path != (place := record_path(folder, record["name"], record["seed"])):
            raise RecordError(f"{path}: the record of this run belongs in {place}. Move it there, or remove the copy.")
        found.setdefault(record["name"], {})[record["seed"]] = record
    return found


def load_costs(results: Path | None = None) -> dict[str, Any]:
    """``costs.json`` beside the records: what each recipe costs, measured on one machine that did nothing else.

    ``device``, ``commit``, ``threads``, and ``recipes``: name -> ``milliseconds_per_image``,
    ``training_seconds_per_epoch``, ``images_per_epoch``. Raises ``RecordError`` when it is missing or damaged.
    """
    path = (results or published_results()) / "costs.json"
    content = _read(path, "no such file. Expected the measured costs; `python benchmarks/costs.py` measures them.")
    listed = _listed_sha256(path)
    try:
        costs: dict[str, Any] = parse_json(content)
        check_costs(costs)
        if listed is not None and listed != text_sha256(content):
            raise SchemaError(f"its bytes are not those that {SUMS} tells of")
    except SchemaError as error:
        raise RecordError(f"{path}: not JSON of costs: {error}. Measure: `python benchmarks/costs.py`.") from error
    return costs


def _read(path: Path, absent: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise RecordError(f"{path}: {absent}") from None
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror or error}).") from error


_SUMS_READ: dict[tuple[Path, object], dict[str, str]] = {}


def _listed_sha256(path: Path) -> str | None:
    """What ``SHA256SUMS`` of the results tells of a file; None where there is no list, or it is not on it."""
    for folder in (path.parent, path.parent.parent):
        sums = folder / SUMS
        if sums.is_file():
            key = (sums, file_stamp(sums))
            if key not in _SUMS_READ:
                _SUMS_READ[key] = parse_sums(sums)
            return _SUMS_READ[key].get(path.relative_to(folder).as_posix())
    return None


Records = Mapping[str, Mapping[int, Record]]
