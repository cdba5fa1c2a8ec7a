"""Files whose values are checked, not only their keys: pydantic models, and sentences for what does not fit them."""

from __future__ import annotations

import json
import math
import reprlib
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

LISTED = 3
"""Of the faults of a file, so many are told."""


class Schema(BaseModel):
    """A model of a file: values have their type already, nothing is converted, unknown keys are faults."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, protected_namespaces=())


class OpenSchema(BaseModel):
    """Like ``Schema``, with further keys allowed that nobody here reads."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True, protected_namespaces=())


Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class SchemaError(ValueError):
    """What is wrong with the values, in words that follow a file's name."""


def parse_json(content: bytes) -> Any:
    """What JSON text in UTF-8 holds. Raises ``SchemaError`` for whatever else it is.

    Values that are not finite, which JSON does not know, are refused wherever they stand, and so is what is nested too
    deeply.
    """
    try:
        values = json.loads(content.decode("utf-8"))
        _demand_finite(values, ())
        return values
    except RecursionError:
        raise SchemaError("its values are nested too deeply") from None
    except SchemaError:
        raise
    except ValueError as error:
        raise SchemaError(str(error)) from error


def _demand_finite(value: Any, place: tuple[int | str, ...]) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise SchemaError(f"{_field(place)} is {value}, expected a finite number")
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        _demand_finite(part, (*place, key))


def faults(error: ValidationError) -> str:
    """Each fault with its field, the value found and what was expected, the first ``LISTED`` of them."""
    found = error.errors(include_url=False, include_context=False)
    missing = [_field(fault["loc"]) for fault in found if fault["type"] == "missing"]
    told = [f"lacks {', '.join(missing)}"] if missing else []
    for fault in found:
        if fault["type"] == "value_error":  # of several fields together; the message tells them
            told.append(f"expected {_expected(fault)}")
        elif fault["type"] != "missing":
            told.append(f"{_field(fault['loc'])} is {_shown(fault['input'])}, expected {_expected(fault)}")
    more = f"; and {len(told) - LISTED} more" if len(told) > LISTED else ""
    return "; ".join(told[:LISTED]) + more


def check(model: type[Schema] | type[OpenSchema], values: Any) -> Any:
    """``values`` as a ``model``. Raises ``SchemaError``, which tells field, value and what was expected."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SchemaError(faults(error)) from error


def _field(place: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".") or "the whole"


def _expected(fault: Any) -> str:
    if fault["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return "no such field"
    return str(fault["msg"]).removeprefix("Value error, ").replace("Input should be ", "").replace("should", "to")


def _shown(value: object) -> str:
    short = reprlib.Repr()
    short.maxstring = short.maxother = 60
    short.maxlevel = 2
    return short.repr(value)
