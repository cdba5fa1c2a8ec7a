"""Exercise -> arguments that are right, and rows of wrong ones with words of the sentence that refuses them."""

from collections.abc import Callable
from typing import Any

CASES: dict[str, Callable[[], Any]] = {}


def case(name: str) -> Callable[[Callable[[], Any]], None]:
    """Collect a function that returns both."""
    return lambda function: CASES.update({name: function})
