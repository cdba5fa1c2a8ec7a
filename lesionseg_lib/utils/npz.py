"""Arrays from the bytes of an ``.npz`` file that may be damaged."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray


class NpzError(ValueError):
    """Bytes that do not hold the arrays asked for; the message says why."""


def read_npz(content: bytes, *names: str) -> tuple[NDArray[Any], ...]:
    """The arrays of these names. Nothing in the file is run (pickled objects are refused). Raises ``NpzError``."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            if missing := [name for name in names if name not in file.files]:
                raise NpzError(f"lacks {', '.join(missing)}")
            return tuple(np.asarray(file[name]) for name in names)
    except NpzError:
        raise
    except Exception as error:  # NumPy, zipfile and zlib raise a dozen kinds for damaged bytes
        raise NpzError(str(error) or type(error).__name__) from error
