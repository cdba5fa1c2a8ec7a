"""Exercise 07.2, which needs a run on disk: stages put back one by one, and what goes wrong."""

from __future__ import annotations

import pytest

from lesionseg_lib.teaching import exercises
from tests.helpers.exercises.trained import rest, restored


def test_putting_stages_back_is_right_and_matters() -> None:
    right = restored()
    assert len({round(j, 3) for j in right.values()}) > 2, "the stages must matter, or this test tests nothing"
    assert exercises.check("07.2", right, *rest()).status == "right"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda v: restored(together=True), "earlier stages"),
        (lambda v: restored(weights_only=True), "running means"),
        (lambda v: dict.fromkeys(v, v[None]), "nothing was put back"),
        (lambda v: v | {None: 0.01}, "trained network's own score"),
        (lambda v: {None: v[None]}, "1 is missing"),
    ],
)
def test_putting_stages_back_is_told_from_its_mistakes(change, words) -> None:  # type: ignore[no-untyped-def]
    verdict = exercises.check("07.2", change(restored()), *rest())
    assert verdict.status == "wrong" and words in verdict.detail, verdict
