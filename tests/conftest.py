"""Fixtures that several test modules share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def real_data() -> Path:
    """The folder of the real data (holds ``isic2016``); skips the test where there is none."""
    data = os.environ.get("LESIONSEG_DATA")
    if not data:
        pytest.skip("LESIONSEG_DATA is not set: no real data here")
    return Path(data)
