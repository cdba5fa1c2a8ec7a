"""What a record under ``results/`` must hold, value by value."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from pydantic import Field, model_validator

from lesionseg_lib.utils.schemas import (
    Count,
    Finite,
    Name,
    OpenSchema,
    Schema,
    SchemaError,
    Sha256,
    Share,
    check,
    parse_json,
)

RECORD_FORMAT = 2
READABLE = (1, RECORD_FORMAT)
"""Format 1 carries no SHA-256."""


class Interval(Schema):
    """A mean over images and its 95 % interval."""

    mean: Share
    low: Share
    high: Share


class Pair(OpenSchema):
    """Two scores that belong together."""

    jaccard: Share
    dice: Share


class Scores(OpenSchema):
    """Test scores; a baseline has no loss."""

    jaccard: Interval
    dice: Interval
    sensitivity: Interval | None = None
    specificity: Interval | None = None
    accuracy: Interval | None = None
    threshold_jaccard: Interval | None = None
    images: Count | None = None
    loss: Finite | None = None


class Part(OpenSchema):
    """A split of the data: how many images, and what they are."""

    images: Count
    fingerprint: Name


class Data(OpenSchema):
    """The data of a run."""

    name: Name
    size: list[Count]
    train: Part
    validation: Part
    test: Part


class Weights(OpenSchema):
    """The encoder's weights at the start; None: random ones."""

    name: Name | None
    sha256: Sha256 | None


class Parameters(OpenSchema):
    """Numbers of parameters."""

    total: Count
    trainable: Count
    frozen: Count
    encoder: Count
    decoder: Count


class RecipeSettings(OpenSchema):
    """Of a recipe what readers of records look at; a baseline has neither loss nor optimiser."""

    name: Name
    family: Name | None = None
    title: str | None = None
    loss: Name | None = None
    optimizer: Name | None = None
    size: list[Count] | None = None


class Epoch(OpenSchema):
    """One line of the history."""

    epoch: Count
    train_loss: Finite
    validation_loss: Finite
    validation_jaccard: Share
    validation_dice: Share
    learning_rate: Finite
    seconds: Finite


class Digests(Schema):
    """SHA-256 of the record without this field, as ``canonical`` writes it, and of the table beside it."""

    record: Sha256
    table: Sha256


class RecordFile(OpenSchema):
    """A record, as ``experiments.run`` and ``experiments.baselines`` make it."""

    format: Annotated[int, Field(ge=READABLE[0], le=READABLE[-1])]
    name: Name
    seed: Count
    profile: Name
    recipe: RecipeSettings
    device: str
    data: Data
    parameters: Parameters
    epochs_run: Count
    best_epoch: Count
    test: Scores
    readings: dict[Name, Pair]
    official: dict[Name, Share] | None = None
    history: list[Epoch] | None = None
    weights: Weights | None = None
    validation: Scores | None = None
    threads: Count | None = None
    macs: Count | None = None
    seconds_per_epoch: Finite | None = None
    seconds_total: Finite | None = None
    sha256: Digests | None = None

    @model_validator(mode="after")
    def _agrees(self) -> RecordFile:
        if self.history and (self.epochs_run != len(self.history) or not 1 <= self.best_epoch <= self.epochs_run):
            raise ValueError(
                f"best_epoch (here {self.best_epoch}) and epochs_run ({self.epochs_run}) that lie within the history "
                f"of {len(self.history)} epochs"
            )
        if (self.sha256 is None) != (self.format == 1):
            raise ValueError(f"a sha256 in format {RECORD_FORMAT}, and none in format 1")
        return self


class Cost(OpenSchema):
    """What one recipe costs. ``cached``: whether its encoder runs once, not in every epoch."""

    milliseconds_per_image: Finite
    milliseconds_per_image_all_threads: Finite | None = None
    training_seconds_per_epoch: Finite | None = None
    images_per_epoch: Count | None = None
    cached: bool | None = None


class Costs(OpenSchema):
    """``costs.json``: what each recipe costs, by name."""

    device: Name
    threads: Count
    recipes: dict[Name, Cost]


def check_costs(values: Any) -> None:
    """Check what ``costs.json`` holds. Raises ``SchemaError``."""
    check(Costs, values)


def canonical(record: dict[str, Any]) -> str:
    """SHA-256 of a record's values, whatever the order of its keys and the spaces between them."""
    values = {key: value for key, value in record.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def check_record(record: dict[str, Any]) -> None:
    """Check the values of a record before it is written. Raises ``SchemaError``."""
    check(RecordFile, {**record, "format": 1})


def parse_record(content: bytes) -> dict[str, Any]:
    """The values of a record's file, checked. Raises ``SchemaError``."""
    values = parse_json(content)
    if not isinstance(values, dict) or values.get("format") not in READABLE:
        found = values.get("format") if isinstance(values, dict) else type(values).__name__
        raise SchemaError(f"format {found}, expected {' or '.join(map(str, READABLE))}. Use a matching version")
    check(RecordFile, values)
    if "sha256" in values and values["sha256"]["record"] != canonical(values):
        raise SchemaError("its values are not those that were written: their SHA-256 differs")
    return values
