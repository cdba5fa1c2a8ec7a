"""What a checkpoint holds beside the weights, value by value."""

from __future__ import annotations

import io
import math
from typing import Annotated, Any

import torch
from pydantic import Field, model_validator
from torch import Tensor

from lesionseg_lib.utils.schemas import Count, Finite, OpenSchema, Schema, SchemaError, Share, check, parse_json

CHECKPOINT_FORMAT = 1


class Unreadable(ValueError):
    """Bytes that are not a checkpoint; the message says why."""


class Row(Schema):
    """One line of the history."""

    epoch: Annotated[int, Field(ge=1)]
    train_loss: Finite
    validation_loss: Finite
    validation_jaccard: Share
    validation_dice: Share
    learning_rate: Finite
    seconds: Finite


class History(Schema):
    """The lines, numbered from 1."""

    history: list[Row]

    @model_validator(mode="after")
    def _numbered(self) -> History:
        numbers = [row.epoch for row in self.history]
        if numbers != list(range(1, len(numbers) + 1)):
            raise ValueError(f"epochs numbered from 1 without a gap, not {numbers[:5]}")
        return self


class Header(OpenSchema):
    """``identity`` is JSON text: every setting, the data, the weights."""

    format: Count
    identity: str
    history: list[dict[str, Any]]
    best_epoch: Count
    model: dict[str, Any]
    optimizer: dict[str, Any]
    schedule: dict[str, Any]


def check_history(rows: list[dict[str, Any]]) -> None:
    """Raises ``SchemaError``, which tells line, column, value and what was expected."""
    check(History, {"history": rows})


def parse_checkpoint(content: bytes) -> dict[str, Any]:
    """The state in a checkpoint's bytes, its identity as values; nothing in it is run.

    Raises ``Unreadable``: not a checkpoint, a part is missing or has another type or value, weights are not finite. Of
    another format than ``CHECKPOINT_FORMAT`` only ``format`` and ``identity`` are looked at.
    """
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load alone raises six kinds, and advises to switch its safety off
        raise Unreadable(type(error).__name__) from error
    try:
        if not isinstance(state, dict):
            raise SchemaError(f"a {type(state).__name__}, expected a dict")
        if missing := {"format", "identity"} - state.keys():
            raise SchemaError(f"lacks {', '.join(sorted(missing))}")
        if not isinstance(state["identity"], str):
            raise SchemaError(f"identity is {type(state['identity']).__name__}, expected text")
        identity = parse_json(state["identity"].encode("utf-8", "surrogatepass"))
        if not isinstance(identity, dict):
            raise SchemaError(f"identity is {type(identity).__name__}, expected a dict")
        if state["format"] == CHECKPOINT_FORMAT:
            _check_state(state)
    except SchemaError as error:
        raise Unreadable(str(error)) from error
    except RecursionError:
        raise Unreadable("its values are nested too deeply") from None
    return {**state, "identity": identity}


def _check_state(state: dict[str, Any]) -> None:
    check(Header, {key: value for key, value in state.items() if key != "previews"})
    check_history(state["history"])
    epochs, best, previews = len(state["history"]), state["best_epoch"], state.get("previews")
    if not 1 <= best <= epochs:
        raise SchemaError(f"best_epoch is {best}, expected one of the {epochs} epochs")
    if not isinstance(previews, Tensor) or previews.dtype != torch.uint8 or previews.ndim != 4:
        raise SchemaError("previews is not an array of bytes (epochs, images, height, width)")
    if len(previews) != epochs:
        raise SchemaError(f"previews has {len(previews)} epochs, expected {epochs}")
    for part in ("model", "optimizer", "schedule"):
        _check_finite(state[part], part)


def _check_finite(value: Any, place: str) -> None:
    if isinstance(value, dict):
        for key, inside in value.items():
            _check_finite(inside, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for number, inside in enumerate(value):
            _check_finite(inside, f"{place}[{number}]")
    elif isinstance(value, Tensor) and not torch.isfinite(value).all():
        raise SchemaError(f"{place} has values that are not finite")
    elif isinstance(value, float) and not math.isfinite(value):
        raise SchemaError(f"{place} is {value}, expected a finite number")
