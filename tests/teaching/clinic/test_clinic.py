"""The clinic: no wrong function passes, no right one fails, and the lesson admits and cures the same patients."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

import lesionseg_lib
from lesionseg_lib.errors import UnknownNameError
from lesionseg_lib.evaluation import metrics
from lesionseg_lib.models.postprocessing import enlarge, sigmoid
from lesionseg_lib.teaching.clinic import Ward, check, cures, patients, symptom, visit, ward
from lesionseg_lib.teaching.clinic.cases import CASES
from lesionseg_lib.teaching.clinic.comparison import difference
from lesionseg_lib.teaching.clinic.cures import iou
from tests.helpers.tiny import tiny_segmenter

LESSON = Path(lesionseg_lib.__file__).parents[1] / "notebooks" / "sources" / "03_what_is_a_good_mask.py"
PATIENTS = pytest.mark.parametrize("name", CASES)


def again(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function as other code, so that it is examined and not recognised."""
    return lambda *arguments: function(*arguments)


# ---- every patient


@PATIENTS
def test_a_patient_is_recognised_unasked(name: str) -> None:
    assert check(name, getattr(patients, name)).status == "not attempted"
    assert check(name).status == "not attempted"


@PATIENTS
def test_a_patient_fails_and_its_cure_passes(name: str) -> None:
    verdict = check(name, again(getattr(patients, name)))
    assert verdict.status == "wrong"
    question = next(question for question in CASES[name]() if verdict.detail.startswith(question))
    assert len(verdict.detail) > len(question) + 10
    cured = check(name, again(getattr(cures, name)))
    assert cured.status == "right" and len(cured.detail) > 30


@PATIENTS
def test_constant_answers_fail(name: str) -> None:
    """Of every type: a checker that compares nothing would let them through."""
    answers = (1.0, 0.0, float("nan"), [], "text", np.ones((48, 64), bool), torch.zeros(6, 1, 4, 4))
    assert {check(name, lambda *_, answer=answer: answer).status for answer in answers} == {"wrong"}


def test_patients_cures_cases_and_exams_go_together() -> None:
    own = {name for name, value in vars(patients).items() if getattr(value, "__module__", "") == patients.__name__}
    assert own == set(CASES) == set(ward.EXAMS)
    assert all(callable(getattr(cures, name)) for name in CASES)


# ---- near misses: what a student may try

Rows = list[tuple[str, Callable[..., Any]]]


def smooth_then_cut(p: Any, size: Any) -> Any:
    return cv2.resize((p > 0.5).astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR) > 0.5


def dropout_only(model: Any, x: Any) -> Any:
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
    return model(x)


def resized(interpolation: int, cut: float) -> Callable[..., Any]:
    return lambda png, size: cv2.resize(png, size[::-1], interpolation=interpolation) > cut


def by_hand(mask: Any, truth: Any) -> Any:
    return (mask & truth).sum((1, 2)) / (mask | truth).sum((1, 2))


NEAR_MISSES: Rows = [
    ("soft", lambda p, t: patients.soft(np.round(p, 1), t)),
    ("soft", lambda p, t: iou(p > 0.6, t).mean()),
    ("soft", lambda p, t: iou(p > 0.5, t)),
    ("soft", lambda p, t: patients.pooled(p > 0.5, t)),
    ("cut", lambda x, t: iou(x > 0.62, t).mean()),
    ("cut", lambda x, t: iou(sigmoid(x) > 0, t).mean()),
    ("cut", lambda x, t: iou(x > -0.5, t).mean()),
    ("cut", lambda x, t: iou(sigmoid(x) > 0.51, t).mean()),
    ("twice", lambda p, t: iou(sigmoid(p) > 0.62, t).mean()),
    ("twice", lambda p, t: iou(sigmoid(p) > 0.7, t).mean()),
    ("twice", lambda p, t: iou(p > 0, t).mean()),
    ("thresholds", lambda p, t: max(iou(p > cut, t).mean() for cut in (0.1, 0.3, 0.5, 0.7, 0.9))),
    ("thresholds", lambda p, t: np.median([iou(p > cut, t).mean() for cut in (0.1, 0.3, 0.5, 0.7, 0.9)])),
    ("thresholds", lambda p, t: iou(np.mean([p > cut for cut in (0.1, 0.3, 0.5, 0.7, 0.9)], 0) > 0.7, t).mean()),
    ("columns", lambda m, t: patients.pooled(m, t)),
    ("columns", lambda m, t: np.nanmean((m & t).sum((1, 2)) / (m | t).sum((1, 2)))),
    ("columns", lambda m, t: by_hand(m, t)[0].mean()),
    ("columns", lambda m, t: ((m & t).sum((2, 3)) / m[0].size).mean()),
    ("pooled", lambda m, t: metrics.dice(metrics.confusion(m, t)).mean()),
    ("pooled", lambda m, t: (m & t).sum((1, 2)).mean() / (m | t).sum((1, 2)).mean()),
    ("pooled", lambda m, t: by_hand(m, t).max()),
    ("last_batch", lambda b: np.mean([iou(m, t).mean() for m, t in b])),
    ("last_batch", lambda b: iou(*b[0]).mean()),
    ("last_batch", lambda b: sum(iou(m, t).sum() for m, t in b)),
    ("last_batch", lambda b: patients.pooled(*(np.concatenate(part) for part in zip(*b, strict=True)))),
    ("background", lambda m, t: iou(~m, ~t).mean()),
    ("background", lambda m, t: max(iou(m, t).mean(), iou(~m, ~t).mean())),
    ("background", lambda m, t: patients.pooled(m, t)),
    ("agreement", lambda m, t: iou(m, t).mean()),
    ("agreement", lambda m, t: 2 * iou(m, t).mean() / (1 + iou(m, t).mean())),
    ("agreement", lambda m, t: metrics.dice(metrics.confusion(m, t).pooled())[0]),
    ("agreement", lambda m, t: ((m & t).sum((1, 2)) / (m.sum((1, 2)) + t.sum((1, 2)))).mean()),
    ("nothing", lambda m, t: np.nanmean(by_hand(m, t))),
    ("nothing", lambda m, t: np.nan_to_num(by_hand(m, t)).mean()),
    ("nothing", lambda m, t: ((m & t).sum((1, 2)) / ((m | t).sum((1, 2)) + 1e-6)).mean()),
    ("nothing", lambda m, t: np.where(t.any((1, 2)), by_hand(m, t), 1).mean()),
    ("nothing", lambda m, t: np.where(m.any((1, 2)), by_hand(m, t), 1).mean()),
    ("half", lambda m, t: patients.half(m[::2, ::2], t[::2, ::2])),
    ("half", lambda m, t: np.nan_to_num(patients.half(m, t), nan=1.0)),
    ("half", lambda m, t: (m & t).sum(dtype=np.uint16) / (m | t).sum(dtype=np.uint16)),
    ("half", lambda m, t: 2 * (m & t).sum() / (m.sum() + t.sum())),
    ("as_bytes", lambda m, png: min(patients.as_bytes(m, png), 1)),
    ("as_bytes", lambda m, png: patients.as_bytes(m, png) / 255),
    ("as_bytes", lambda m, png: iou(m, png > 0).mean()),
    ("as_bytes", lambda m, png: iou(m, png == 255).mean()),
    ("as_bytes", lambda m, png: patients.as_bytes(m, png / 255)),
    *((name, resized(cv2.INTER_LINEAR, 0)) for name in ("bilinear", "flag")),
    *((name, resized(cv2.INTER_AREA, 0)) for name in ("bilinear", "flag")),
    *((name, resized(cv2.INTER_LINEAR, 254)) for name in ("bilinear", "flag")),
    *((name, lambda png, size: resized(cv2.INTER_NEAREST, 128)(png, size[::-1])) for name in ("bilinear", "flag")),
    *((name, lambda png, size: cv2.resize(png, size[::-1], interpolation=0)) for name in ("bilinear", "flag")),
    ("hard", smooth_then_cut),
    ("hard", lambda p, size: enlarge(p, size)),
    ("hard", lambda p, size: enlarge(p, size) > 0.3),
    ("hard", lambda p, size: enlarge(p, size[::-1]).T > 0.5),
    ("pairs", lambda photos, masks: list(zip(photos, masks, strict=False))),
    ("pairs", lambda photos, masks: list(zip(sorted(photos), sorted(masks), strict=False))[: len(photos) - 1]),
    ("pairs", lambda photos, masks: [(x, y) for x in photos for y in masks if y.startswith(x[:2])]),
    ("pairs", lambda photos, masks: [(x, x[:-4] + "_Segmentation.png") for x in photos]),
    ("training_mode", dropout_only),
    ("training_mode", lambda model, x: torch.sigmoid(model.eval()(x))),
    ("training_mode", lambda model, x: model.eval().train()(x)),
    ("best_epoch", lambda v, t: t[-1]),
    ("best_epoch", lambda v, t: max(v)),
    ("best_epoch", lambda v, t: t[int(np.argmin(v))]),
    ("best_epoch", lambda v, t: v[int(np.argmax(t))]),
    ("best_epoch", lambda v, t: sum(t) / len(t)),
]


@pytest.mark.parametrize(("name", "function"), NEAR_MISSES)
def test_a_near_miss_is_wrong(name: str, function: Callable[..., Any]) -> None:
    assert check(name, function).status == "wrong"


OTHER_CURES: Rows = [
    ("soft", lambda p, t: by_hand(p > 0.5, t).mean()),
    ("cut", lambda x, t: iou(sigmoid(x) > 0.5, t).mean()),
    ("twice", lambda p, t: iou(p >= 0.5, t).mean()),
    ("columns", lambda m, t: np.mean((m & t).sum((1, 2, 3)) / (m | t).sum((1, 2, 3)))),
    ("columns", lambda m, t: torch.tensor(by_hand(m[:, 0], t[:, 0])).mean()),
    ("pooled", lambda m, t: ((by_hand(m, t) * 100).round(12) / 100).mean()),
    ("last_batch", lambda b: sum(iou(m, t).sum() for m, t in b) / sum(len(m) for m, _ in b)),
    ("agreement", lambda m, t: (2 * iou(m, t) / (1 + iou(m, t))).mean()),
    ("nothing", lambda m, t: ((m & t).sum((1, 2)) + 1e-9).__truediv__((m | t).sum((1, 2)) + 1e-9).mean()),
    ("half", lambda m, t: np.float32((m & t).sum()) / np.float32((m | t).sum())),
    ("as_bytes", lambda m, png: patients.as_bytes(m, (png > 128).astype(np.uint8))),
    *((name, resized(flag, 128)) for name in ("bilinear", "flag")
      for flag in (cv2.INTER_NEAREST, cv2.INTER_NEAREST_EXACT, cv2.INTER_LINEAR, cv2.INTER_AREA)),
    ("flag", lambda png, size: torch.nn.functional.interpolate(torch.tensor(png)[None, None], size)[0, 0].numpy() > 0),
    ("hard", lambda p, size: torch.nn.functional.interpolate(
        torch.tensor(np.float32(p))[None, None], size, mode="bilinear")[0, 0].numpy() > 0.5),
    ("pairs", lambda photos, masks: {x: y for x in photos for y in masks if x[:-4] == y.split("_Seg")[0]}),
    ("training_mode", lambda model, x: model.train(False)(x).detach()),
    ("best_epoch", lambda v, t: t[v.index(max(v))]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "function"), OTHER_CURES)
def test_another_way_to_cure_is_right(name: str, function: Callable[..., Any]) -> None:
    verdict = check(name, function)
    assert verdict.status == "right", verdict


# ---- outcomes


def raising(*_: Any) -> None:
    raise ValueError("no such axis")


def unwritten(*_: Any) -> None:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (None, "not attempted: the code is as it was admitted."),
        (lambda p, truth: None, "not attempted: it returns nothing."),
        (lambda p, truth: ..., "not attempted: it returns nothing."),
        (unwritten, "not attempted: it raises NotImplementedError."),
        (raising, "crashed: one photo of four pixels: ValueError: no such axis"),
        (lambda p: 0.5, "crashed: one photo of four pixels: TypeError: "),
        (lambda p, truth: 0.5, "wrong: one photo of four pixels: expected 0.6667, found 0.5000."),
        (lambda p, truth: truth, "wrong: one photo of four pixels: expected the number 0.6667, found bool of shape"),
        (lambda p, truth: iou(p > 0.5, truth).mean(), "right: Probabilities are no mask: cut first, then count."),
    ],
)
def test_an_outcome_says_what_happened(function: Any, text: str) -> None:
    assert str(check("soft", function)).startswith(text)


def test_an_unknown_patient_gets_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="last_batch"):
        check("last-batch")


def test_comments_annotations_and_line_numbers_do_not_hide_a_patient() -> None:
    text = "import numpy as np\n\n\ndef thresholds(p: list, truth) -> float:  # odd\n"
    text += "    return np.mean([iou(p > t, truth).mean() for t in (0.1, 0.3, 0.5, 0.7, 0.9)])\n"
    assert check("thresholds", defined(text)["thresholds"]).status == "not attempted"
    assert check("thresholds", defined(text.replace("0.3", "0.4"))["thresholds"]).status == "wrong"


def test_a_function_cannot_spoil_the_next_question() -> None:
    def greedy(mask: Any, truth: Any) -> Any:
        truth[:] = mask
        return 1.0

    assert [check("pooled", greedy).status, check("pooled", again(cures.pooled)).status] == ["wrong", "right"]


@pytest.mark.parametrize(
    ("expected", "found", "text"),
    [
        (0.5, 0.5000001, None),
        (0.5, np.float32(0.5), None),
        (0.5, float("nan"), "expected 0.5000, found nan"),
        (0.5, "half", "expected the number 0.5000, found str half"),
        ([("a", "b")], [["a", "b"]], None),
        ([("a", "b")], [("a", "c")], "no pair is ('a', 'c')"),
        ([("a", "b"), ("c", "d")], [("a", "b")], "expected 2 pairs, found 1"),
        ([("a", "b")], 3, "expected a list of pairs, found int 3"),
        ([("a", "b")], [1], "no pair is 1"),
        (np.ones((2, 2), bool), np.ones((2, 3), bool), "expected a mask of shape (2, 2), found bool of shape (2, 3)"),
        (np.ones((2, 2), bool), np.ones((2, 2)), "expected a mask of type bool, found float64 of shape (2, 2)"),
        (np.eye(10) == 1, np.eye(10)[::-1] == 1, "20% of the pixels differ"),
        (np.eye(10) == 1, np.ones((10, 10), bool), "expected about 10 pixels of lesion, found 100"),
        (torch.ones(2), torch.ones(2) + 1, "values differ by up to 1.000"),
        (torch.ones(2), 1.0, "expected a tensor of shape (2,), found float 1.0"),
    ],
)
def test_a_difference_is_said_in_words(expected: Any, found: Any, text: str | None) -> None:
    assert difference(expected, found) == text


# ---- on real predictions


@pytest.fixture(scope="module")
def patients_of() -> Ward:
    """Twenty photos with a bright disc each, one of them nearly all lesion, seen by a network that is roughly right."""
    rng = np.random.default_rng(0)
    radius = np.linspace(4, 20, 20)[:, None, None]

    def inside(side: int) -> Any:
        y, x = (np.mgrid[:side, :side] + 0.5) * 32 / side
        return radius - np.hypot(y - 16, x - 16)  # > 0 in the disc

    near = inside(32)
    logits = (near + rng.normal(0, 1.5, (20, 1, 1)) + rng.normal(0, 0.5, near.shape)).astype(np.float32)
    truths = list(inside(256) > 0)
    images = rng.integers(0, 255, (20, 32, 32, 3)).astype(np.uint8)
    previews = rng.integers(0, 255, (3, 4, 32, 32)).astype(np.uint8)
    return Ward(tiny_segmenter(), images, logits, near > 0, truths, previews, [0, 5, 10, 19])


@PATIENTS
def test_a_symptom_shows_and_goes(name: str, patients_of: Ward) -> None:
    with np.errstate(all="ignore"):
        says, rightly = (symptom(name, getattr(part, name), patients_of) for part in (patients, cures))
    assert 0 <= rightly <= 1 and says != rightly


def test_the_right_scores_are_those_of_the_library(patients_of: Ward) -> None:
    at_network_size = iou(patients_of.logits > 0, patients_of.small).mean()
    for name in ("soft", "cut", "twice", "thresholds", "columns", "pooled", "last_batch", "background", "as_bytes"):
        assert symptom(name, getattr(cures, name), patients_of) == pytest.approx(at_network_size)
    at_full_size = [
        iou(enlarge(p, t.shape) > 0.5, t)[0] for p, t in zip(patients_of.probabilities, patients_of.truths, strict=True)
    ]
    assert symptom("hard", cures.hard, patients_of) == symptom("half", cures.half, patients_of) == np.mean(at_full_size)


def test_a_visit_prints_number_verdict_and_help(patients_of: Ward, capsys: pytest.CaptureFixture[str]) -> None:
    def soft(p: Any, truth: Any) -> float:
        return float(iou(p > 0.9, truth).mean())

    def cut(logits: Any, truth: Any) -> Any:
        return [][0]

    visit(patients_of, patients.thresholds, soft, cut, cures.pooled)
    told = capsys.readouterr().out
    assert re.search(r"thresholds +says 0\.\d{3}, right is 0\.\d{3}: not attempted\nsoft", told)
    assert re.search(r"soft +says 0\.\d{3}, right is 0\.\d{3}: wrong\n +one photo of four pixels: expected", told)
    assert re.search(r"cut +says no number \(IndexError\), right is 0\.\d{3}: crashed\n", told)
    assert re.search(r"pooled +says (0\.\d{3}), right is \1: right\n +All pixels as one photo", told)


def test_the_model_of_a_ward_is_left_as_it_was(patients_of: Ward) -> None:
    model = patients_of.model.eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    symptom("training_mode", patients.training_mode, replace(patients_of))
    assert not model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


# ---- the lesson


def defined(text: str) -> dict[str, Any]:
    """The patients that a piece of code defines, or names again; nothing else in it is run."""
    names: dict[str, Any] = {
        "np": np, "cv2": cv2, "torch": torch, "iou": iou, "sigmoid": sigmoid, "enlarge": enlarge, "metrics": metrics
    }  # fmt: skip
    kept = []
    for node in ast.parse(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        named = {word.id for target in targets for word in ast.walk(target) if isinstance(word, ast.Name)}
        if isinstance(node, ast.FunctionDef) and node.name in CASES or named and named <= set(CASES):
            kept.append(node)
    file = f"<lesson {hash(text)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)  # as a notebook does for its cells
    exec(compile(ast.Module(kept, []), file, "exec"), names)
    return {name: names[name] for name in CASES if name in names}


@cache
def in_the_lesson(solutions: bool) -> dict[str, Any]:
    """Patients as the lesson admits them, or as its solutions cure them."""
    if not LESSON.exists():
        pytest.skip("installed from a wheel: no lessons here")
    found: dict[str, Any] = {}
    for cell in re.split(r"^# %%", LESSON.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, body = cell.partition("\n")
        if "[markdown]" not in head and head.strip().startswith("Solution") == solutions and "\ndef " in body:
            found |= defined(body)
    return found


@PATIENTS
def test_the_lesson_admits_the_patient_as_it_is(name: str) -> None:
    assert check(name, in_the_lesson(solutions=False)[name]).status == "not attempted"


@PATIENTS
def test_the_lesson_cures_the_patient(name: str) -> None:
    assert check(name, in_the_lesson(solutions=True)[name]).status == "right"
