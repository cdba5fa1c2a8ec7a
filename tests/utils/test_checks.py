"""What is refused at the border, and whether the sentence says what was found, what was expected and what to do."""

from typing import Any

import numpy as np
import pytest
import torch

from lesionseg_lib.errors import ShapeError
from lesionseg_lib.utils.checks import KINDS, Need, check_arrays, check_number, check_size, check_whole

PHOTO, MASK = np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6), bool)


def said(advice: str = "", **needs: Need) -> str:
    with pytest.raises(ShapeError) as caught:
        check_arrays(advice, **needs)
    return str(caught.value)


def test_what_fits_passes_as_array_and_as_tensor() -> None:
    check_arrays(photo=Need(PHOTO, "H W 3", "uint8"), mask=Need(MASK, "H W", "bool"))
    check_arrays(logits=Need(torch.zeros(2, 1, 4, 4, requires_grad=True), "N 1 H W", "float"))
    check_arrays(a=Need(np.zeros((2, 4, 6)), "N H W | H W"), b=Need(np.ones((2, 4, 6)), "N H W | H W"))
    check_arrays(a=Need(np.zeros((4, 6)), "N H W | H W"), b=Need(np.ones((4, 6)), "N H W | H W"))
    check_arrays(anything=Need(np.zeros((0, 2))), scalar=Need(np.float32(3)))


@pytest.mark.parametrize(
    ("kind", "right"),
    [
        ("bool", {"bool"}),
        ("uint8", {"uint8"}),
        ("float", {"float16", "float32", "float64"}),
        ("number", {"uint8", "int8", "int64", "uint16", "float16", "float32", "float64"}),
        ("number or bool", {"bool", "uint8", "int8", "int64", "uint16", "float16", "float32", "float64"}),
    ],
)
def test_every_type_is_taken_or_refused_with_what_to_do(kind: str, right: set[str]) -> None:
    for dtype in ("bool", "uint8", "int8", "int64", "uint16", "float16", "float32", "float64", "complex64", "U1", "O"):
        array = np.zeros((2, 2), dtype)
        if dtype in right:
            check_arrays(mask=Need(array, "H W", kind))
        else:
            assert said(mask=Need(array, "H W", kind)).endswith(f"expected {kind}. {KINDS[kind]}")
    assert said(mask=Need(torch.zeros(2, dtype=torch.complex64), "N", kind)).startswith("mask is complex64, expected")


def test_a_list_is_no_array() -> None:
    assert said(mask=Need([[True]], "H W", "bool")) == ("mask is a list, expected an array. Use `numpy.asarray` first.")


def test_the_same_letter_is_the_same_number() -> None:
    assert said(photo=Need(PHOTO, "H W 3", "uint8"), mask=Need(MASK.T, "H W", "bool")) == (
        "photo has shape (4, 6, 3), mask (6, 4). Expected (H, W, 3) and (H, W) of the same size."
    )
    assert said("ask its author", a=Need(np.zeros((2, 3)), "N C"), b=Need(np.zeros((2, 4)), "M C")) == (
        "a has shape (2, 3), b (2, 4). Expected (N, C) and (M, C) with the same C; ask its author."
    )


def test_alternatives_are_for_all_arrays_together() -> None:
    one, several = np.zeros((4, 6)), np.zeros((2, 4, 6))
    assert said(a=Need(one, "N H W | H W"), b=Need(several, "N H W | H W")) == (
        "a has shape (4, 6), b (2, 4, 6). Expected the same (N, H, W) or (H, W)."
    )


def test_no_side_may_be_zero() -> None:
    assert said(values=Need(np.zeros(0), "N", what="one number an image")) == (
        "values has shape (0,). Expected one number an image, (N,), no side 0."
    )


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_values_that_are_none_are_counted(make: Any) -> None:
    assert said(p=Need(make([0.1, float("nan"), float("nan")]))).startswith("p of shape (3,) holds NaN, 2 times.")
    assert said(p=Need(make([0.1, float("-inf")]))).startswith("p of shape (2,) holds infinity, 1 times.")
    assert "damaged weights" in said(p=Need(make([float("nan")])))
    check_arrays(p=Need(make([float("inf"), float("nan")]), finite=False))
    check_arrays(p=Need(make([float("inf"), 0.0]), between=(-np.inf, np.inf), finite=False))
    assert "holds NaN" in said(p=Need(make([float("nan"), 0.0]), between=(-np.inf, np.inf), finite=False))


def test_a_range_includes_its_ends_and_tells_logits_what_they_are() -> None:
    check_arrays(p=Need(np.array([0.0, 1.0]), between=(0, 1)))
    assert said(p=Need(np.array([-4.0, 1.0]), between=(0, 1))) == (
        "p: values from -4 to 1. Expected 0 to 1. Take the sigmoid of logits first."
    )
    assert said(mask=Need(np.array([0, 255]), between=(0, 1))).startswith("mask: values from 0 to 255.")


@pytest.mark.parametrize("value", [0, 1, 0.5, np.float32(0.5), np.int64(1)])
def test_a_number_within_its_limits(value: Any) -> None:
    check_number("threshold", value, 0, 1)


@pytest.mark.parametrize("value", [-0.1, 128, float("nan"), float("inf"), True, "0.5", None, [0.5], 1j])
def test_what_is_no_number_within_its_limits(value: Any) -> None:
    with pytest.raises(ShapeError, match=r"^threshold is .* Expected a number from 0 to 1; look\.$"):
        check_number("threshold", value, 0, 1, "look")


@pytest.mark.parametrize("value", [0, 9, np.int64(3), np.uint8(9)])
def test_a_whole_number_comes_back_as_one_of_pythons(value: Any) -> None:
    assert type(check_whole("n", value, 0, 9)) is int and check_whole("n", value, 0, 9) == value


@pytest.mark.parametrize("value", [-1, 10, 1.0, np.float32(1), True, "1", None, float("nan"), [1], 10**400, 1j])
def test_what_is_no_whole_number_within_its_limits(value: Any) -> None:
    with pytest.raises(ShapeError, match=r"^n is .* Expected a whole number from 0 to 9; count\.$"):
        check_whole("n", value, 0, 9, "count")


@pytest.mark.parametrize("value", [(4, 6), [4, 6], np.array([4, 6]), (np.int64(4), np.uint8(6))])
def test_a_size_is_height_and_width(value: Any) -> None:
    assert check_size("size", value) == (4, 6)


@pytest.mark.parametrize(
    "value",
    [64, "64", "ab", None, (64,), (1, 2, 3), (0, 4), (-4, 4), (4.0, 4.0), (True, True), (10**9, 4), (None, 4), {4, 6},
     np.array(4), np.zeros((2, 2))],
)  # fmt: skip
def test_what_is_no_size(value: Any) -> None:
    with pytest.raises(ShapeError, match=r"^size.* Expected (\(height, width\)|a whole number)"):
        check_size("size", value)
