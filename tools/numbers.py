"""Recorded numbers for prose: `{{ number("dilated-all", "jaccard") }}`, from `results/dilated-all/seed0.json`.

Of a benchmark: `{{ number("pretrained", "formats.w8.bytes") }}`, from `results/pretrained.json`.
"""

from functools import cache
from pathlib import Path
from typing import Any

from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.records import Record, read_record, record_path
from lesionseg_lib.utils.schemas import SchemaError, parse_json
from tools import TextError


class UnknownNumber(TextError):
    """A placeholder that no record can fill."""


@cache
def _record(path: Path) -> Record:
    try:
        return read_record(path)
    except RecordError as error:
        raise UnknownNumber(str(error)) from None


@cache
def _benchmark(path: Path) -> Record:
    try:
        values: Record = parse_json(path.read_bytes())
    except SchemaError as error:
        raise UnknownNumber(f"{path}: {error}") from None
    return values


def _number(value: Any, spec: str | None) -> str:
    if isinstance(value, dict) and "mean" in value:
        value = value["mean"]
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnknownNumber(f"is no number but {type(value).__name__}")
    if spec is not None:
        try:
            return format(value, spec)
        except ValueError as error:
            raise UnknownNumber(str(error)) from None
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _look_up(record: Record, path: str) -> Any:
    if path.split(".")[0] not in record and path.split(".")[0] in record.get("test", {}):
        path = "test." + path
    value: Any = record
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            there = ", ".join(value) if isinstance(value, dict) else type(value).__name__
            raise UnknownNumber(f"'{name}' is not in the record; there is: {there}")
        value = value[name]
    return value


def number(results: Path, recipe: str, path: str, spec: str | None = None) -> str:
    """Return a number of a record as text, for example "0.834" for the path "jaccard".

    Args:
        results: the folder of records.
        recipe: whose record of seed 0 is read; or the name of a benchmark's file.
        path: dotted, into the record; a test metric goes by its short name (`jaccard`: the mean over images;
            `jaccard_interval`: its 95 % interval).
        spec: as for Python's `format`; without it, thousands are set apart and fractions have three digits.

    Raises:
        UnknownNumber: the record or the key in it does not exist, or is no number.
    """
    file, benchmark = record_path(results, recipe, 0), results / f"{recipe}.json"
    if not file.is_file() and not benchmark.is_file():
        known = ", ".join(sorted(found.parent.name for found in results.glob("*/seed0.json"))) or "none"
        raise UnknownNumber(f"there is no record of '{recipe}' (recorded: {known})")
    record = _record(file) if file.is_file() else _benchmark(benchmark)
    if path.endswith("_interval"):
        metric = _look_up(record, path.removesuffix("_interval"))
        if not isinstance(metric, dict) or not {"low", "high"} <= set(metric):
            raise UnknownNumber(f"'{path.removesuffix('_interval')}' has no interval")
        return f"{_number(metric['low'], spec)} to {_number(metric['high'], spec)}"
    return _number(_look_up(record, path), spec)
