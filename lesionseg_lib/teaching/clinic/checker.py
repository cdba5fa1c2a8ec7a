"""Is a function cured? Four outcomes: not attempted, wrong, crashed, right; and for a wrong one, who explains it."""

import ast
import inspect
from collections.abc import Callable, Mapping
from copy import deepcopy
from textwrap import dedent
from typing import Any

import numpy as np
import torch
from torch import nn

from lesionseg_lib.teaching.clinic import cures, observed, patients
from lesionseg_lib.teaching.clinic.cases import CASES
from lesionseg_lib.teaching.clinic.comparison import difference, plain, same
from lesionseg_lib.teaching.clinic.suspects import SUSPECTS
from lesionseg_lib.teaching.diagnosis.engine import Finding, explain
from lesionseg_lib.teaching.diagnosis.guard import Stopped, called, crash, guarded
from lesionseg_lib.teaching.diagnosis.observing import constant, dependence, narrowed
from lesionseg_lib.teaching.verdicts import Verdict
from lesionseg_lib.utils.lookup import look_up

Function = Callable[..., Any]


def check(name: str, function: Function | None = None) -> Verdict:
    """Ask a function the questions of the patient ``name``, then whose answers these are.

    Raises ``UnknownNameError`` for an unknown patient; what the function raises is part of the verdict.
    """
    patient, cure = getattr(patients, look_up(dict.fromkeys(CASES, name), name, "patient")), getattr(cures, name)
    if function is None or _same_code(function, patient):
        return Verdict(name, "not attempted", "the code is as it was admitted.")
    if not callable(function):
        return Verdict(
            name, "wrong", f"pass the function itself, not what it returned ({str(function)[:40]}).", ("form",)
        )
    questions = CASES[name]()
    expected = {label: cure(*deepcopy(arguments)) for label, arguments in questions.items()}
    found: dict[str, Any] = {}
    seen: dict[str, bool] = {}
    crashed: tuple[str, str] | None = None
    for label, arguments in questions.items():
        given = deepcopy(arguments)
        if isinstance(given[0], nn.Module):
            seen = observed.watched(given[0]) if not seen else _also(seen, observed.watched(given[0]))
        try:
            answer = guarded(lambda given=given: _ask(function, given))  # type: ignore[misc]
        except NotImplementedError:
            return Verdict(name, "not attempted", "it raises NotImplementedError.")
        except Stopped as problem:
            return Verdict(name, "crashed", f"{label}: {problem}", ("stopped",))
        except Exception as error:
            crashed = crashed or (label, crash(error))
            continue
        if answer is None or answer is ...:
            return Verdict(name, "not attempted", "it returns nothing.")
        found[label] = plain(answer, expected[label])
    problems = {label: difference(expected[label], answer) for label, answer in found.items()}
    wrong = {label: problem for label, problem in problems.items() if problem}
    if crashed and (not found or not wrong):
        return Verdict(name, "crashed", f"{crashed[0]}: {crashed[1]}", where="03: The clinic")
    if not wrong:
        return Verdict(name, "right", (cure.__doc__ or "").partition("\n")[0])
    label, problem = next(iter(wrong.items()))
    finding = _finding(name, function, questions, found, expected, seen)
    keys: tuple[str, ...] = ()
    if finding:
        more, keys, where = finding.sentence(), tuple(c.key for c in finding.causes), finding.causes[0].where
    else:
        unused = dependence(function, [questions[label] for label in found])
        more, where = unused or narrowed(list(wrong), [k for k in found if k not in wrong]), "03: The clinic"
        keys = ("unused-argument",) if unused else ()
    return Verdict(name, "wrong", f"{label}: {problem}. {more}", keys, where=where)


def _ask(function: Function, given: tuple[Any, ...]) -> Any:
    torch.manual_seed(0)
    with np.errstate(all="ignore"):
        answer = function(*given)
    return list(answer) if hasattr(answer, "__next__") else answer


def _also(seen: dict[str, bool], more: dict[str, bool]) -> dict[str, bool]:
    """One dictionary that both fill."""
    more.update(seen)
    return more


def _finding(
    name: str,
    function: Function,
    questions: Mapping[str, Any],
    found: Mapping[str, Any],
    expected: Mapping[str, Any],
    seen: Mapping[str, bool],
) -> Finding | None:
    names = called(function)
    if always := constant(found, expected):
        return Finding(((always,),))
    if name == "training_mode":
        return _of_mode(questions, found, expected, seen, names)
    if name == "half":
        numbers = {label: value for label, value in found.items() if np.ndim(value) == 0}
        if len(numbers) == len(found):
            counted = observed.of_counts(questions, numbers, expected)
            finding = explain(found, expected, observed.of_half(questions), same, names=names)
            return finding or (Finding(((counted,),)) if counted else None)
    suspects = SUSPECTS[name](questions) if name != "half" else observed.of_half(questions)
    return explain(found, expected, suspects, same, names=names)


def _of_mode(
    questions: Mapping[str, Any],
    found: Mapping[str, Any],
    expected: Mapping[str, Any],
    seen: Mapping[str, bool],
    names: frozenset[str],
) -> Finding | None:
    answers = {label: np.asarray(value) if isinstance(value, torch.Tensor) else value for label, value in found.items()}
    right = {label: np.asarray(value) for label, value in expected.items()}
    finding = explain(answers, right, observed.of_mode(questions), same, names=names)
    mode = observed.of_seen(seen, names)
    modes = {observed.EVAL_MISSING, observed.NORM_IN_TRAINING, observed.DROPOUT_ON}
    if mode and (finding is None or set(finding.causes) <= modes):
        return Finding(((mode,),))
    return finding


def _same_code(function: Function, patient: Function) -> bool:
    """Whether two functions are the same text, less names, annotations and comments."""
    try:
        return _text(function) == _text(patient)
    except (OSError, SyntaxError, TypeError):  # a lambda, or code that was never written to a file or a cell
        return False


def _text(function: Function) -> list[str]:
    definition = ast.parse(dedent(inspect.getsource(function))).body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise TypeError(f"{function} is not defined by def")
    return [*(argument.arg for argument in definition.args.args), *map(ast.dump, definition.body)]
