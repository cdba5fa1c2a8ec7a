"""What is fuzzed: each target takes the bytes of a hostile file and must end right, or in one of the library's errors.

To add one: a function of a path, its seeds, and a line in ``TARGETS``.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import PIL.Image
from safetensors.numpy import save

from lesionseg_lib.assignments.files import READERS
from lesionseg_lib.assignments.hand_in import read_hand_in, zipped
from lesionseg_lib.assignments.model import FileRule
from lesionseg_lib.assignments.registry import get_assignment
from lesionseg_lib.data.datasets import read_image, read_mask
from lesionseg_lib.data.datasets.download import unpack
from lesionseg_lib.data.datasets.isic_mirror import MirrorArrays
from lesionseg_lib.data.datasets.manifest import read_manifest
from lesionseg_lib.data.images import upright_size
from lesionseg_lib.errors import LesionSegError
from tests.helpers.archives import disc, mirror_arrays, npz, photo
from tests.helpers.fuzzing import run_files
from tests.helpers.hand_ins import members
from tests.helpers.picture_files import chunk, exif_chunk, png, tiff

LARGEST = 1_000_000
"""Pixels a fuzzed picture may have: a larger one is refused in any case, and takes time before."""


@dataclass(frozen=True)
class Target:
    """``check`` reads a file; what it raises beside ``LesionSegError`` is a finding. ``seeds``: files to damage."""

    check: Callable[[Path], None]
    seeds: Callable[[], list[bytes]]
    name: str = "file"


def _photo(path: Path) -> None:
    image = read_image(path)
    assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3 and image.size
    assert upright_size(path) == image.shape[:2]
    assert max(read_image(path, max_side=4).shape[:2]) <= max(4, 1)


def _mask(path: Path) -> None:
    mask = read_mask(path)
    assert mask.dtype == np.bool_ and mask.ndim == 2 and mask.size
    for wanted in (1, "grey"):
        assert read_mask(path, mask_value=wanted).shape == mask.shape  # type: ignore[arg-type]


def _manifest(path: Path) -> None:
    for sample_id, values in read_manifest(path).items():
        assert sample_id and all(key and value for key, value in values.items())


def _archive(path: Path) -> None:
    out = path.parent / "out"
    try:
        unpack(path, out)
        assert all(file.parent == out and file.is_file() for file in out.rglob("*"))
        assert sum(file.stat().st_size for file in out.iterdir()) <= 10 * path.stat().st_size + (100 << 20)
    finally:
        shutil.rmtree(out, ignore_errors=True)


def _mirror(path: Path) -> None:
    data = MirrorArrays(path, "test", "mirror")
    for number in range(min(2, len(data))):
        assert data[number].mask.dtype == np.bool_


def _hand_in(path: Path) -> None:
    """With a file of each kind; what its readers refuse is a problem of that file alone."""
    found = read_hand_in(path, EVERY_KIND)
    assert found.student and all(isinstance(cell, str) for cell in found.cells)
    assert all(reason.strip() for reason in found.problems.values())


EVERY_KIND = replace(
    get_assignment("a1"),
    files={f"{kind}/*": FileRule(kind, 1 << 20, needed=False) for kind in READERS},
)


def _hand_ins() -> list[bytes]:
    weights = {"w": np.ones((2, 2), np.float32)}
    files = {
        "json/a": b'{"a": [1, null]}', "npz/a": npz({"a": np.arange(3)}), "weights/a": save(weights),
        "mask/a": png(disc(6, 9).astype(np.uint8) * 255),
        # A graph of one node, "Relu".
        "onnx/a": bytes([0x3A, 8, 0x0A, 6, 0x22, 4]) + b"Relu",
    }  # fmt: skip
    packed = zipped({**members("ann"), **files})
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {**members("ann"), **files}.items():
            archive.writestr(name, content)
    return [packed, stored.getvalue()]


def _saved(array: np.ndarray, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()


def _photos() -> list[bytes]:
    rgb = photo(6, 9)
    frames = [PIL.Image.fromarray(rgb[..., 0])]
    return [
        *(_saved(rgb, kind) for kind in ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF")),
        _saved(rgb[..., 0], "PNG", save_all=True, append_images=frames),
        _saved(rgb, "MPO", save_all=True, append_images=frames),
        _saved(rgb, "JPEG", progressive=True),
        _saved(rgb, "TIFF", compression="tiff_lzw"),
        png(rgb, extra=exif_chunk(6) + chunk(b"iCCP", b"p\0\0x")),
        png(rgb.astype(int) * 257, 16),
        tiff(rgb, orientation=6),
        tiff(rgb.astype("u2"), order=">"),
    ]


def _masks() -> list[bytes]:
    lesion = disc(6, 9).astype(np.uint8)
    return [
        png(lesion, 1),
        png(lesion, 2),
        png(lesion * 255),
        png(lesion.astype(int) * 65535, 16),
        png(np.dstack([lesion] * 4) * 255),
        png(np.dstack([lesion] * 3).astype(int) * 65535, 16),
        png(lesion, palette=[(0, 0, 0), (128, 0, 0)], transparent=b"\0\xff"),
        *(tiff(lesion.astype(kind), orientation=5) for kind in ("u1", "u2", "i2", "u4", "f4")),
        tiff(np.dstack([lesion] * 3).astype("u2"), orientation=6),
        tiff(np.dstack([lesion] * 4)),
        tiff(lesion, lesion),
        *(_saved(lesion * 255, kind) for kind in ("BMP", "GIF", "JPEG", "WEBP")),
    ]


def _manifests() -> list[bytes]:
    text = 'id,diagnosis,note\r\na,benign,"x, y"\r\nb,,\r\n'
    return [text.encode(encoding) for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32")] + [
        text.replace(",", delimiter).encode() for delimiter in ";\t"
    ]


def _archives() -> list[bytes]:
    found = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            archive.writestr("top/", b"")
            archive.writestr("top/a.jpg", bytes(range(256)))
            archive.writestr("__MACOSX/top/._a.jpg", b"x")
        found.append(buffer.getvalue())
    return found


TARGETS: dict[str, Target] = {
    "photo": Target(_photo, _photos),
    "mask": Target(_mask, _masks),
    "manifest": Target(_manifest, _manifests),
    "archive": Target(_archive, _archives, "archive.zip"),
    "mirror": Target(_mirror, lambda: [npz(mirror_arrays())], "mirror.npz"),
    "card": Target(run_files.card, run_files.cards, "model.json"),
    "record": Target(run_files.record, run_files.records, "light/seed0.json"),
    "table": Target(run_files.table, run_files.tables, "seed0.csv"),
    "checkpoint": Target(run_files.checkpoint, run_files.checkpoints, "checkpoint.pt"),
    "history": Target(run_files.history, run_files.histories, "history.csv"),
    "previews": Target(run_files.previews, run_files.stacks, "previews.npz"),
    "logits": Target(run_files.logits, run_files.logit_files, "test_logits.npz"),
    "run": Target(run_files.manifest, run_files.manifests, "run.json"),
    "runs": Target(run_files.listing, run_files.listings, "runs.json"),
    "hand_in": Target(_hand_in, _hand_ins, "a1-ann.zip"),
    "cache": Target(run_files.cache, run_files.caches, "cache.json"),
}


def run_target(target: Target, content: bytes) -> bool:
    """Whether the file was taken (True) or refused in the library's words (False); any other end is raised."""
    largest, PIL.Image.MAX_IMAGE_PIXELS = PIL.Image.MAX_IMAGE_PIXELS, LARGEST
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
            path = Path(folder) / target.name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            try:
                target.check(path)
            except LesionSegError as error:
                assert str(error).strip() and "Traceback" not in str(error)
                return False
            return True
    finally:
        PIL.Image.MAX_IMAGE_PIXELS = largest
