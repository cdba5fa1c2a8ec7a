"""Public checks of A1: right solutions pass, wrong ones are named, and the two say what is still to come."""

from __future__ import annotations

from typing import Any

import pytest

from lesionseg_lib.assignments.checks import CHECKS, check
from lesionseg_lib.errors import UnknownNameError
from tests.assignments.a1.solutions import SOLUTIONS, Solution

RIGHT = [solution for solution in SOLUTIONS if not solution.loses]


def function(solution: Solution) -> Any:
    space: dict[str, Any] = {}
    exec("\n".join(solution.cells), space)
    return space[solution.function]


@pytest.mark.parametrize("solution", RIGHT, ids=lambda s: f"{s.function}: {s.text[-50:]!r}")
def test_a_right_solution_passes_and_hears_what_is_still_asked(solution: Solution) -> None:
    verdict = check("a1", solution.function, function(solution))
    assert verdict.status == "right" and "Graded later" in verdict.detail


RESIZED = "return cv2.resize({}, (size[1], size[0]), interpolation=cv2.INTER_NEAREST) > {}"
NAMED = {
    ("read_mask", "return grey > 0"): "grey",
    ("read_mask", "return grey == 255"): "255",
    ("read_mask", "return (grey > 128).astype(np.uint8)"): "not bool",
    ("to_native", "return probabilities > 0.5"): "has the size",
    ("to_native", "return cv2.resize(probabilities, size) > 0.5"): "has the size",
    ("to_native", RESIZED.format("(probabilities > 0.5).astype(np.uint8)", 0)): "cut before it was enlarged",
    ("to_native", RESIZED.format("probabilities", 0.5)): "nearest",
}


@pytest.mark.parametrize(("key", "says"), NAMED.items(), ids=str)
def test_a_likely_mistake_is_named(key: tuple[str, str], says: str) -> None:
    (solution,) = (s for s in SOLUTIONS if (s.function, s.text) == key)
    verdict = check("a1", solution.function, function(solution))
    assert verdict.status == "wrong" and says in verdict.detail


SAID = {
    "tp / (tp + fn), 2 * tp": "recall",
    "tp / (tp + fp + fn), tp / (tp + fp + fn)": "Jaccard",
    "float('nan'), float('nan')": "",
    "t.sum() for t in truths.values()]": "",
    "zip(masks.values(), truths.values())])": "order",
    "if n in masks])": "without a mask",
}


@pytest.mark.parametrize(("part", "says"), SAID.items())
def test_wrong_scores_and_means_are_wrong_in_words(part: str, says: str) -> None:
    found = [s for s in SOLUTIONS if part in s.text and s.loses]
    assert found
    for solution in found:
        verdict = check("a1", solution.function, function(solution))
        assert verdict.status == "wrong" and says.lower() in verdict.detail.lower(), str(verdict)


def test_not_attempted_crashed_and_unknown() -> None:
    assert check("a1", "scores", lambda mask, truth: None).status == "not attempted"
    assert check("a1", "scores", ...).status == "not attempted"
    assert check("a1", "scores", lambda mask: 1).status == "crashed"
    with pytest.raises(UnknownNameError, match="check"):
        check("a1", "score", len)


def test_every_function_has_a_check_with_two_hints() -> None:
    check("a1", "scores", ...)
    assert {name for name in CHECKS if name.startswith("a1.")} == {f"a1.{s.function}" for s in SOLUTIONS}
    assert all(len(found.hints) == 2 for found in CHECKS.values())
