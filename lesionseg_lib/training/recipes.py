"""The experiments as data: ``recipes.toml`` and ``ladder.toml`` read into frozen dataclasses.

``recipes.toml`` holds the experiments that the course compares, ``ladder.toml`` the way from one of them, ``light``, to
the course's own network, one change a step. Reading them imports no torch, which takes seconds: the command line lists
and compares recipes without.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from lesionseg_lib.errors import RecipeError
from lesionseg_lib.utils.lookup import look_up
from lesionseg_lib.utils.schemas import Name, Share, faults

OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "nadam": "NAdam", "rmsprop": "RMSprop"}
"""Name in a recipe -> class of ``torch.optim``."""


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def _one_cycle(step: int, steps: int) -> float:
    """Up along half a cosine in the first .3 of the steps, from 1/25; then down along another, to 1/250,000.

    Source: Smith and Topin, *Super-Convergence*, 2018; shape and numbers are those of ``torch.optim``'s ``OneCycleLR``.
    """
    top = 0.3 * steps - 1
    if step < top:
        return _half_cosine(1 / 25, 1.0, step / top)
    return _half_cosine(1.0, 1 / 250_000, min(1.0, (step - top) / (steps - 1 - top)))


SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": lambda epoch, epochs: 1.0,
    "cosine": lambda epoch, epochs: (1 + math.cos(math.pi * epoch / epochs)) / 2,
    "one-cycle": _one_cycle,
}
"""Name in a recipe -> factor on every learning rate after ``epoch`` of ``epochs``; see ``PER_STEP``."""
PER_STEP = frozenset({"one-cycle"})
"""Schedules that count optimiser steps in place of epochs."""
STAGES = (1, 2, 3, 4)
"""The encoder's stages, from fine to coarse; their layers are in ``models.encoder.STAGES``."""


Rate = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Positive = Annotated[int, Field(ge=1, le=100_000)]
Side = Annotated[int, Field(gt=0, le=8192, multiple_of=32)]
Stage = Annotated[int, Field(ge=STAGES[0], le=STAGES[-1])]
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
    trainable_stages: tuple[Stage, ...]
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
    """Learning rate over the epochs: "constant", "cosine" down to zero, or "one-cycle": step by step, up and down."""
    patience: Positive | None = None
    """Stop after this many epochs without a better validation Jaccard; None: run all epochs."""
    size: tuple[Side, Side] = (128, 128)
    threshold: Share = 0.5

    # What came later. A setting that is not used is not told in a record, so that those from before stay comparable.
    base: Name | None = None
    """The recipe that this one changes: what its table does not say is as there."""
    last_stage: Stage = STAGES[-1]
    """Where the encoder is cut: later stages are not built, and cost nothing."""
    weight_decay: Share = 0.0
    """Of the optimiser, on kernels alone: biases and batch norm's scales and shifts are left as they are."""
    clip_norm: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Gradients are scaled down to this norm over all parameters where it is larger."""
    average_decay: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Decay, per step, of the average of weights that is validated and kept; see ``training.averaging``."""
    kept_epoch: Literal["best", "last"] = "best"
    """Which epoch's model is kept: the one with the best validation Jaccard, or the last, chosen by nobody."""
    extra_data: Name | None = None
    """What is trained on beside the training part; see ``data.extra``."""
    masks: Literal["all", "exact"] = "all"
    """"exact": only training photos whose mask is the organisers' of 2016 or 2017, and so CC-0 like the photo."""
    teacher: Name | None = None
    """The recipe whose run of the same seed is asked beside the masks; see ``training.distillation``."""
    teacher_weight: Share = 0.5
    """Share of the teacher in the loss."""
    also_scored: tuple[Literal["flips", "elsewhere"], ...] = ()
    """What is scored beside the test set, in rows of their own: it with flips averaged; photos from elsewhere."""

    @property
    def stages(self) -> tuple[int, ...]:
        """The stages that the encoder has."""
        return tuple(stage for stage in STAGES if stage <= self.last_stage)

    @property
    def frozen_stages(self) -> tuple[int, ...]:
        """The encoder's stages that keep their ImageNet weights."""
        return tuple(stage for stage in self.stages if stage not in self.trainable_stages)

    def settings(self) -> dict[str, Any]:
        """All fields as plain values, as they stand in a record; of the later ones those that are used."""
        unused = {field.name for field in fields(self)[LATER:] if getattr(self, field.name) == field.default}
        values = {name: value for name, value in asdict(self).items() if name not in unused}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


LATER = [field.name for field in fields(Recipe)].index("base")
"""Number of the first field that records of before do not have."""
PROSE = ("title", "choices", "claimed", "base")
"""Fields that change nothing about a run."""


_ADAPTER = TypeAdapter(Recipe)


@cache
def load_recipes() -> dict[str, Recipe]:
    """Every experiment by name, in the order of ``recipes.toml``."""
    return parse_recipes(_content("recipes.toml"), "recipes.toml")


@cache
def load_ladder() -> dict[str, Recipe]:
    """Every step of the ladder by name, in the order of ``ladder.toml``."""
    return parse_recipes(_content("ladder.toml"), "ladder.toml", load_recipes())


def _content(name: str) -> bytes:
    return (files("lesionseg_lib.training") / name).read_bytes()


def parse_recipes(content: bytes, place: str, others: Mapping[str, Recipe] | None = None) -> dict[str, Recipe]:
    """The recipes in a TOML file, every value checked. Raises ``RecipeError``: file, recipe, field, value, expected.

    ``place`` is the file's name. A recipe with a ``base`` takes from it what its own table does not say; the base is
    one of ``others``, or stands above it. Raises ``UnknownNameError`` for an optimiser, a schedule, a base or a teacher
    that there is not.
    """
    try:
        tables = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{place}: not TOML text ({error or 'nested too deeply'}). Restore it.") from error
    found: dict[str, Recipe] = {}
    for name, table in tables.items():
        found[name] = _recipe(name, table, place, {**(others or {}), **found})
    return found


def get_recipe(name: str) -> Recipe:
    """The recipe of that name, experiment or step. Raises ``UnknownNameError``, which suggests the nearest."""
    return look_up({**load_recipes(), **load_ladder()}, name, "recipe")


def _recipe(name: str, table: Any, place: str, known: Mapping[str, Recipe] | None = None) -> Recipe:
    if not isinstance(table, dict):
        raise RecipeError(f"{place}, recipe {name}: {table!r}, expected a table of settings. Restore the file.")
    inherited: dict[str, Any] = {}
    if isinstance(table.get("base"), str):
        base = look_up(known or {}, table["base"], f"base (recipe {name})").settings()
        inherited = {field: value for field, value in base.items() if field not in PROSE}
    try:  # as JSON, in which a list may stand for a tuple although nothing else is converted
        recipe = _ADAPTER.validate_json(json.dumps({**inherited, **table, "name": name}, default=str))
    except ValidationError as error:
        raise RecipeError(f"{place}, recipe {name}: {faults(error)}. Correct the file, or restore it.") from error
    look_up(OPTIMIZERS, recipe.optimizer, f"optimiser (recipe {name})")
    look_up(SCHEDULES, recipe.schedule, f"schedule (recipe {name})")
    if absent := sorted(set(recipe.trainable_stages) - set(recipe.stages)):
        raise RecipeError(
            f"{place}, recipe {name}: trainable_stages has {absent}, and the encoder ends after stage "
            f"{recipe.last_stage}. Name stages up to that one."
        )
    if recipe.teacher is not None:
        teacher = look_up(known or {}, recipe.teacher, f"teacher (recipe {name})")
        if teacher.size != recipe.size:
            raise RecipeError(
                f"{place}, recipe {name}: its input is {recipe.size}, that of its teacher {teacher.name} "
                f"{teacher.size}. Name a teacher of the same size: both see the same batches."
            )
    return recipe
