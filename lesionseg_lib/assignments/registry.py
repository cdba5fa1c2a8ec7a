"""Which assignments there are. A folder's file is imported when somebody asks for it."""

from __future__ import annotations

from importlib import import_module

from lesionseg_lib.assignments.model import Assignment
from lesionseg_lib.utils.lookup import look_up

MODULES = {"a1": "lesionseg_lib.assignments.a1.questions"}
"""Key -> the module that defines ``ASSIGNMENT``."""


def get_assignment(key: str) -> Assignment:
    """The assignment of that key. Raises ``UnknownNameError``."""
    found = import_module(look_up(MODULES, key, "assignment")).ASSIGNMENT
    assert isinstance(found, Assignment)
    return found
