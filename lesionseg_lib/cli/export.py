"""A trained network as one file for other runtimes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lesionseg_lib.cli.networks import open_for_export
from lesionseg_lib.data.datasets import ISIC2016
from lesionseg_lib.data.images import resize_image
from lesionseg_lib.data.splits import split_validation
from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.models.export import check_export_size, export_onnx
from lesionseg_lib.models.weight_formats import WEIGHTS, Photos
from lesionseg_lib.utils.files import write_bytes
from lesionseg_lib.utils.lookup import look_up

FORMATS = {"onnx": ".onnx"}
CALIBRATION_PHOTOS = 64


def export_network(
    model: str | None,
    runs: Path,
    *,
    file_format: str,
    weights: str,
    side: int | None,
    output: Path | None,
    overwrite: bool,
    report: Callable[[str], None],
) -> Path:
    """Write the network of ``model`` (see ``find_model``), or the package's own, to ``output``.

    Raises ``CheckpointError`` where a file of that name is there and may not be replaced, or cannot be written; and
    what ``export_onnx`` raises.
    """
    suffix = look_up(FORMATS, file_format, "format of files")
    look_up(WEIGHTS, weights, "format of weights")
    network, card, about, place = open_for_export(model, runs)
    size = (side, side) if side is not None else (card["size"][0], card["size"][1])
    check_export_size(size)
    path = output or Path(f"{about.recipe}-{size[0]}-{weights}{suffix}")
    if os.path.lexists(path) and not overwrite:
        raise CheckpointError(f"{path} exists. Choose another name with --output, or add --overwrite.")
    photos = calibration_photos(size) if weights == "int8" else None
    report(f"Network  {place}: {about.recipe}, threshold {about.threshold}")
    content = export_onnx(network, about, size, weights, photos)
    try:
        write_bytes(path, content)
    except OSError as error:
        raise CheckpointError(f"{path}: the export cannot be written ({error.strerror or error}).") from error
    report(f"Wrote    {path}: {len(content) / 1e6:.2f} MB, photos of {size[0]} x {size[1]}, {WEIGHTS[weights]}")
    return path


def calibration_photos(size: tuple[int, int]) -> Photos:
    """Photos of the training part of ISIC 2016, evenly spaced, resized to ``size``: uint8 (N, H, W, 3).

    Raises ``DatasetNotFoundError``, which says how to get them.
    """
    train, _ = split_validation(ISIC2016(split="train"))
    chosen = np.linspace(0, len(train) - 1, min(CALIBRATION_PHOTOS, len(train))).round().astype(int)
    return np.stack([resize_image(train.image(int(index)), size) for index in chosen])
