"""Photos of ISIC 2017 and 2018 that are in neither split of ISIC 2016, told apart by where they are from."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from lesionseg_lib.data.datasets.base import LesionDataset, Subset
from lesionseg_lib.data.datasets.folder import describe_folder, pair_by_id
from lesionseg_lib.data.datasets.isic_download import default_root
from lesionseg_lib.data.datasets.manifest import read_manifest
from lesionseg_lib.data.datasets.paired_files import PairedFiles
from lesionseg_lib.errors import DataError, DatasetNotFoundError

SCAN_SIDE = 6000
"""A photo this wide, in pixels, is a slide that was scanned: no camera of these sets takes one."""


class ISICExtra(Subset):
    """1,625 photos with masks in ``images`` and ``masks``, and a ``manifest.csv`` that tells where each is from.

    Origin is the native size, as far as it is known: each camera has its own. ``elsewhere`` are the photos of two
    origins that ISIC 2016 does not have, scanned slides and a camera of 2592 x 1936 pixels, all with exact masks; no
    network of the course is trained on them. ``train`` is the rest. 529 photos of it tell no native size: some of them
    may come from one of the two origins.

    Seventeen photos show lesions that test images of ISIC 2016 show too, and are in neither part (``COPIES``; searched
    by ``benchmarks/copies.py``).

    Args:
        part: "train" or "elsewhere".
        root: folder of ``images``, ``masks`` and ``manifest.csv``. By default ``isic-extra`` beside the default root of
            ISIC 2016, in ``$LESIONSEG_DATA`` if that is set.

    Raises:
        DatasetNotFoundError: nothing there; there is no public archive of just these photos.
        DataError: pairs that are incomplete, or no manifest.

    Papers: Codella et al., "Skin lesion analysis toward melanoma detection" (ISBI 2017), arXiv:1710.05006, and (2018)
    arXiv:1902.03368. Licences: photos and masks of 2016 and 2017 ("exact") CC-0; masks of 2018 CC BY-NC 4.0.
    """

    COPIES: ClassVar[dict[str, str]] = {
        "ISIC_0014657": "ISIC_0000177",
        "ISIC_0014667": "ISIC_0000198",
        "ISIC_0014763": "ISIC_0000230",
        "ISIC_0014788": "ISIC_0000165",
        "ISIC_0014795": "ISIC_0000164",
        "ISIC_0014846": "ISIC_0000222",
        "ISIC_0014927": "ISIC_0000212",
        "ISIC_0014949": "ISIC_0000226",
        "ISIC_0014957": "ISIC_0000196",
        "ISIC_0014963": "ISIC_0000160",
        "ISIC_0014964": "ISIC_0000228",
        "ISIC_0015023": "ISIC_0000201",
        "ISIC_0015034": "ISIC_0000227",
        "ISIC_0015071": "ISIC_0000174",
        "ISIC_0015132": "ISIC_0000169",
        "ISIC_0015146": "ISIC_0000231",
        "ISIC_0015201": "ISIC_0000213",
    }
    """Photo -> the test image of ISIC 2016 that shows the same lesion, photographed or scanned anew."""

    def __init__(self, part: Literal["train", "elsewhere"], root: str | Path | None = None) -> None:
        self.part = part
        self.root = extra_root() if root is None else Path(root)
        pairs = _open(self.root)
        elsewhere = {key for index, key in enumerate(pairs.ids) if _is_elsewhere(pairs.attributes(index))}
        wanted = elsewhere if part == "elsewhere" else set(pairs.ids) - elsewhere
        super().__init__(pairs, (key for key in pairs.ids if key in wanted and key not in self.COPIES))


def extra_root() -> Path:
    """Where the photos are looked for."""
    return default_root().with_name("isic-extra")


def find_isic_extra() -> Path | None:
    """The default root if photos, masks and manifest are there, else None."""
    root = extra_root()
    return root if all((root / name).exists() for name in ("images", "masks", "manifest.csv")) else None


def _open(root: Path) -> LesionDataset:
    if not (root / "images").is_dir() or not (root / "masks").is_dir():
        raise DatasetNotFoundError(
            f"{root}: {describe_folder(root)}. Expected images, masks and manifest.csv: photos of ISIC 2017 and 2018 "
            f"that are not in ISIC 2016. Put them there, or set LESIONSEG_DATA to the folder that holds isic-extra; "
            f"recipes that do not name extra data need none."
        )
    attributes = read_manifest(root / "manifest.csv")
    if not attributes:
        raise DataError(f"{root / 'manifest.csv'}: missing or empty. It tells which photos are held out. Restore it.")
    return PairedFiles("isic-extra", pair_by_id(root / "images", root / "masks"), attributes)


def _is_elsewhere(attributes: dict[str, str]) -> bool:
    width, height = (int(float(attributes.get(f"native_{side}", 0))) for side in ("width", "height"))
    return width > SCAN_SIDE or (width, height) == (2592, 1936)
