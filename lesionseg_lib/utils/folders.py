"""Folders that the environment names: what a variable says is expanded, and a home that nobody has is refused."""

import os
from pathlib import Path

from lesionseg_lib.errors import DataError


def named_folder(variable: str) -> Path | None:
    """The folder that an environment variable names, ``~`` expanded; None where it is not set or empty.

    Raises ``DataError`` for ``~name`` where there is no such user.
    """
    value = os.environ.get(variable)
    return at_home(value, f"{variable} is") if value else None


def at_home(path: str | Path, what: str = "The path is") -> Path:
    """A path with ``~`` written out. Raises ``DataError``, which begins with ``what``, where there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise DataError(
            f"{what} {str(path)!r}, and there is no home folder of that name. Name a folder, written in full."
        ) from error


def cache_folder() -> Path:
    """``lesionseg`` in the user's cache folder. Raises ``DataError`` for a user without a home."""
    import pooch  # which takes its time, and records are read without it

    try:
        folder = Path(pooch.os_cache("lesionseg"))
    except RuntimeError:  # newer versions of platformdirs say so
        folder = Path("~")
    if folder.parts[0].startswith("~"):  # older ones leave "~/.cache" as it is
        raise DataError(
            "This user has no home folder, so there is no place for what is kept between runs. Set LESIONSEG_CACHE and "
            "LESIONSEG_DATA to folders that can be written."
        )
    return folder
