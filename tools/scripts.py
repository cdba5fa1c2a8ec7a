"""Data that pages load as scripts, because a page that is opened from disk may not fetch anything else."""

import json
import zlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def pack(values: NDArray[Any]) -> str:
    """Bytes, or bool as bits with the highest first, deflated and in base64: what `unpack` in shared.js reads."""
    data = np.packbits(values) if values.dtype == np.bool_ else values.astype(np.uint8)
    return b64encode(zlib.compress(data.tobytes(), 9)).decode()


def script(name: str, data: dict[str, Any]) -> str:
    """A data file."""
    return f"lesionseg.data[{json.dumps(name)}] = {json.dumps(data, separators=(',', ':'))};\n"


def read_script(path: Path) -> dict[str, Any]:
    """What `script` wrote."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8").partition(" = ")[2].rstrip(";\n"))
    return data
