"""What a file of a network tells whoever opens it: origin, score, licence, what it must not be used for."""

from __future__ import annotations

import json
from typing import Any

from lesionseg_lib.utils.schemas import Count, Name, Schema, Sha256, Share

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
