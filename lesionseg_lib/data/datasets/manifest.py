"""The table beside a data set, ``manifest.csv``: what else is known about each sample."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

from lesionseg_lib.data.datasets.base import normal_id
from lesionseg_lib.errors import DataError

# A byte-order mark says the encoding; the longer ones first, because UTF-16's is the beginning of UTF-32's.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
_DELIMITERS = (",", ";", "\t")


def read_manifest(path: Path) -> dict[str, dict[str, str]]:
    """Read a table with a column ``id`` as {id: {column: value}}, empty values left out; {} without a file.

    Understood are UTF-8, and UTF-16 with a byte-order mark; commas, semicolons and tabs: what spreadsheets write.

    Raises:
        DataError: no column ``id``; an encoding that the file does not tell; a row with more values than there are
            columns, or without an id; two different rows of one id.
    """
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    text = _decoded(path, content).lstrip("\r\n")
    first_line = text.partition("\n")[0].partition("\r")[0]
    delimiter = next((mark for mark in _DELIMITERS if "id" in _columns(first_line, mark)), ",")
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    found: dict[str, dict[str, str]] = {}
    usual = csv.field_size_limit(len(text) + 1)  # a long note is no fault
    try:
        columns = [column.strip() for column in reader.fieldnames or ()]
        reader.fieldnames = columns
        if columns and columns.count("id") != 1:
            raise DataError(
                f"{path} has the columns {', '.join(columns)[:200]}; expected a column 'id'. Rename the file."
            )
        for row in reader:
            _add(found, row, f"{path}, line {reader.line_num}")
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.line_num + 1}: {error}. A quotation mark is probably missing; correct the line."
        ) from error
    finally:
        csv.field_size_limit(usual)
    return found


def _add(found: dict[str, dict[str, str]], row: dict[str, str], place: str) -> None:
    if row.get(None):  # type: ignore[call-overload]  # where csv puts what has no column
        raise DataError(f"{place} has more values than there are columns. Put a value with a comma in quotation marks.")
    values = {key: value.strip() for key, value in row.items() if key and value and value.strip()}
    if not values:
        return
    if "id" not in values:
        raise DataError(f"{place} has no id. Add it, or remove the line.")
    sample_id = normal_id(values.pop("id"))
    if found.setdefault(sample_id, values) != values:
        raise DataError(f"{place} says something else about {sample_id} than a line before it. Keep one of the two.")


def _decoded(path: Path, content: bytes) -> str:
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeError as error:
        raise DataError(
            f"{path} is not in UTF-8 ({error}), and it does not tell its encoding. Save it as UTF-8, in a "
            "spreadsheet as 'CSV UTF-8'."
        ) from error
    if "\0" in text:
        raise DataError(f"{path} is no text: it holds zero bytes. Save it as UTF-8, in a spreadsheet as 'CSV UTF-8'.")
    return text


def _columns(line: str, delimiter: str) -> list[str]:
    return [column.strip().strip('"') for column in line.split(delimiter)]
