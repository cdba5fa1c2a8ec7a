"""Numbers in prose: `{{recipe:path}}` in a lesson, a page or the README, filled in from `results/`.

`recipe` names `results/<recipe>/seed0.json`; `path` is a dotted path into that record, or a test metric by its short
name (`jaccard`, `dice`: the mean; `jaccard_interval`: the 95 % interval). A format may follow:
`{{dilated-all:macs|.2e}}`.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from tools import TextError

PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}")
PARTS = re.compile(r"\s*([a-z0-9][a-z0-9-]*)\s*:\s*([\w.-]+)\s*(?:\|\s*([^{}]+?)\s*)?")


class UnknownNumber(TextError):
    """A placeholder that no record can fill."""


@cache
def _record(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


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


def _look_up(record: dict[str, Any], path: str) -> Any:
    if path.split(".")[0] not in record and path.split(".")[0] in record.get("test", {}):
        path = "test." + path
    value: Any = record
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            there = ", ".join(value) if isinstance(value, dict) else type(value).__name__
            raise UnknownNumber(f"'{name}' is not in the record; there is: {there}")
        value = value[name]
    return value


def resolve(placeholder: str, results: Path) -> str:
    """Return the text for what stands between the braces, e.g. "dilated-all:jaccard" -> "0.834".

    Raises:
        UnknownNumber: the text is no placeholder, or the record or the key in it does not exist.
    """
    parts = PARTS.fullmatch(placeholder)
    if parts is None:
        raise UnknownNumber("expected {{recipe:path}} or {{recipe:path|format}}")
    recipe, path, spec = parts.groups()
    file = results / recipe / "seed0.json"
    if not file.is_file():
        known = ", ".join(sorted(found.parent.name for found in results.glob("*/seed0.json"))) or "none"
        raise UnknownNumber(f"there is no record of '{recipe}' (recorded: {known})")
    record = _record(file)
    if path.endswith("_interval"):
        metric = _look_up(record, path.removesuffix("_interval"))
        if not isinstance(metric, dict) or not {"low", "high"} <= set(metric):
            raise UnknownNumber(f"'{path.removesuffix('_interval')}' has no interval")
        return f"{_number(metric['low'], spec)} to {_number(metric['high'], spec)}"
    return _number(_look_up(record, path), spec)


def fill(text: str, results: Path, file: str, first_line: int = 1) -> str:
    """Replace every placeholder in `text`, which begins at line `first_line` of `file`.

    Raises:
        UnknownNumber: naming the file, the line and the placeholder.
    """

    def one(match: re.Match[str]) -> str:
        try:
            return resolve(match[1], results)
        except UnknownNumber as error:
            line = first_line + text.count("\n", 0, match.start())
            raise UnknownNumber(f"{file}, line {line}: {match[0]}: {error}") from None

    return PLACEHOLDER.sub(one, text)
