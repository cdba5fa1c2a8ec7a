"""What a file of a network tells whoever opens it: origin, score, licence, what it must not be used for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.utils.schemas import Count, Name, Schema, SchemaError, Sha256, Share, check

NOTICE = "For study and research. Not a medical device: a mask or its absence says nothing about a diagnosis."
_ORIGIN = (
    "MIT, like the code. The encoder began from torchvision's ImageNet weights (BSD-3-Clause). Trained on photos and"
)
LICENCES = {
    "exact": f"{_ORIGIN} masks that are CC-0.",
    "all": f"{_ORIGIN} masks of ISIC: photos and masks of 2016 and 2017 are CC-0, masks of 2018 CC BY-NC 4.0.",
}
"""Of a network and of what went into it, by the masks that its recipe takes."""


class TestScore(Schema):
    """Mean Jaccard index over the test images by the organisers' rule, and its 95 % interval."""

    mean: Share
    low: Share
    high: Share
    images: Count


class About(Schema):
    """Of one network. What a run has no record of is None."""

    recipe: Name
    threshold: Share
    licence: Name
    notice: Name = NOTICE
    seed: Count | None = None
    commit: str | None = None
    data: Name | None = None
    """Name of the training data, and how many photos they are."""
    jaccard: TestScore | None = None
    record: Sha256 | None = None
    """Of the values of its record in ``results/``."""

    def told(self) -> dict[str, str]:
        """What is known, as texts: how a file that holds texts alone carries it."""
        values: dict[str, Any] = self.model_dump(exclude_none=True)
        return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


# ---- inside a file of safetensors, whose header is JSON

_KEY = "about"


def header_of(weights: bytes) -> Any:
    """What stands before the tensors. Raises ``ValueError`` where that is no JSON."""
    return json.loads(weights[8 : 8 + int.from_bytes(weights[:8], "little")].decode("utf-8"))


def with_about(weights: bytes, about: About) -> bytes:
    """The same tensors with ``about`` in their header, its keys in order: the same network gives the same bytes."""
    length = int.from_bytes(weights[:8], "little")
    header = header_of(weights)
    header["__metadata__"][_KEY] = about.model_dump_json(exclude_none=True)
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + weights[8 + length :]


def read_about(path: Path) -> About | None:
    """What a file of weights tells of its network; None where it tells nothing. Raises ``CheckpointError``."""
    try:
        told = header_of(path.read_bytes())["__metadata__"].get(_KEY)
        return None if told is None else check(About, json.loads(told))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, SchemaError) as error:
        raise CheckpointError(f"{path}: it cannot be read what network this is ({error}). Copy it again.") from error
