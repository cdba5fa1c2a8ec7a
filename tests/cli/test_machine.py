"""What a process finds in its environment: leftovers of other runs are told, users without a name get one."""

from __future__ import annotations

import getpass
import os

import pytest

from lesionseg_lib.cli.machine import is_one_of_several, name_the_user, prepare_training
from lesionseg_lib.errors import LesionSegError
from lesionseg_lib.training import processes
from tests.helpers.tiny import forget_accelerators

ALL = {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*ALL, *(name for name in os.environ if name.startswith("ACCELERATE_"))):
        monkeypatch.delenv(name, raising=False)
    forget_accelerators()


def test_a_process_of_several_is_known_by_all_five_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ALL.items():
        assert not is_one_of_several()
        monkeypatch.setenv(name, value)
    assert is_one_of_several()
    for value in ("1", "two", ""):
        monkeypatch.setenv("WORLD_SIZE", value)
        assert not is_one_of_several()


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ({"WORLD_SIZE": "2"}, "RANK and LOCAL_RANK and MASTER_ADDR and MASTER_PORT not"),
        ({"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0"}, "MASTER_ADDR and MASTER_PORT not"),
        ({"LOCAL_RANK": "0"}, r"LOCAL_RANK is set"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE=two is no number"),
        ({"RANK": ""} | {"LOCAL_RANK": "x"}, "unset LOCAL_RANK`"),
    ],
)
def test_variables_that_were_left_over_are_named(
    monkeypatch: pytest.MonkeyPatch, left: dict[str, str], said: str
) -> None:
    for name, value in left.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(LesionSegError, match=said):
        prepare_training()


@pytest.mark.parametrize("left", [{}, {"WORLD_SIZE": "1"}, {"RANK": "0"}, {"LOCAL_RANK": "-1"}])
def test_those_of_one_process_are_no_hindrance(monkeypatch: pytest.MonkeyPatch, left: dict[str, str]) -> None:
    for name, value in left.items():
        monkeypatch.setenv(name, value)
    prepare_training()


def test_settings_that_stop_accelerate_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise ValueError("no such precision: fp17")

    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "fp17")
    monkeypatch.setattr(processes, "Accelerator", refuse)
    with pytest.raises(LesionSegError, match="cannot start on this machine: no such precision.*here: ACCELERATE_MIXED"):
        prepare_training()


def test_a_user_without_a_name_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def getuser() -> str:
        if "USER" in os.environ:
            return os.environ["USER"]
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", getuser)
    monkeypatch.delenv("USER", raising=False)
    name_the_user()
    assert getpass.getuser() == f"user{os.getuid()}"
