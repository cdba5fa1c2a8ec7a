"""Exercises of lesson 07: each accepts its solution, and refuses what students try with a sentence of its own."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from lesionseg_lib.teaching import exercises
from lesionseg_lib.training import recipes
from lesionseg_lib.training.checkpoints import BEST
from tests.helpers.exercises import CASES, arguments
from tests.helpers.exercises.lesson07 import put_back
from tests.helpers.stand_ins import SIZE, centred, lesson

NAMES = pytest.mark.parametrize("name", [name for name in CASES if name.startswith("07")])


@NAMES
def test_the_solution_is_right(name: str) -> None:
    right, _ = arguments(name)
    verdict = exercises.check(name, *right)
    assert verdict.status == "right" and len(verdict.detail) > 15, verdict
    assert str(verdict) == repr(verdict) == f"right: {verdict.detail}"


@NAMES
def test_wrong_answers_are_refused_each_with_its_own_sentence(name: str) -> None:
    _, wrong = arguments(name)
    verdicts: list[tuple[Any, str]] = [(exercises.check(name, *answer), words) for answer, words in wrong]
    assert [(str(v), words) for v, words in verdicts if v.status != "wrong" or words not in v.detail] == []
    assert len({v.detail for v, _ in verdicts}) > len(verdicts) // 2


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Any:
    model = centred("dilated-all", "final_conv")
    folder = tmp_path_factory.mktemp("run")
    model.save(folder / BEST, recipe="dilated-all", threshold=0.5, size=SIZE)
    return SimpleNamespace(model=model, folder=folder, recipe=recipes.get_recipe("dilated-all"))


def test_putting_stages_back_is_told_from_its_mistakes(trained: Any) -> None:
    old = copy.deepcopy(trained.model.encoder)  # the photos' statistics, and weights a little elsewhere
    torch.manual_seed(1)
    with torch.no_grad():
        for tensor in old.state_dict().values():
            if tensor.is_floating_point():
                tensor.mul_(1 + 0.2 * torch.randn_like(tensor))
    rest = trained, old, lesson()
    right = put_back(trained.model, old)
    assert len({round(j, 3) for j in right.values()}) > 2, "the stages must matter, or this test tests nothing"
    assert exercises.check("07.2", right, *rest).status == "right"
    for answer, words in (
        (put_back(trained.model, old, together=True), "earlier stages"),
        (put_back(trained.model, old, weights_only=True), "running means"),
        (dict.fromkeys(right, right[None]), "nothing was put back"),
        (right | {None: 0.01}, "trained network's own score"),
        ({None: right[None]}, "1 is missing"),
    ):
        verdict = exercises.check("07.2", answer, *rest)
        assert verdict.status == "wrong" and words in verdict.detail, verdict
