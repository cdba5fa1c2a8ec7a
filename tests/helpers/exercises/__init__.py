"""Right answers, and wrong ones with words of their verdicts, by lesson."""

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.helpers.exercises.registry import CASES

for _path in sorted(Path(__file__).parent.glob("lesson*.py")):
    import_module(f"{__name__}.{_path.stem}")


@cache
def arguments(name: str) -> Any:
    """What is right, and rows of what is wrong."""
    return CASES[name]()


__all__ = ["CASES", "arguments"]
