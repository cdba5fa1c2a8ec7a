"""A folder of pairs, one loader that reads it rightly, and six that make one mistake each; and five to be judged.

Every mistake runs without an error and yields arrays of the right shape. For lessons and exercises only.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lesionseg_lib.data.datasets import Sample, read_image, read_mask, resize_image, resize_mask
from lesionseg_lib.utils.pictures import write_picture

U8 = NDArray[np.uint8]
QUALITY = 90  # of the JPEG files; cameras store 90 to 95


class Pairs(NamedTuple):
    """What a loader hands to the network, and beside it what only the author of a mistake can know."""

    images: U8
    """(N, H, W, 3)"""
    masks: U8
    """(N, H, W)"""
    truth: U8
    """(N, H, W), 0 or 1: the mask that belongs to each of ``images`` as it is."""


Loader = Callable[[Path, tuple[int, int]], Pairs]


def write_pairs(samples: Iterable[Sample], folder: Path, scale: int = 1) -> int:
    """Write ``images/1.jpg`` and ``masks/1.png`` (0 and 255), ``2`` ..., into a new folder; the JPEGs' bytes in all.

    ``scale`` enlarges the photos, to see what larger files would cost; masks are enlarged by the nearest pixel.
    """
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    total = 0
    for number, sample in enumerate(samples, start=1):
        size = (scale * sample.mask.shape[0], scale * sample.mask.shape[1])
        photo, mask = resize_image(sample.image, size), resize_mask(sample.mask, size)
        image_path, mask_path = _paths(folder, number)
        write_picture(image_path, np.ascontiguousarray(photo[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        write_picture(mask_path, mask.astype(np.uint8) * 255)
        total += image_path.stat().st_size
    return total


def count_pairs(folder: Path) -> int:
    """How many photos ``write_pairs`` put there."""
    return len(list((folder / "images").glob("*.jpg")))


def read_pair(folder: Path, number: int, size: tuple[int, int]) -> tuple[U8, U8]:
    """Decode and resize pair ``number``, from 1: image uint8 (H, W, 3), mask uint8 (H, W), 0 or 1."""
    image_path, mask_path = _paths(folder, number)
    return resize_image(read_image(image_path), size), resize_mask(read_mask(mask_path), size).astype(np.uint8)


def load_right(folder: Path, size: tuple[int, int]) -> Pairs:
    """Every pair by its number, resized to ``size`` (height, width)."""
    pairs = [read_pair(folder, number, size) for number in range(1, count_pairs(folder) + 1)]
    masks = np.stack([mask for _, mask in pairs])
    return Pairs(np.stack([image for image, _ in pairs]), masks, masks)


def agreement(pairs: Pairs) -> float:
    """Mean Jaccard index of the masks handed out, lesion where they are not 0, and those that belong to the images."""
    given, truth = pairs.masks != 0, pairs.truth == 1
    return float(((given & truth).sum((1, 2)) / (given | truth).sum((1, 2))).mean())


def flipped_alone(folder: Path, size: tuple[int, int]) -> Pairs:
    """Every image is flipped left to right; the mask stays."""
    images, masks, _ = load_right(folder, size)
    return Pairs(images[:, :, ::-1], masks, masks[:, :, ::-1])


def sorted_differently(folder: Path, size: tuple[int, int]) -> Pairs:
    """Images as a listing sorts text (1, 10, 11, 2), masks as numbers."""
    right = load_right(folder, size)
    as_text = sorted(range(len(right.images)), key=lambda index: str(index + 1))
    return Pairs(right.images[as_text], right.masks, right.masks[as_text])


def swapped_size(folder: Path, size: tuple[int, int]) -> Pairs:
    """``cv2.resize`` wants (width, height) and was given (height, width) for the mask; a reshape then "repairs" it."""
    right = load_right(folder, size)
    masks = [read_mask(_paths(folder, number)[1]) for number in range(1, len(right.images) + 1)]
    swapped = [cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).reshape(size) for mask in masks]
    return Pairs(right.images, np.stack(swapped), right.truth)


def bytes_as_targets(folder: Path, size: tuple[int, int]) -> Pairs:
    """The mask's bytes as they are in the file, 0 and 255."""
    right = load_right(folder, size)
    return Pairs(right.images, right.masks * np.uint8(255), right.truth)


def blue_first(folder: Path, size: tuple[int, int]) -> Pairs:
    """OpenCV reads blue, green, red; nobody turned them round."""
    right = load_right(folder, size)
    return Pairs(right.images[..., ::-1], right.masks, right.truth)


def same_seed(folder: Path, size: tuple[int, int]) -> Pairs:
    """Two generators with the same seed, but the image's draws once more: for its brightness, before the flip."""
    images, masks, truth = (array.copy() for array in load_right(folder, size))
    for number in range(len(images)):
        for_image, for_mask = random.Random(number), random.Random(number)
        images[number] = _brighter(images[number], for_image.uniform(0.9, 1.1))
        if for_image.random() < 0.5:
            images[number], truth[number] = images[number, :, ::-1].copy(), truth[number, :, ::-1].copy()
        if for_mask.random() < 0.5:
            masks[number] = masks[number, :, ::-1].copy()
    return Pairs(images, masks, truth)


MISTAKES: dict[str, Loader] = {
    "image flipped alone": flipped_alone,
    "sorted differently": sorted_differently,
    "size (W, H) for (H, W)": swapped_size,
    "same seed, other draws": same_seed,
    "mask 0 and 255": bytes_as_targets,
    "blue first": blue_first,
}


def _both_flipped(folder: Path, size: tuple[int, int]) -> Pairs:
    pairs = (array[:, ::-1, ::-1] for array in load_right(folder, size))
    return Pairs(*pairs)


def _darker(folder: Path, size: tuple[int, int]) -> Pairs:
    right = load_right(folder, size)
    return Pairs(_brighter(right.images, 0.7), right.masks, right.truth)


LINE_UP: dict[str, Loader] = {
    "A": _both_flipped, "B": same_seed, "C": blue_first, "D": _darker, "E": sorted_differently,
}  # fmt: skip
"""Five loaders for an exercise. Which are wrong? Reading this file is cheating; describing their pairs is not."""


def lineup_fault(accused: Sequence[str]) -> str | None:
    """How many accused letters of ``LINE_UP`` read rightly, how many wrong loaders were missed; None: neither."""
    if unknown := sorted(set(accused) - set(LINE_UP)):
        return f"There is no loader {', '.join(unknown)}; there are {', '.join(LINE_UP)}."
    wrong = {letter for letter, loader in LINE_UP.items() if loader in MISTAKES.values()}
    unjustly, missed = len(set(accused) - wrong), len(wrong - set(accused))
    if unjustly or missed:
        return f"{unjustly} of the accused read rightly, and {missed} wrong loaders are still free."
    return None


def _paths(folder: Path, number: int) -> tuple[Path, Path]:
    return folder / "images" / f"{number}.jpg", folder / "masks" / f"{number}.png"


def _brighter(image: NDArray[Any], factor: float) -> U8:
    return np.asarray((image * factor).round().clip(0, 255), np.uint8)
