"""The one trained network that the package carries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.models.about import About, read_about
from lesionseg_lib.models.card import WEIGHTS_NAME
from lesionseg_lib.models.segmenter import Segmenter

PRETRAINED = Path(__file__).with_name("pretrained")
"""Its folder; `make pretrained` writes it."""
RECIPE = "feather-exact"
"""Trained on photos and masks that are CC-0 alone, so that whoever gets the package may pass it on."""


def pretrained() -> tuple[Segmenter, dict[str, Any]]:
    """The network that the package carries, in evaluation mode, and its card: recipe, threshold, size, mean, std.

    Needs neither training nor internet. Raises ``CheckpointError`` where its files are damaged.
    """
    try:
        return Segmenter.load(PRETRAINED, RECIPE)
    except CheckpointError as error:
        raise _damaged(error) from error


def about_pretrained() -> About:
    """What is told of it: data, score with its interval, licence, notice. Raises ``CheckpointError``."""
    try:
        about = read_about(PRETRAINED / WEIGHTS_NAME)
    except CheckpointError as error:
        raise _damaged(error) from error
    if about is None:
        raise _damaged(CheckpointError(f"{PRETRAINED / WEIGHTS_NAME}: it tells nothing of its network."))
    return about


def _damaged(error: CheckpointError) -> CheckpointError:
    return CheckpointError(
        f"The network that the package carries cannot be used: {error} Or install the package again: "
        f"python -m pip install --force-reinstall --no-deps lesionseg, with the address it was installed from."
    )
