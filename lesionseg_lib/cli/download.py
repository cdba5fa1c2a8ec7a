"""Downloading from the command line: where the photos are now, whether they are complete, how commands find them."""

import shlex
from collections.abc import Callable
from pathlib import Path

from lesionseg_lib.data.datasets import ISIC2016, default_root, download_isic2016
from lesionseg_lib.data.datasets.isic_download import expected_counts


def download_photos(root: Path | None, source: str, complete: bool, report: Callable[[str], None]) -> None:
    """Download ISIC 2016 into ``root``, by default where it is looked for, and say what is there now.

    Raises ``DataError`` for an unknown ``source``, and ``DownloadError``.
    """
    folder = download_isic2016(root, source, complete=complete)
    report(f"ISIC 2016 ({source}) is in {folder}")
    for split in expected_counts(source):
        report(f"  {split}: {ISIC2016(folder, split, source=source).completeness()}")
    if folder.resolve() == default_root().resolve():
        return
    if folder.name == "isic2016":
        setting = shlex.quote(f"LESIONSEG_DATA={folder.parent.resolve()}")
        report(f"Commands will find it after: export {setting}")
    else:
        report(f"Commands look for it in {default_root()}: move it there, or pass its folder as root in Python.")
