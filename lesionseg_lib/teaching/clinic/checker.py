"""Is a function cured? Four outcomes: not attempted, wrong, crashed, right."""

import ast
import inspect
from collections.abc import Callable
from copy import deepcopy
from textwrap import dedent
from typing import Any

import numpy as np
import torch

from lesionseg_lib.teaching.clinic import cures, patients
from lesionseg_lib.teaching.clinic.cases import CASES
from lesionseg_lib.teaching.verdicts import Verdict
from lesionseg_lib.utils.lookup import look_up

Function = Callable[..., Any]

BORDER = 0.05  # share of the pixels that may differ between two ways to resize a mask
AREA = 0.02  # and how much their areas may differ


def check(name: str, function: Function | None = None) -> Verdict:
    """Ask a function the questions of the patient ``name``, one after another, until an answer is wrong.

    Raises ``UnknownNameError`` for an unknown patient; what the function raises is part of the verdict.
    """
    patient, cure = getattr(patients, look_up(dict.fromkeys(CASES, name), name, "patient")), getattr(cures, name)
    if function is None or _same_code(function, patient):
        return Verdict(name, "not attempted", "the code is as it was admitted.")
    for question, arguments in CASES[name]().items():
        expected = cure(*deepcopy(arguments))
        try:
            torch.manual_seed(0)
            with np.errstate(all="ignore"):
                found = function(*deepcopy(arguments))
        except NotImplementedError:
            return Verdict(name, "not attempted", "it raises NotImplementedError.")
        except Exception as error:
            return Verdict(name, "crashed", f"{question}: {type(error).__name__}: {error}")
        if found is None or found is ...:
            return Verdict(name, "not attempted", "it returns nothing.")
        if problem := difference(expected, found):
            return Verdict(name, "wrong", f"{question}: {problem}.")
    diagnosis = (cure.__doc__ or "").partition("\n")[0]
    return Verdict(name, "right", diagnosis)


def difference(expected: Any, found: Any) -> str | None:
    """What distinguishes an answer from the expected one, in words; None: nothing that matters.

    Numbers and tensors agree to five digits, lists of pairs in any order. A resized mask may differ in a few pixels of
    its border, as methods do, but not in its area.
    """
    if isinstance(expected, torch.Tensor):
        if not isinstance(found, torch.Tensor) or found.shape != expected.shape:
            return f"expected a tensor of shape {tuple(expected.shape)}, found {_describe(found)}"
        most = float((found.detach() - expected).abs().max())
        return None if most < 1e-5 else f"values differ by up to {most:.3f}"
    if isinstance(expected, np.ndarray):
        return _mask_difference(expected, found)
    if isinstance(expected, list):
        if not isinstance(found, list | tuple | set | dict | zip):
            return f"expected a list of pairs, found {_describe(found)}"
        items = found.items() if isinstance(found, dict) else found
        pairs = sorted(str(tuple(item) if isinstance(item, list) else item) for item in items)
        wrongly = [pair for pair in pairs if pair not in map(str, expected)]
        if wrongly:
            return f"no pair is {', '.join(wrongly[:1])}"
        return None if len(pairs) == len(expected) else f"expected {len(expected)} pairs, found {len(pairs)}"
    try:
        number = float(found) if np.ndim(found) == 0 else None
    except (TypeError, ValueError):
        number = None
    if number is None:
        return f"expected the number {expected:.4f}, found {_describe(found)}"
    return None if abs(number - expected) < 1e-5 else f"expected {expected:.4f}, found {number:.4f}"


def _mask_difference(expected: Any, found: Any) -> str | None:
    if not isinstance(found, np.ndarray) or found.shape != expected.shape:
        return f"expected a mask of shape {expected.shape}, found {_describe(found)}"
    if found.dtype != np.bool_:
        return f"expected a mask of type bool, found {_describe(found)}"
    area, true_area, border = int(found.sum()), int(expected.sum()), float((found != expected).mean())
    if abs(area - true_area) > AREA * true_area:
        return f"expected about {true_area:,} pixels of lesion, found {area:,}"
    return None if border <= BORDER else f"{border:.0%} of the pixels differ"


def _describe(found: Any) -> str:
    if isinstance(found, np.ndarray | torch.Tensor):
        return f"{found.dtype} of shape {tuple(found.shape)}"
    return f"{type(found).__name__} {str(found)[:40]}"


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
