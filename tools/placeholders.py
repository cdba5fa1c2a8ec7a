"""Placeholders in the text of a lesson, a quiz, a page or the README, filled in by one Jinja environment.

They are::

    {{ number("dilated-all", "jaccard") }}          a recorded number (tools/numbers.py)
    {{ number("dilated-all", "macs", ".2e") }}      the same, formatted as Python's `format` does
    {{ api("metrics") }}                            a link to a module of the library (tools/links.py)
    {{ explorer("pull") }}                          a link to an explorer, and in the book the explorer (tools/links.py)
    {{ quiz() }}                                    a lesson's questions (tools/quiz.py); in lessons alone
    {{ repository }}, {{ slug }}                    the repository's address, and "owner/name" of it

Nothing else may stand between double braces: a formula that has them is refused, not changed.
"""

import json
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateSyntaxError, UndefinedError

from tools import ROOT, TextError, repository, slug
from tools.links import api, explorer
from tools.numbers import number


class _Filled(str):
    """What a placeholder gave, as against the value of any other expression."""


class _Refused(Exception):
    """A placeholder and what is wrong with it, before anybody has said where it stands."""

    def __init__(self, kind: type[TextError], message: str) -> None:
        super().__init__(message)
        self.kind = kind


def _finalize(value: Any) -> str:
    text = str(value)  # of a name that is not known: UndefinedError
    if not isinstance(value, _Filled):
        raise _Refused(TextError, f"{text!r} between double braces: expected number(...) or another placeholder")
    return text


_ENVIRONMENT = Environment(
    undefined=StrictUndefined,
    finalize=_finalize,
    keep_trailing_newline=True,
    # Braces with % or # are left to LaTeX and Markdown: no text here needs Jinja's own statements.
    block_start_string="<!--{%",
    block_end_string="%}-->",
    comment_start_string="<!--{#",
    comment_end_string="#}-->",
)


def _call(name: str, function: Callable[..., str], *arguments: Any) -> _Filled:
    try:
        return _Filled(function(*arguments))
    except (TextError, TypeError) as error:
        if isinstance(error, TextError) and error.placed:
            raise
        kind = type(error) if isinstance(error, TextError) else TextError
        said = ", ".join(json.dumps(one, ensure_ascii=False) for one in arguments)
        raise _Refused(kind, f"{name}({said}): {error}") from error


def fill(
    text: str,
    results: Path,
    file: str,
    first_line: int = 1,
    more: Mapping[str, Callable[[], str]] | None = None,
    root: Path = ROOT,
) -> str:
    """Replace every placeholder in `text`, which begins at line `first_line` of `file`.

    Args:
        results: the folder of records.
        more: functions without arguments that this file may use besides, `quiz` for example.
        root: where `_config.yml` has the repository's address.

    Raises:
        TextError: naming the file, the line and the placeholder; `UnknownNumber`, `UnknownModule` and
            `UnknownExplorer` among them.
    """
    functions: dict[str, Callable[..., str]] = {
        "number": partial(number, results),
        "api": api,
        "explorer": explorer,
        **(more or {}),
    }
    names: dict[str, Any] = {name: partial(_call, name, function) for name, function in functions.items()}
    names |= {"repository": _Filled(repository(root)), "slug": _Filled(slug(repository(root)))}
    try:
        return _ENVIRONMENT.from_string(text).render(names)
    except TemplateSyntaxError as error:
        raise _placed(TextError, file, first_line + error.lineno - 1, error.message or "") from None
    except (_Refused, UndefinedError) as error:
        kind = error.kind if isinstance(error, _Refused) else TextError
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
        raise _placed(kind, file, first_line + (lines[-1] or 1) - 1, str(error)) from error


def _placed(kind: type[TextError], file: str, line: int, message: str) -> TextError:
    error = kind(f"{file}, line {line}: {message}")
    error.placed = True
    return error
