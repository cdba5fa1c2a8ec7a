"""Tiny stand-ins for the archives and folders of ISIC 2016."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from lesionseg_lib.data.datasets.isic_download import FOLDERS

PREFIX = {"train": "ISIC_1", "test": "ISIC_2"}


def photo(height: int = 6, width: int = 8, seed: int = 0) -> np.ndarray:
    """Noise, so that no two photos are alike: uint8 (height, width, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def disc(height: int = 6, width: int = 8) -> np.ndarray:
    """Mask with the inner half of rows and columns set: bool (height, width)."""
    mask = np.zeros((height, width), dtype=bool)
    mask[height // 4 : height - height // 4, width // 4 : width - width // 4] = True
    return mask


def encoded(array: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind)
    return buffer.getvalue()


def save_pair(images: Path, masks: Path, sample_id: str, seed: int = 0, size: tuple[int, int] = (6, 8)) -> None:
    images.mkdir(parents=True, exist_ok=True)
    masks.mkdir(parents=True, exist_ok=True)
    (images / f"{sample_id}.jpg").write_bytes(encoded(photo(*size, seed), "JPEG"))
    (masks / f"{sample_id}_Segmentation.png").write_bytes(encoded(disc(*size).astype(np.uint8) * 255))


def isic_tree(root: Path, counts: dict[str, int] | None = None) -> Path:
    """The organisers' four folders with a few pairs: ``ISIC_1000000`` ... in train, ``ISIC_2000000`` ... in test."""
    for split, count in (counts or {"train": 3, "test": 2}).items():
        for number in range(count):
            images, masks = (root / folder for folder in FOLDERS[split])
            save_pair(images, masks, f"{PREFIX[split]}{number:06d}", seed=number)
    return root


def zipped(folder: Path) -> bytes:
    """A zip archive of a folder, with the folder itself as the first part of each name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{folder.name}/", b"")
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{folder.name}/{file.name}")
    return buffer.getvalue()


def isic_archives(scratch: Path, counts: dict[str, int] | None = None) -> dict[str, bytes]:
    """The organisers' four archives: {"ISBI2016_ISIC_Part1_Test_Data.zip": bytes, ...}."""
    tree = isic_tree(scratch / "tree", counts)
    return {f"{folder.name}.zip": zipped(folder) for folder in sorted(tree.iterdir())}


def mirror_arrays(side: int = 4) -> dict[str, np.ndarray]:
    """The mirror's six arrays, with 3, 1 and 2 samples."""
    arrays = {}
    for seed, (split, count) in enumerate((("train", 3), ("val", 1), ("test", 2))):
        rng = np.random.default_rng(seed)
        arrays[f"{split}_images"] = rng.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
        arrays[f"{split}_label"] = rng.integers(0, 2, (count, side, side), dtype=np.uint8)
    return arrays


def npz(arrays: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def damaged(archive, how):
    match how:
        case "cut short":
            return archive[: len(archive) // 2]
        case "flipped byte":  # inside the first photo; the archive is not compressed
            place = archive.index(b".jpg") + 100
            return archive[:place] + bytes([archive[place] ^ 255]) + archive[place + 1 :]
        case "no zip":
            return b"something else"
        case "empty":
            return b""


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())
