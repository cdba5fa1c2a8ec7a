"""A name that is there is found; one that is not is answered with the nearest, or with all."""

from __future__ import annotations

import pytest

from lesionseg_lib.errors import UnknownNameError
from lesionseg_lib.utils.lookup import look_up

TABLE = {"otsu": 1, "mean-mask": 2, "all-foreground": 3}


def test_an_entry_is_found_by_its_name() -> None:
    assert [look_up(TABLE, name, "baseline") for name in TABLE] == [1, 2, 3]


def test_an_entry_that_is_nothing_is_found_too() -> None:
    assert look_up({"none": None}, "none", "augmentation") is None


@pytest.mark.parametrize(
    ("wrong", "near"), [("ostu", "otsu"), ("meanmask", "mean-mask"), ("foreground", "all-foreground")]
)
def test_a_slip_is_answered_with_the_nearest_name(wrong: str, near: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        look_up(TABLE, wrong, "baseline")
    assert str(caught.value) == (
        f"There is no baseline named '{wrong}'. Did you mean '{near}'? Known: otsu, mean-mask, all-foreground."
    )


def test_what_resembles_nothing_is_answered_with_all_names() -> None:
    with pytest.raises(UnknownNameError) as caught:
        look_up(TABLE, "xyz", "baseline")
    assert str(caught.value) == "There is no baseline named 'xyz'. Known: otsu, mean-mask, all-foreground."


def test_capitals_count() -> None:
    with pytest.raises(UnknownNameError, match=r"named 'Otsu'\. Did you mean 'otsu'\?"):
        look_up(TABLE, "Otsu", "baseline")
