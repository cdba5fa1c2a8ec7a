"""Where ISIC 2016 comes from and where it is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pooch

ARCHIVES = {
    "train": ("ISBI2016_ISIC_Part1_Training_Data", "ISBI2016_ISIC_Part1_Training_GroundTruth"),
    "test": ("ISBI2016_ISIC_Part1_Test_Data", "ISBI2016_ISIC_Part1_Test_GroundTruth"),
}
COUNTS = {"train": 900, "test": 379}
OFFICIAL_URL = "https://isic-challenge-data.s3.amazonaws.com/2016/"

MIRROR_URL = "https://zenodo.org/records/13358372/files/"
MIRROR_COUNTS = {"train": 810, "validation": 90, "test": 379}
MIRROR_MD5 = {
    "mirror128": "4fcee7c35a990f25f2c82ad3ed2f4f54",
    "mirror256": "ee3fc6b5fffdc039e963ab21ff18e42e",
    "mirror512": "344fea72eeb0870421c88140440831e9",
}
SOURCES = ("official", *MIRROR_MD5)


def default_root() -> Path:
    """``$LESIONSEG_DATA/isic2016`` if the variable is set, else ``isic2016`` in the user's cache folder."""
    data = os.environ.get("LESIONSEG_DATA")
    parent = Path(data).expanduser() if data else Path(pooch.os_cache("lesionseg"))
    return parent / "isic2016"


def mirror_file(source: str) -> str:
    """File name of a mirror: ``"mirror128"`` -> ``"isic2016_128.npz"``."""
    return f"isic2016_{source.removeprefix('mirror')}.npz"


def urls() -> dict[str, tuple[str, ...]]:
    """The addresses of each source."""
    archives = (archive for pair in ARCHIVES.values() for archive in pair)
    official = tuple(f"{OFFICIAL_URL}{archive}.zip" for archive in archives)
    return {"official": official} | {
        source: (f"{MIRROR_URL}{mirror_file(source)}?download=1",) for source in MIRROR_MD5
    }


def download_isic2016(
    root: str | Path | None = None,
    source: str = "official",
    base_url: str | None = None,
    checksum: bool = True,
) -> Path:
    raise NotImplementedError("the download")
