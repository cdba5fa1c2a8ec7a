"""MobileNetV2 as a feature pyramid whose stages can be frozen for real.

Source: Sandler et al., *MobileNetV2: Inverted Residuals and Linear Bottlenecks*, CVPR 2018; layers and weights
from torchvision.
"""

import warnings
from collections.abc import Iterable
from pathlib import Path
from textwrap import shorten

import torch
from torch import Tensor, nn
from torchvision.models import MobileNet_V2_Weights, mobilenet_v2

from lesionseg_lib.errors import DataWarning, UnknownNameError, WeightsNotFoundError
from lesionseg_lib.models.sound_weights import weights_fault
from lesionseg_lib.utils.files import file_sha256

STAGES = {1: (0, 4), 2: (4, 7), 3: (7, 14), 4: (14, 19)}
"""Stage number -> half-open range of torchvision's ``features``. A stage ends just before the stride doubles again."""

_LEVELS = (2, 4, 7, 14, 19)  # the pyramid is read after these many layers of ``features``


class MobileNetV2Encoder(nn.Module):
    """Image batch (N, 3, H, W) -> five feature maps, finest first.

    Level *i* has ``channels[i]`` channels at ``strides[i]``: 16 at 2, 24 at 4, 32 at 8, 96 at 16, 1280 at 32.
    2,223,872 parameters. H and W must be multiples of 32 (``Segmenter`` checks that).

    ``weights`` is a member of torchvision's ``MobileNet_V2_Weights``, its name, or None for random weights.
    Raises ``WeightsNotFoundError`` when weights are asked for but are neither cached nor downloadable.
    """

    channels: tuple[int, ...] = (16, 24, 32, 96, 1280)
    strides: tuple[int, ...] = (2, 4, 8, 16, 32)

    def __init__(self, weights: MobileNet_V2_Weights | str | None = "IMAGENET1K_V1") -> None:
        super().__init__()
        network = mobilenet_v2(weights=None)
        if weights is not None:
            _load_weights(network, _member(weights))
        self.features: nn.Sequential = network.features
        self.frozen: frozenset[int] = frozenset()

    def forward(self, x: Tensor) -> list[Tensor]:
        """Normalised photos (N, 3, H, W) -> the maps of every level, finest first."""
        pyramid = []
        for index, layer in enumerate(self.features, start=1):
            x = layer(x)
            if index in _LEVELS:
                pyramid.append(x)
        return pyramid

    def stage(self, number: int) -> nn.Sequential:
        """Layers of stage 1, 2, 3 or 4 (see ``STAGES``)."""
        if number not in STAGES:
            raise UnknownNameError(f"Encoder stage {number!r} does not exist. Stages are {sorted(STAGES)}.")
        start, stop = STAGES[number]
        return nn.Sequential(*list(self.features)[start:stop])

    def freeze(self, stages: Iterable[int] = tuple(STAGES)) -> None:
        """Freeze these stages and thaw all others.

        Frozen means that nothing in the stage changes any more: parameters get no gradient *and* batch norm keeps its
        running statistics, also after ``model.train()``. ``requires_grad = False`` alone does not do the second.
        Raises ``UnknownNameError`` for a stage that does not exist.
        """
        wanted = frozenset(stages)
        for number in wanted:
            self.stage(number)  # a wrong number meets its error before anything has changed
        self.frozen = wanted
        for number in STAGES:
            self.stage(number).requires_grad_(number not in wanted)
        self.train(self.training)

    def train(self, mode: bool = True) -> "MobileNetV2Encoder":
        """As ``nn.Module.train``; frozen stages keep evaluating, so that their batch norms learn nothing."""
        super().train(mode)
        for number in self.frozen:
            self.stage(number).eval()
        return self


def _member(weights: MobileNet_V2_Weights | str) -> MobileNet_V2_Weights:
    if isinstance(weights, MobileNet_V2_Weights):
        return weights
    try:
        return MobileNet_V2_Weights[weights]
    except KeyError:
        names = ", ".join(MobileNet_V2_Weights.__members__)
        raise UnknownNameError(f"Weights {weights!r} do not exist. torchvision has: {names}; or None.") from None


def weights_file(weights: MobileNet_V2_Weights | str = "IMAGENET1K_V1") -> Path:
    """Where torchvision keeps these weights, whether or not they are there (``TORCH_HOME`` decides the folder)."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(_member(weights).url).name


def weights_sha256(weights: MobileNet_V2_Weights | str = "IMAGENET1K_V1") -> str | None:
    """SHA-256 of the cached weights file, computed once a process as long as it stays; None when there is no file."""
    path = weights_file(weights)
    return file_sha256(path) if path.exists() else None


def _load_weights(network: nn.Module, weights: MobileNet_V2_Weights) -> None:
    path = weights_file(weights)
    cached = path.exists()
    try:
        state = weights.get_state_dict(progress=True, check_hash=True)
        network.load_state_dict(state)
        if fault := weights_fault(state, strict=True):
            raise ValueError(fault)
    except Exception as error:
        reason = shorten(str(error), 200)  # of a wrong state dict, torch lists every key
        if cached:
            raise WeightsNotFoundError(
                f"{path}: the cached ImageNet weights cannot be read ({reason}). Expected torchvision's "
                f"MobileNetV2 state dict of about 14 MB. Delete the file; it will be downloaded again."
            ) from error
        raise WeightsNotFoundError(
            f"ImageNet weights are not at {path} and cannot be downloaded ({reason}). Either connect to the network "
            f"once, or put the file of {weights.url} into {path.parent}, or set TORCH_HOME to the folder that holds "
            f"hub/checkpoints/{path.name}."
        ) from error
    _warn_of_others(path, weights)


RECORDED = "6a29a68a444ca10d8fdf7b573e045e767b9e17f766060769fe2eedd1c14de4c2"
"""SHA-256 of the ImageNet weights from which the recorded runs began; not torchvision's own bytes, but its values."""


def _warn_of_others(path: Path, weights: MobileNet_V2_Weights) -> None:
    """Torchvision compares a file with the digest in its name when it is downloaded, not when it is found."""
    found = weights_sha256(weights)
    if found is None or found == RECORDED or found.startswith(path.stem.rpartition("-")[2]):
        return
    warnings.warn(
        f"{path}: neither the file that torchvision names so nor the one the recorded runs began from (its SHA-256 "
        f"begins with {found[:8]}). Scores will differ. If it is not yours, delete it; it will be downloaded again.",
        DataWarning,
        stacklevel=4,
    )
