"""What a public function asks of its arrays: type, shape and values, checked at the border by one function.

A mask of bytes, photos in shares of one or a NaN would not stop the arithmetic behind it: they give numbers that look
right. NumPy only; tensors of PyTorch are understood by what they have in common with arrays.
"""

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lesionseg_lib.errors import ShapeError

KINDS = {
    "bool": "Threshold it first, for example `probabilities > 0.5`, or `mask > 128` for a mask stored as 0/255.",
    "uint8": "Give a photo as bytes from 0 to 255, for example `(255 * image).round().astype(np.uint8)`.",
    "float": "Convert it first, for example `array.astype(np.float32)`.",
    "number": "Give real numbers, no text, objects, complex numbers or bools.",
    "number or bool": "Give real numbers or bools, no text, objects or complex numbers.",
}
"""What an array may hold, and what to do if it holds something else."""


LARGEST_SIDE = 32_767
"""Pixels; OpenCV resizes no larger pictures."""


@dataclass(frozen=True)
class Need:
    """What one array has to be.

    Attributes:
        array: of NumPy or PyTorch.
        shape: one letter or number a dimension, as in "N H W"; another shape that will do after a bar: "N H W | H W".
            The same letter is the same number in all arrays of one check, and never 0. "..." stands for any shape.
        kind: one of ``KINDS``.
        between: the least and the largest value that make sense.
        finite: whether NaN and infinity are refused; NaN is refused by ``between`` too.
        what: what the array is, in words, for the message.
    """

    array: Any
    shape: str = "..."
    kind: str = "number"
    between: tuple[float, float] | None = None
    finite: bool = True
    what: str = ""


def check_arrays(advice: str = "", **needs: Need) -> None:
    """Refuse arrays of another type, of shapes that do not fit, with values that are none. Each has its name.

    ``advice``: what to do if a shape does not fit. Raises ``ShapeError``, which says what was found, what was expected
    and what to do.
    """
    for name, need in needs.items():
        _check_kind(name, need)
    if not _fits(needs):
        (name, need), *others = needs.items()
        found = ", ".join([f"{name} has shape {_shape(need)}", *(f"{name} {_shape(need)}" for name, need in others)])
        raise ShapeError(f"{found}. Expected {_expected(needs)}{'; ' * bool(advice)}{advice}.")
    for name, need in needs.items():
        _check_values(name, need)


def check_number(name: str, value: Any, low: float, high: float, advice: str = "") -> None:
    """Refuse what is no number from ``low`` to ``high``, both included; NaN is none. Raises ``ShapeError``."""
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not real or not low <= value <= high:
        raise ShapeError(
            f"{name} is {value!r}. Expected a number from {low:g} to {high:g}{'; ' * bool(advice)}{advice}."
        )


def check_whole(name: str, value: Any, low: int, high: int, advice: str = "") -> int:
    """``value`` as a whole number from ``low`` to ``high``, both included. Raises ``ShapeError`` for anything else."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not low <= value <= high:
        raise ShapeError(
            f"{name} is {_shown(value)}. Expected a whole number from {low:,} to {high:,}{'; ' * bool(advice)}{advice}."
        )
    return int(value)


def check_size(name: str, value: Any, low: int = 1, high: int = LARGEST_SIDE) -> tuple[int, int]:
    """``value`` as (height, width), two whole numbers from ``low`` to ``high``. Raises ``ShapeError``."""
    sides = list(value) if isinstance(value, tuple | list) or (isinstance(value, np.ndarray) and value.ndim) else []
    if len(sides) != 2:
        raise ShapeError(f"{name} is {_shown(value)}. Expected (height, width), such as (128, 128).")
    height, width = (check_whole(f"{name}[{place}]", side, low, high) for place, side in enumerate(sides))
    return height, width


def _shown(value: object) -> str:
    return reprlib.repr(value)


def _check_kind(name: str, need: Need) -> None:
    if not hasattr(need.array, "dtype") or not hasattr(need.array, "shape"):
        raise ShapeError(f"{name} is a {type(need.array).__name__}, expected an array. Use `numpy.asarray` first.")
    dtype = str(need.array.dtype).removeprefix("torch.")
    number = dtype.startswith(("float", "bfloat", "int", "uint"))
    fits = {
        "bool": dtype == "bool",
        "uint8": dtype == "uint8",
        "float": dtype.startswith(("float", "bfloat")),
        "number": number,
        "number or bool": number or dtype == "bool",
    }
    if not fits[need.kind]:
        raise ShapeError(f"{name} is {dtype}, expected {need.kind}. {KINDS[need.kind]}")


def _shape(need: Need) -> tuple[int, ...]:
    return tuple(int(side) for side in need.array.shape)


def _fits(needs: Mapping[str, Need]) -> bool:
    """Whether one choice of shapes, the same alternative for all that offer as many, fits every array."""
    choices = max(len(need.shape.split("|")) for need in needs.values())
    return any(
        _fit_together([(_shape(need), _alternative(need, n)) for need in needs.values()]) for n in range(choices)
    )


def _alternative(need: Need, number: int) -> str:
    shapes = need.shape.split("|")
    return shapes[min(number, len(shapes) - 1)]


def _fit_together(pairs: list[tuple[tuple[int, ...], str]]) -> bool:
    sides: dict[str, int] = {}
    for shape, pattern in pairs:
        letters = pattern.split()
        if letters == ["..."]:
            continue
        if len(letters) != len(shape):
            return False
        for side, letter in zip(shape, letters, strict=True):
            if side != (int(letter) if letter.isdigit() else sides.setdefault(letter, side)) or side == 0:
                return False
    return True


def _expected(needs: Mapping[str, Need]) -> str:
    """The shapes in words, once where all are the same: "the same (N, H, W) or (H, W)"."""
    patterns = [need.shape for need in needs.values()]
    no_zero = ", no side 0" if any(0 in _shape(need) for need in needs.values()) else ""
    what = next((f"{need.what}, " for need in needs.values() if need.what), "")
    if len(set(patterns)) == 1:
        return f"{what}{'the same ' * (len(patterns) > 1)}{_written(patterns[0])}{no_zero}"
    letters = [{letter for letter in pattern.replace("|", " ").split() if letter.isalpha()} for pattern in patterns]
    shared = sorted(letter for letter in set().union(*letters) if sum(letter in some for some in letters) > 1)
    same = "of the same size" if shared == ["H", "W"] else f"with the same {' and '.join(shared)}"
    return f"{what}{' and '.join(map(_written, patterns))} {same if shared else ''}".rstrip() + no_zero


def _written(pattern: str) -> str:
    """The shapes in words: "N H W | H W" -> "(N, H, W) or (H, W)"; one side as Python writes it, "(N,)"."""
    shapes = [part.split() for part in pattern.split("|")]
    return " or ".join(f"({', '.join(sides)}{',' * (len(sides) == 1)})" for sides in shapes)


def _check_values(name: str, need: Need) -> None:
    array = need.array.detach() if hasattr(need.array, "detach") else need.array
    exact = "float" not in str(array.dtype)
    if 0 in _shape(need) or (need.between is None and (exact or not need.finite)):
        return
    if "bool" in str(array.dtype) and need.between == (0, 1):  # by its type, so nobody waits for a card's answer
        return
    low, high = float(array.min()), float(array.max())  # both NaN if there is one, in NumPy as in PyTorch
    if np.isnan(low) or (need.finite and not np.isfinite([low, high]).all()):
        wrong = array != array if np.isnan(low) else abs(array) == np.inf
        kind = "NaN" if np.isnan(low) else "infinity"
        raise ShapeError(
            f"{name} of shape {_shape(need)} holds {kind}, {int(wrong.sum()):,} times. Expected finite numbers; look "
            f"at what made them: a division by zero, a row that is missing, damaged weights."
        )
    least, largest = need.between or (low, high)
    if not (least <= low and high <= largest):
        advice = " Take the sigmoid of logits first." if need.between == (0, 1) else ""
        raise ShapeError(f"{name}: values from {low:.3g} to {high:.3g}. Expected {least:g} to {largest:g}.{advice}")
