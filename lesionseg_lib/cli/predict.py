"""Masks for photos of one's own: from files and folders to ``<name>_mask.png`` and ``<name>_overlay.jpg``."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import PIL.Image

from lesionseg_lib.cli.console import say
from lesionseg_lib.cli.networks import Asked
from lesionseg_lib.data.datasets import Image, Mask, read_image, resize_image
from lesionseg_lib.data.datasets.base import shorten
from lesionseg_lib.data.datasets.folder import list_folder, named_like_image
from lesionseg_lib.data.images import count_frames, upright_size
from lesionseg_lib.errors import DataError
from lesionseg_lib.models.about import NOTICE
from lesionseg_lib.models.postprocessing import probability_mask
from lesionseg_lib.utils.files import is_file, is_folder, leads_nowhere, replacing

MAX_SIDE = 4096
"""A larger photo is reduced to this while it is decoded, and its overlay stays so; its mask has the photo's size."""

_NOT_PHOTOS = ("_mask", "_overlay", "_segmentation", "_superpixels")
_BLUE, _WHITE = (0, 114, 178), (255, 255, 255)


@dataclass(frozen=True)
class Prediction:
    """What was written for a photo. ``share``: the part of the photo that the mask covers, 0 to 1."""

    photo: Path
    mask: Path
    overlay: Path
    share: float


def collect_photos(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Photos to predict, each once, and files of the folders that were left aside.

    A file is taken whatever it is called. From a folder those that are named like photos are taken, without what is
    named like a mask or an overlay; sub-folders are not entered. A folder that cannot be listed, and a link that leads
    nowhere, are among the photos: they will be named as failures.
    """
    photos: dict[Path, Path] = {}
    aside = []
    for path in paths:
        try:
            files = list_folder(path) if is_folder(path) else None
        except DataError:
            files = None
        if files is None:
            photos.setdefault(_resolved(path), path)
            continue
        for file in files:
            there = is_file(file) or leads_nowhere(file)
            if not there or not named_like_image(file) or file.stem.lower().endswith(_NOT_PHOTOS):
                aside.append(file)
            else:
                photos.setdefault(_resolved(file), file)
    return list(photos.values()), aside


def output_names(photos: Sequence[Path]) -> list[str]:
    """A name for each photo's output: its own, or where two would be the same, folder, name and kind: ``day1-a-jpg``.

    Capital letters do not tell names apart, because on macOS and Windows they do not.
    """
    counts = Counter(photo.stem.casefold() for photo in photos)
    taken = {stem for stem, count in counts.items() if count == 1}
    names = []
    for photo in photos:
        name = photo.stem
        if counts[name.casefold()] > 1:
            whole = f"{_resolved(photo).parent.name}-{photo.stem}-{photo.suffix[1:]}"
            name, number = whole, 1
            while name.casefold() in taken:
                number += 1
                name = f"{whole}-{number}"
            taken.add(name.casefold())
        names.append(name)
    return names


def predict_photos(
    paths: Sequence[Path],
    network: Asked,
    threshold: float | None,
    out: Path,
    overwrite: bool,
    frame: int | None,
) -> bool:
    """The command: say which network is asked, segment all photos, say what went wrong. Whether nothing did."""
    threshold = network.threshold if threshold is None else threshold
    say(f"Model    {network.told}, threshold {threshold}")
    done, failures = predict_all(network, threshold, paths, out, overwrite, say, frame)
    say(f"{done} of {done + len(failures)} photos done. {NOTICE}")
    for failure in failures or ([] if done else [f"No photo in {', '.join(map(str, paths))}."]):
        say(f"Error: {failure}", err=True)
    return bool(done) and not failures


def predict_all(
    network: Asked,
    threshold: float,
    paths: Sequence[Path],
    folder: Path,
    overwrite: bool,
    report: Callable[[str], None],
    frame: int | None = None,
) -> tuple[int, list[str]]:
    """Segment every photo of ``paths`` (see ``collect_photos``) as ``predict_file`` does.

    One that fails, for whatever reason, does not stop the others. Returns the number done and what went wrong, a
    sentence each.
    """
    photos, aside = collect_photos(paths)
    keep = [_resolved(photo) for photo in photos]
    failures = []
    for photo, name in zip(photos, output_names(photos), strict=True):
        try:
            done = predict_file(network, threshold, photo, folder, name, keep, overwrite, frame)
        except Exception as error:
            failures.append(_reason(photo, error))
            report(f"{photo}: failed, see below")
        else:
            found = f"lesion on {done.share:.1%} of the photo" if done.share else "NO lesion found, the mask is empty"
            report(f"{photo}: {found} -> {done.mask}, {done.overlay.name}")
    if aside:
        report(f"Left aside, not photos: {shorten(map(str, aside))}")
    return len(photos) - len(failures), failures


def predict_file(
    network: Asked,
    threshold: float,
    photo: Path,
    folder: Path,
    name: str,
    keep: Sequence[Path] = (),
    overwrite: bool = False,
    frame: int | None = None,
) -> Prediction:
    """Segment one photo and write ``<name>_mask.png`` (0 and 255, at the photo's size) and ``<name>_overlay.jpg``.

    An EXIF orientation is applied first, so mask and overlay stand as a viewer shows the photo. Files in ``keep``
    (resolved) are never written over, others only with ``overwrite``. Raises ``DataError``.
    """
    if is_folder(photo):
        list_folder(photo)  # says why it was taken for a photo
    mask_file, overlay_file = folder / f"{name}_mask.png", folder / f"{name}_overlay.jpg"
    for file in (mask_file, overlay_file):
        if _resolved(file) in keep:
            raise DataError(f"{photo}: its output {file} is one of the photos given. Choose another folder with --out.")
        if os.path.lexists(file) and not overwrite:
            raise DataError(f"{photo}: {file} exists. Choose another folder with --out, or add --overwrite.")
    image = read_image(photo, MAX_SIDE, _frame_of(photo, frame))
    probabilities = network.probabilities(resize_image(image, network.size)[None])[0]
    height, width, _ = image.shape
    overlay = draw_outline(image, probability_mask(probabilities, (height, width), threshold))
    del image  # of a large photo, before its mask is made
    mask = probability_mask(probabilities, upright_size(photo, _frame_of(photo, frame)), threshold)
    try:
        with replacing(mask_file) as part:
            PIL.Image.fromarray(mask.astype(np.uint8) * 255).save(part, format="PNG")
        with replacing(overlay_file) as part:
            PIL.Image.fromarray(overlay).save(part, format="JPEG", quality=92)
    except OSError as error:
        raise DataError(f"{photo}: its output cannot be written to {folder}: {error.strerror or error}.") from error
    return Prediction(photo, mask_file, overlay_file, float(mask.mean()))


def draw_outline(image: Image, mask: Mask) -> Image:
    """A copy of an RGB image (H, W, 3) with the outline of the mask (H, W): blue between white, seen on any skin."""
    drawn = image.copy()
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    width = max(1, round(max(mask.shape) / 300))
    for colour, thickness in ((_WHITE, 3 * width), (_BLUE, width)):
        cv2.drawContours(drawn, outlines, -1, colour, thickness)
    return drawn


def _frame_of(photo: Path, frame: int | None) -> int | None:
    """The frame asked for, where a photo has several."""
    return frame if frame is not None and count_frames(photo) > 1 else None


def _resolved(path: Path) -> Path:
    """The file a path leads to. Unlike ``Path.resolve`` it says nothing of links that go round in circles."""
    return Path(os.path.realpath(path))


def _reason(photo: Path, error: Exception) -> str:
    if isinstance(error, DataError):
        return str(error)
    if isinstance(error, OSError):
        return f"{photo}: {error.strerror or error}."
    if isinstance(error, MemoryError):
        return f"{photo}: there is not enough memory for it. Reduce it first."
    return f"{photo}: {type(error).__name__}: {' '.join(str(error).split())[:200]}."
