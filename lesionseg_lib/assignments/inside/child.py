"""The process of one submission: it answers questions, and does not know what is right.

The message on standard input holds the notebook's code cells and the questions; each answer is written to what was
standard output as soon as it is known, so an endless loop in the third question costs the third question alone.
Whatever a student's code patches or prints here is its own affair: what leaves the process are values.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from lesionseg_lib.assignments.inside import cells, messages


class _OverTime(BaseException):
    """Not an ``Exception``, so that ``except Exception`` does not swallow it."""


def main() -> None:
    """Read the message, answer, end."""
    message = messages.decode(sys.stdin.buffer.read())
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    answer_all(message, answers)
    answers.flush()
    os._exit(0)  # threads and exit handlers of the student's code do not keep it here


def answer_all(message: dict[str, Any], answers: BinaryIO) -> None:
    """Write an answer for every case of the message, and notes, as frames.

    The message: ``cells``, ``functions``, ``drivers`` (source), ``each`` (seconds), ``tensors`` (whether arrays are
    passed on as torch tensors), ``cases``, each with ``function``, ``driver``, ``arguments``.
    """

    def send(frame: dict[str, Any]) -> None:
        answers.write(messages.framed(messages.encode(frame)))
        answers.flush()

    drivers: dict[str, Any] = {}
    exec(message["drivers"], drivers)
    found, unread = cells.statements(message["cells"])
    for name in cells.twice(found, message["functions"]):
        send({"note": f"{name} is defined more than once; the last definition counts"})
    for sentence in unread:
        send({"note": sentence})
    seconds = float(message["each"])
    chosen = cells.needed(found, message["functions"])
    space, problems = cells.run(chosen, lambda work: _timed(work, seconds))
    endless: dict[str, dict[str, Any]] = {}  # a function that took too long once is not asked again
    for number, case in enumerate(message["cases"]):
        name = case["function"]
        answer = endless.get(name) or _answer(case, space, problems, drivers, seconds, message["tensors"])
        if answer["status"] == "too long":
            endless[name] = answer
        send({"case": number, **answer})
    send({"end": True})


def _answer(
    case: dict[str, Any],
    space: dict[str, Any],
    problems: list[cells.Problem],
    drivers: dict[str, Any],
    seconds: float,
    tensors: bool,
) -> dict[str, Any]:
    function = space.get(case["function"])
    if function is None:
        why = [said for names, said in problems if case["function"] in names]
        return {"status": "missing", "said": why[-1] if why else ""}
    if not callable(function):
        return {"status": "missing", "said": "it is no function"}
    arguments = _as_tensors(case["arguments"]) if tensors else case["arguments"]
    call = (lambda: drivers[case["driver"]](function, *arguments)) if case["driver"] else (lambda: function(*arguments))
    try:
        value = _timed(call, seconds)
        if value is None:
            return {"status": "not attempted", "said": ""}
        messages.encode(value)
        return {"status": "answer", "value": value}
    except NotImplementedError:
        return {"status": "not attempted", "said": ""}
    except _OverTime:
        return {"status": "too long", "said": f"{seconds:g}"}
    except messages.Unsendable as error:
        return {"status": "unreadable", "said": str(error)[:100]}
    except BaseException as error:
        said = f"{type(error).__name__}: {_text(error)}"
        missing = next((text for names, text in problems if any(f"'{name}'" in said for name in names)), "")
        return {"status": "crashed", "said": f"{said} ({missing})" if missing else said}


def _as_tensors(value: Any) -> Any:
    import torch

    if isinstance(value, list | tuple):
        return type(value)(_as_tensors(part) for part in value)
    if isinstance(value, dict):
        return {key: _as_tensors(part) for key, part in value.items()}
    return torch.from_numpy(value) if hasattr(value, "dtype") else value


def _text(error: BaseException) -> str:
    try:
        return str(error)[:200]
    except BaseException:  # its own __str__ may do anything
        return ""


def _timed(work: Callable[[], Any], seconds: float) -> Any:
    """What ``work()`` returns, or ``_OverTime`` where the platform has an alarm. The parent has a clock of its own."""
    if not hasattr(signal, "setitimer"):
        return work()

    def ring(*_: Any) -> None:
        raise _OverTime

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        return work()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    main()
