"""Data, networks and recipes so small that a training epoch takes a fraction of a second."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState
from torch import Tensor, nn
from torch.nn import functional as F

from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.data.datasets import LesionDataset
from lesionseg_lib.models import decoders
from lesionseg_lib.models.encoder import MobileNetV2Encoder, weights_file
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training.checkpoints import CHECKPOINT
from lesionseg_lib.training.recipes import Recipe, get_recipe

torch.set_num_threads(1)  # tensors this small only wait for a second thread


class TinyDecoder(nn.Module):
    """1,281 parameters and a dropout, so that a test can tell whether random numbers go on where they stopped."""

    def __init__(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Conv2d(channels[-1], 1, 1)

    def forward(self, pyramid: list[Tensor], size: tuple[int, int]) -> Tensor:
        return F.interpolate(self.head(self.dropout(pyramid[-1])), size=size, mode="bilinear", align_corners=False)


class ArrayDataset(LesionDataset):
    """Images and truths from lists of arrays, of any sizes."""

    def __init__(self, images: Sequence[Any], truths: Sequence[Any], name: str = "arrays") -> None:
        self.name, self.images, self.truths = name, list(images), list(truths)
        self.ids = tuple(f"{name}-{number}" for number in range(len(self.truths)))

    def image(self, index: int) -> Any:
        return self.images[index]

    def truth(self, index: int) -> Any:
        return self.truths[index]

    def _stamp(self, index: int) -> str:
        return hashlib.sha256(self._content(index)).hexdigest()

    def _content(self, index: int) -> bytes:
        return self.images[index].tobytes() + self.truths[index].tobytes()


def discs(n: int, side: int = 32, seed: int = 0, name: str = "discs") -> CachedDataset:
    """Dark discs on noisy, bright skin: images uint8 (n, side, side, 3), masks uint8 0/1 (n, side, side)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    masks = np.zeros((n, side, side), np.uint8)
    for mask in masks:
        (cy, cx), r = rng.uniform(0.35, 0.65, 2) * side, rng.uniform(0.2, 0.4) * side
        mask[(y - cy) ** 2 + (x - cx) ** 2 < r * r] = 1
    images = rng.integers(0, 60, (n, side, side, 3)) + np.where(masks[..., None] == 1, 60, 180)
    return cached(images.astype(np.uint8), masks, f"{name}-{seed}-{n}-{side}")


def cached(images: np.ndarray, masks: np.ndarray, fingerprint: str = "in memory") -> CachedDataset:
    """Arrays as if ``decode_once`` had read them from disk."""
    ids = tuple(f"{fingerprint}-{number}" for number in range(len(masks)))
    return CachedDataset(ids, images, masks, fingerprint, masks.shape[1:], Path("nowhere"))


def tiny_recipe(name: str = "transposed-finetuned", **changes: Any) -> Recipe:
    """A recipe cut to 32 x 32 pixels, batches of four and the tiny decoder (see ``tiny_decoder``)."""
    settings = {"decoder": "tiny", "size": (32, 32), "batch_size": 4, "epochs": 3, **changes}
    return replace(get_recipe(name), **settings)


def tiny_segmenter(decoder: str = "transposed", seed: int = 0) -> Segmenter:
    """A segmenter with random weights from a seed."""
    torch.manual_seed(seed)
    encoder = MobileNetV2Encoder(weights=None)
    return Segmenter(encoder, decoders.build_decoder(decoder, encoder.channels, encoder.strides))


@pytest.fixture
def tiny_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers ``TinyDecoder`` under the name "tiny": checkpoints of 9 MB in place of 84."""
    monkeypatch.setitem(decoders.DECODERS, "tiny", TinyDecoder)


@pytest.fixture
def accelerator() -> Iterator[Accelerator]:
    """Accelerate on one CPU process, whatever the machine has: only there runs are equal bit for bit."""
    forget_accelerators()
    yield Accelerator(cpu=True)
    forget_accelerators()


def forget_accelerators() -> None:
    """Accelerate keeps its device and precision in singletons; without this the first test decides for all."""
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()


@pytest.fixture
def imagenet_weights() -> Path:
    """The cached weights file; skips the test where there is none (tests never download it)."""
    path = weights_file()
    if not path.exists():
        pytest.skip(f"no ImageNet weights at {path}; set TORCH_HOME to where they are")
    return path


def checkpoint_of(folder: Path) -> dict[str, Any]:
    return dict(torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True))


def assert_same_run(one: Path, other: Path) -> None:
    """Two runs ended in the same bits: weights, running statistics, optimiser, schedule, history, previews."""
    a, b = checkpoint_of(one), checkpoint_of(other)
    for state in (a, b):
        for row in state["history"]:
            del row["seconds"]
    assert same_bits(a, b)


def same_bits(a: Any, b: Any) -> bool:
    """Whether two nests of dicts, lists and tensors are equal to the last bit."""
    if isinstance(a, Tensor):
        return isinstance(b, Tensor) and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_bits(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same_bits(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)
