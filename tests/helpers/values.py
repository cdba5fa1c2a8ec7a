"""Values of other types than a file should have, one field at a time."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

OTHERS: tuple[Any, ...] = ("text", -1, 0.5, True, [], {}, float("nan"), float("inf"), 10**400)


def kind(value: Any) -> str:
    """A JSON type; whole and broken numbers are told apart, and those that are not finite are a type of their own."""
    if isinstance(value, float):
        return "number" if abs(value) < float("inf") else "not finite"
    return type(value).__name__


def places(values: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a nest of dicts and lists; of a list only its first and last item."""
    inside = values.items() if isinstance(values, dict) else ()
    if isinstance(values, list) and values:
        inside = {0: values[0], len(values) - 1: values[-1]}.items()
    for key, value in inside:
        yield (*before, key)
        yield from places(value, (*before, key))


def wrong_types(values: dict[str, Any]) -> Iterator[tuple[tuple[Any, ...], Any, dict[str, Any]]]:
    """(place, value, the whole with that value there) for each field and each type that it does not have.

    A whole number where a broken one stands is right, and is left out; so is -1, where a whole number stands, although
    that is no count.
    """
    for place in places(values):
        *way, last = place
        for other in OTHERS:
            changed = deepcopy(values)
            parent: Any = changed
            for key in way:
                parent = parent[key]
            if kind(other) == kind(parent[last]) or (kind(parent[last]), kind(other)) == ("number", "int"):
                continue
            parent[last] = other
            yield place, other, changed
