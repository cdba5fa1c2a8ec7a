"""Submissions of A1: right, wrong and hostile ones, as zips."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionseg_lib.assignments.a1 import rules
from lesionseg_lib.assignments.a1.drawing import mask_pack
from lesionseg_lib.assignments.hand_in import zipped
from lesionseg_lib.assignments.packs import Pack
from lesionseg_lib.assignments.sandbox import Sandbox
from lesionseg_lib.assignments.variants import public_variant
from lesionseg_lib.errors import AssignmentError
from lesionseg_lib.evaluation.bootstrap import bootstrap_interval

TERM, SECRET = "2026-test", bytes(range(32))
PACK = Pack("a1", TERM, SECRET)

READ_MASK = "def read_mask(grey):\n    return grey > 128\n"
TO_NATIVE = """\
import cv2
def to_native(probabilities, size):
    return cv2.resize(probabilities, (size[1], size[0]), interpolation=cv2.INTER_LINEAR) > 0.5
"""
SCORES = """\
def scores(mask, truth):
    both, either = (mask & truth).sum(), (mask | truth).sum()
    if either == 0:
        return 1.0, 1.0
    return both / either, 2 * both / (both + either)
"""
MEAN_JACCARD = """\
import numpy as np
def mean_jaccard(masks, truths):
    return np.mean([scores(masks.get(name, np.zeros_like(t)), t)[0] for name, t in truths.items()])
"""
RIGHT = {"read_mask": READ_MASK, "to_native": TO_NATIVE, "scores": SCORES, "mean_jaccard": MEAN_JACCARD}
FULL = 15.0


@cache
def right_answers(student: str, term: str = TERM) -> dict[str, Any]:
    table = rules.pack_scores(mask_pack(public_variant("a1", student, term)))
    return {"table": table, "interval": list(bootstrap_interval(np.array(list(table.values())), seed=5))}


def walled() -> Sandbox:
    """A sandbox with its walls; where they cannot be built the test is skipped, and says why."""
    sandbox = Sandbox()
    try:
        sandbox.demand_walls()
    except AssignmentError as error:
        pytest.skip(str(error))
    return sandbox


def notebook(cells: Sequence[str]) -> bytes:
    made = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}).encode()


def members(
    student: str, /, cells: Sequence[str] | None = None, answers: Mapping[str, Any] | None = None, **about: Any
) -> dict[str, bytes]:
    """The files of a zip; by default a right one. ``about``: what stands differently in ``answers.json``."""
    said = {"format": 1, "assignment": "a1", "student": student, "term": TERM}
    whole = {**said, "answers": right_answers(student) if answers is None else answers, **about}
    return {
        "answers.json": json.dumps(whole).encode(),
        "notebook.ipynb": notebook(list(RIGHT.values()) if cells is None else cells),
    }


def submit(
    folder: Path,
    student: str,
    /,
    cells: Sequence[str] | None = None,
    answers: Mapping[str, Any] | None = None,
    **about: Any,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"a1-{student}.zip"
    path.write_bytes(zipped(members(student, cells, answers, **about)))
    return path


def with_function(name: str, code: str) -> list[str]:
    """The right cells, one of them replaced."""
    return list({**RIGHT, name: code}.values())
