"""How answers are read: one reader of numbers for all exercises, whatever they are handed in."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from lesionseg_lib.teaching.diagnosis.causes import Cause
from lesionseg_lib.teaching.diagnosis.engine import Finding
from lesionseg_lib.teaching.diagnosis.guard import guarded


class Wrong(Exception):
    """The answer is wrong; the message is for the student. ``causes`` are keys of what it names."""

    def __init__(self, message: str, causes: tuple[str, ...] = ("form",), where: str = "") -> None:
        super().__init__(message)
        self.causes, self.where = causes, where


def demand(condition: object, otherwise: str) -> None:
    """Refuse the answer, with this sentence, unless the condition holds."""
    if not condition:
        raise Wrong(otherwise)


def refuse(observed: str, finding: Finding | Cause | None, narrowing: str = "") -> None:
    """Refuse the answer: what was observed, then the likeliest cause and where to look; or what narrows it down."""
    if isinstance(finding, Cause):
        finding = Finding(((finding,),))
    if finding is None:
        raise Wrong(f"{observed} {narrowing}".strip(), ())
    keys = tuple(cause.key for cause in finding.causes)
    raise Wrong(f"{observed} {finding.sentence()}", keys, finding.causes[0].where)


def opened(answer: Any) -> Any:
    """The answer out of what can be read only once, or not by numpy: generators become lists, tensors arrays."""
    if isinstance(answer, torch.Tensor):
        plain = answer.detach().cpu()
        return (plain.float() if plain.dtype in (torch.bfloat16, torch.float16) else plain).numpy()
    if isinstance(answer, dict):
        return {opened(key) if isinstance(key, torch.Tensor) else key: opened(value) for key, value in answer.items()}
    if isinstance(answer, list | tuple) and not hasattr(answer, "_fields"):
        return type(answer)(opened(value) for value in answer)
    lazy = hasattr(answer, "__next__") or isinstance(answer, type({}.keys()) | type({}.values()) | type({}.items()))
    if lazy or isinstance(answer, range):
        return [opened(value) for value in answer]
    return answer


def is_blank(answer: Any) -> bool:
    """Whether there is no answer yet: None, ``...``, or a container of nothing else."""
    if answer is None or answer is ...:
        return True
    if isinstance(answer, Mapping):
        answer = list(answer.values())
    if isinstance(answer, np.ndarray) and answer.dtype == object:
        answer = answer.tolist()
    return isinstance(answer, list | tuple) and all(map(is_blank, answer))


def ask(function: Any, *arguments: Any) -> Any:
    """What a student's function says. Raises ``NotImplementedError`` when it says nothing."""
    demand(callable(function), f"pass the function itself, not what it returned ({str(function)[:40]}).")
    found = guarded(lambda: function(*arguments))
    if is_blank(found):
        raise NotImplementedError
    return found


def number(answer: Any, what: str) -> float:
    """One number, of any type that has one, or a container of one."""
    demand(not is_blank(answer), f"{what} is still missing.")
    value = opened(answer)
    try:
        if not isinstance(value, str | bytes) and (hasattr(value, "__len__") or hasattr(value, "shape")):
            values = np.asarray(list(value.values()) if isinstance(value, Mapping) else value)
            demand(
                values.size == 1,
                f"{what} should be one number; found {type(answer).__name__} of the shape {tuple(values.shape)}.",
            )
            value = values.reshape(-1)[0]
        if isinstance(value, str):
            value = value.strip().removesuffix("%").replace(",", "" if "." in value or value.count(",") > 1 else ".")
        result = float(value)
    except (TypeError, ValueError):
        raise Wrong(f"{what} should be a number; found {type(answer).__name__} {str(answer)[:40]!r}.") from None
    demand(not math.isnan(result), f"{what} is not a number (nan): something was divided by zero, or is missing.")
    return result


def several(answer: Any, names: Sequence[str]) -> list[Any]:
    """As many parts as ``names``, from a list, a tuple, an array, a column, or a dictionary with (or "
    "without) these keys."""
    wanted = f"expected {('one', 'two', 'three', 'four')[len(names) - 1]}: {', '.join(names)}"
    answer = opened(answer)
    if hasattr(answer, "to_dict") and not isinstance(answer, Mapping):
        answer = answer.to_dict()
    if isinstance(answer, Mapping):
        if set(map(str, answer)) == set(names):
            by_name = {str(key): value for key, value in answer.items()}
            return [by_name[name] for name in names]
        answer = list(answer.values())
    if isinstance(answer, np.ndarray):
        answer = list(answer)
    if isinstance(answer, tuple | list | set):
        demand(len(answer) == len(names), f"{wanted}; found {len(answer)}.")
        return list(answer)
    raise Wrong(f"{wanted}; found {type(answer).__name__}.")


def yes_or_no(answer: Any, what: str) -> bool:
    """True or False, also as numpy has them, in an array of one, or as 0 and 1."""
    demand(not is_blank(answer), f"{what}: say True or False; found None.")
    value = opened(answer)
    if isinstance(value, np.ndarray | list | tuple) and np.size(value) == 1:
        value = np.asarray(value).reshape(-1)[0]
    if isinstance(value, bool | np.bool_) or (isinstance(value, int | float | np.number) and value in (0, 1)):
        return bool(value)
    raise Wrong(f"{what}: say True or False; found {answer!r:.60}.")


def numbers(answer: Any, keys: Sequence[Hashable], what: str) -> dict[Any, float]:
    """``key -> number`` for these keys, from a mapping or a table's column, or from as many numbers in their order."""
    answer = opened(answer)
    if hasattr(answer, "to_dict") and not isinstance(answer, Mapping):
        answer = _table(answer, keys)
    if not isinstance(answer, Mapping):
        values = answer if isinstance(answer, Iterable) and not isinstance(answer, str) else [answer]
        values = list(np.asarray(values).reshape(-1)) if isinstance(values, np.ndarray) else list(values)
        if len(values) == len(keys) and all(isinstance(v, tuple | list) and len(v) == 2 for v in values):
            return numbers(dict(values), keys, what)
        listed = ", ".join(map(str, keys))
        demand(len(values) == len(keys), f"{what}: expected {len(keys)} numbers, for {listed}; found {len(values)}.")
        answer = dict(zip(keys, values, strict=True))
    found: dict[Any, float] = {}
    for key in keys:
        own = [given for given in answer if _same(given, key)]
        demand(own, f"{what}: {key} is missing; found {', '.join(map(str, answer)) or 'nothing'}.")
        found[key] = number(answer[own[0]], f"{what}, {key}")
    return found


def _table(answer: Any, keys: Sequence[Hashable]) -> Any:
    """A table of one row or one column as a mapping."""
    if getattr(answer, "ndim", 1) == 2:
        if answer.shape[1] == 1:
            answer = answer.iloc[:, 0]
        elif answer.shape[0] == 1:
            answer = answer.iloc[0]
        elif answer.shape[1] == 2 and answer.shape[0] == len(keys):
            return dict(answer.itertuples(index=False))
    plain = answer.to_dict()
    if list(plain) == list(range(len(keys))) and list(keys) != list(plain):
        return list(plain.values())
    return plain


def rows(answer: Any, names: Sequence[str], what: str) -> dict[str, Any]:
    """``name -> row``, from a dictionary, a table with these rows (or columns), or pairs."""
    answer = opened(answer)
    if getattr(answer, "ndim", 0) == 2 and hasattr(answer, "to_dict"):
        index, columns = set(map(str, answer.index)), set(map(str, answer.columns))
        by_rows = set(map(str, names)) <= index or not set(map(str, names)) <= columns
        answer = answer.to_dict("index") if by_rows else answer.to_dict()
    elif hasattr(answer, "to_dict") and not isinstance(answer, Mapping):
        answer = answer.to_dict()
        if answer and all(isinstance(key, tuple) and len(key) == 2 for key in answer):
            table: dict[Any, dict[Any, Any]] = {}
            for (row, column), value in answer.items():
                table.setdefault(row, {})[column] = value
            answer = table
    elif isinstance(answer, list | tuple | np.ndarray) and len(answer) == len(names):
        answer = dict(zip(names, answer, strict=True))
    demand(isinstance(answer, Mapping), f"expected {what}: a row for each of {', '.join(names)}.")
    return {str(key): value for key, value in answer.items()}


def _same(given: Hashable, key: Hashable) -> bool:
    """Keys that say the same: 8 and "8", "stride 8" for 8, .3 and .30000000000000004."""
    if given == key or str(given) == str(key):
        return True
    numeric = (int, float, np.number)
    if isinstance(given, str) and isinstance(key, numeric) and not isinstance(key, bool):
        last = given.rpartition(" ")[2]
        try:
            return math.isclose(float(last), float(key), rel_tol=1e-6)
        except ValueError:
            return False
    return isinstance(given, numeric) and isinstance(key, numeric) and math.isclose(given, key, rel_tol=1e-6)
