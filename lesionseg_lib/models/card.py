"""The card of a saved model, ``model.json``: what it takes to use the weights beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.utils.schemas import Name, Schema, SchemaError, Sha256, Share, check, parse_json

MODEL_FORMAT = 2
READABLE = (1, MODEL_FORMAT)
"""Format 1 carries no SHA-256."""
WEIGHTS_NAME = "model.safetensors"
CARD_NAME = "model.json"

Side = Annotated[int, Field(gt=0, le=8192, multiple_of=32)]
Deviation = Annotated[float, Field(ge=1e-3, le=1, allow_inf_nan=False)]


class Card(Schema):
    """``size``: (height, width) of the network's input; ``mean``, ``std``: of its colours, on a scale of 0 to 1."""

    format: Annotated[int, Field(ge=READABLE[0], le=READABLE[-1])]
    recipe: Name
    threshold: Share
    size: Annotated[list[Side], Field(min_length=2, max_length=2)]
    decoder: Name
    mean: Annotated[list[Share], Field(min_length=3, max_length=3)]
    std: Annotated[list[Deviation], Field(min_length=3, max_length=3)]
    sha256: Sha256 | None = None
    """Of the weights."""

    @model_validator(mode="after")
    def _agrees(self) -> Card:
        if (self.sha256 is None) != (self.format == 1):
            raise ValueError(f"a sha256 in format {MODEL_FORMAT}, and none in format 1")
        return self


def parse_card(content: bytes, path: Path) -> dict[str, Any]:
    """The values of a card's file, checked. Raises ``CheckpointError``, which names ``path``, field and value."""
    try:
        values = parse_json(content)
        if not isinstance(values, dict) or "format" not in values:
            raise SchemaError("no format")
    except SchemaError as error:
        raise CheckpointError(f"{path}: not the card of a model ({error}). Train again, or copy it again.") from error
    if values["format"] not in READABLE:
        expected = " or ".join(map(str, READABLE))
        raise CheckpointError(f"{path}: format {values['format']!r}, expected {expected}. Use a matching version.")
    check_card(values, path)
    return values


def check_card(values: dict[str, Any], path: Path) -> None:
    """Raises ``CheckpointError``, which names ``path``, field, value and what was expected."""
    try:
        check(Card, values)
    except SchemaError as error:
        raise CheckpointError(f"{path}: {error}. Train again, or copy it again.") from error


def read_card(folder: Path, recipe: str | None = None) -> dict[str, Any]:
    """``model.json`` of a saved segmenter, checked. Raises ``CheckpointError``."""
    path = folder / CARD_NAME
    try:
        # Beside a card that is new the weights may still wait for their place.
        there = os.path.lexists(folder / WEIGHTS_NAME) or any(folder.glob(f".{WEIGHTS_NAME}.*"))
        content = path.read_bytes() if there else b""
    except FileNotFoundError:
        there = False
    except OSError as error:
        raise CheckpointError(
            f"{path}: cannot be read ({error.strerror or error}). Ask its owner to let you read it, or copy it again."
        ) from error
    if not there:
        raise CheckpointError(
            f"{folder}: no saved model here. Expected {WEIGHTS_NAME} and {CARD_NAME}, as `lesionseg train` writes them."
        )
    card = parse_card(content, path)
    demand_recipe(card, folder, recipe)
    return card


def demand_recipe(card: dict[str, Any], folder: Path, recipe: str | None) -> None:
    """Raises ``CheckpointError`` for a model of another recipe than this one, if one is named."""
    if recipe is not None and card["recipe"] != recipe:
        raise CheckpointError(
            f"{folder}: this model was trained by recipe {card['recipe']!r}, expected {recipe!r}. "
            f"Name the folder of the recipe you mean."
        )
