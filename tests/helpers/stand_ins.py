"""Small stand-ins for what lessons have: photos, a network that calls dark what is dark, runs."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lesionseg_lib.data.datasets import SyntheticLesions, resize_image
from lesionseg_lib.data.splits import Splits
from lesionseg_lib.evaluation import scoring
from lesionseg_lib.experiments.profiles import PROFILES
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training import build, recipes

SIZE = (64, 64)
EDGES = (0, 1, 2, 4, 8, 16, np.inf)


class Pools(nn.Module):
    """An "encoder" whose five maps are the photo itself, ever coarser."""

    channels, strides = (3,) * 5, (2, 4, 8, 16, 32)

    def forward(self, x: Tensor) -> list[Tensor]:
        return [F.avg_pool2d(x, stride) for stride in self.strides]


class Dark(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(-3.0))

    def forward(self, pyramid: list[Tensor], size: tuple[int, int]) -> Tensor:
        green = F.interpolate(pyramid[0][:, 1:2] + 0.1 * pyramid[0][:, :1], size=size, mode="bilinear")
        return self.slope * (green - 0.4)


def decoded(data: SyntheticLesions) -> Any:
    photos = [data[i] for i in range(len(data))]
    images = np.stack([resize_image(p.image, SIZE) for p in photos])
    masks = np.stack([resize_image(p.mask.astype(np.uint8) * 255, SIZE) > 127 for p in photos]).astype(np.uint8)
    return SimpleNamespace(images=images, masks=masks, ids=data.ids, size=SIZE)


def centred(recipe: str, layer: str) -> Segmenter:
    """A network that was never trained, its last bias moved so that half of the pixels are lesion."""
    torch.manual_seed(0)
    model = build.build_segmenter(recipes.get_recipe(recipe), None).eval().requires_grad_(False)
    for norm in (module for module in model.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.momentum = 0.5
    model.train()  # a few times, so that batch norm knows the photos and no layer is dead
    for _ in range(6):
        nn.Module.train(model.encoder)  # defended against `model.train()` where it is frozen
        model(model.normalise(lesson().decoded.train.images))
    model.eval()
    bias = model.decoder.get_submodule(layer).bias
    bias -= float(np.median(model.logits(lesson().decoded.validation.images)))
    return model


@cache
def lesson() -> Any:
    splits = Splits(*(SyntheticLesions(n, size=80, seed=seed) for seed, n in enumerate((12, 8, 6))))
    parts = SimpleNamespace(**{name: decoded(part) for name, part in vars(splits).items()})
    return SimpleNamespace(profile=PROFILES["smoke"], splits=splits, decoded=parts)


@cache
def dark() -> Segmenter:
    return Segmenter(Pools(), Dark()).eval()


def score(logits: Any, part: str = "validation") -> float:
    return float(scoring.score_images(sigmoid(logits), getattr(lesson().splits, part))["jaccard"].mean())


def official(model: Segmenter, part: str = "validation") -> float:
    return score(model.logits(getattr(lesson().decoded, part).images), part)
