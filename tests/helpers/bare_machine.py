"""A machine that has nothing yet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.tiny import forget_accelerators


@pytest.fixture(scope="module", autouse=True)
def bare_machine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """No cached weights, a cache of its own, no CUDA: what smoke gives on any machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(tmp_path_factory.mktemp("torch")))
        patch.setenv("LESIONSEG_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("ACCELERATE_USE_CPU", "true")
        forget_accelerators()
        yield
        forget_accelerators()
