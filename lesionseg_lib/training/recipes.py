"""The experiments as data: ``recipes.toml`` read into frozen dataclasses.

Reading them imports no torch, which takes seconds: the command line lists and compares recipes without.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from lesionseg_lib.errors import RecipeError
from lesionseg_lib.utils.lookup import look_up
from lesionseg_lib.utils.schemas import Name, Share, faults

OPTIMIZERS = {"adam": "Adam", "nadam": "NAdam", "rmsprop": "RMSprop"}
"""Name in a recipe -> class of ``torch.optim``."""
SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": lambda epoch, epochs: 1.0,
    "cosine": lambda epoch, epochs: (1 + math.cos(math.pi * epoch / epochs)) / 2,
}
"""Name in a recipe -> factor on every learning rate after ``epoch`` of ``epochs``."""
STAGES = (1, 2, 3, 4)
"""The encoder's stages, from fine to coarse; their layers are in ``models.encoder.STAGES``."""


Rate = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Positive = Annotated[int, Field(ge=1, le=100_000)]
Side = Annotated[int, Field(gt=0, le=8192, multiple_of=32)]
_STRICT = ConfigDict(strict=True, extra="forbid")


@dataclass(frozen=True)
class Claim:
    """What the write-up reported on its test set.

    ``approximate``: it says "about". ``loss`` is None where it gives none.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    iou: Share
    dice: Share
    loss: Annotated[float, Field(allow_inf_nan=False)] | None = None
    approximate: bool = False


@dataclass(frozen=True)
class Recipe:
    """All settings of one experiment. ``choices`` says what the write-up left open and we chose."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: Name
    family: Name
    title: str
    decoder: Name
    trainable_stages: tuple[Annotated[int, Field(ge=STAGES[0], le=STAGES[-1])], ...]
    loss: Name
    optimizer: Name
    learning_rate: Rate
    batch_size: Positive
    epochs: Positive
    augmentation: Name
    choices: str
    claimed: Claim | None = None
    encoder_learning_rate: Rate | None = None
    """Learning rate of the encoder; None: the same as the decoder's."""
    schedule: Name = "constant"
    """Learning rate over the epochs: "constant", or "cosine" down to zero."""
    patience: Positive | None = None
    """Stop after this many epochs without a better validation Jaccard; None: run all epochs."""
    size: tuple[Side, Side] = (128, 128)
    threshold: Share = 0.5

    @property
    def frozen_stages(self) -> tuple[int, ...]:
        """The encoder's stages that keep their ImageNet weights."""
        return tuple(stage for stage in STAGES if stage not in self.trainable_stages)

    def settings(self) -> dict[str, Any]:
        """All fields as plain values, as they stand in a record."""
        values = asdict(self)
        for name in ("trainable_stages", "size"):
            values[name] = list(values[name])
        return values


_ADAPTER = TypeAdapter(Recipe)


@cache
def load_recipes() -> dict[str, Recipe]:
    """Every recipe by name, in the order of ``recipes.toml``."""
    return parse_recipes((files("lesionseg_lib.training") / "recipes.toml").read_bytes(), "recipes.toml")


def parse_recipes(content: bytes, place: str) -> dict[str, Recipe]:
    """The recipes in a TOML file, every value checked. Raises ``RecipeError``: file, recipe, field, value, expected.

    ``place`` is the file's name. Raises ``UnknownNameError`` for an optimiser or schedule that there is not.
    """
    try:
        tables = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{place}: not TOML text ({error or 'nested too deeply'}). Restore it.") from error
    return {name: _recipe(name, table, place) for name, table in tables.items()}


def get_recipe(name: str) -> Recipe:
    """The recipe of that name. Raises ``UnknownNameError``, which suggests the nearest."""
    return look_up(load_recipes(), name, "recipe")


def _recipe(name: str, table: Any, place: str) -> Recipe:
    if not isinstance(table, dict):
        raise RecipeError(f"{place}, recipe {name}: {table!r}, expected a table of settings. Restore the file.")
    try:  # as JSON, in which a list may stand for a tuple although nothing else is converted
        recipe = _ADAPTER.validate_json(json.dumps({**table, "name": name}, default=str))
    except ValidationError as error:
        raise RecipeError(f"{place}, recipe {name}: {faults(error)}. Correct the file, or restore it.") from error
    look_up(OPTIMIZERS, recipe.optimizer, f"optimiser (recipe {name})")
    look_up(SCHEDULES, recipe.schedule, f"schedule (recipe {name})")
    return recipe
